/* Into the interpreter's loop (loop_tail.c or loop_goto.c), and out of it by a trap. */
#include "compile/interp/loop.h"

/* What the outermost frame returns to: no cost, then out. */
const uint32_t sgi_exit_words[] = {0, I_EXIT};

static uint32_t offset_of_word(const Code *code, uint32_t word) {
    uint32_t count = sgi_rows_up_to(code->positions, sizeof(Position), code->position_count, word);
    return code->positions[count - 1].offset;
}

sg_trap sgi_unwind(ExecContext *cx) {
    const Activation *top = cx->activation;
    const uint32_t *ip = top->ip;
    const Slot *fp = top->fp;
    const Code *code = top->code;
    Instance *instance = top->instance;
    sg_trap trap = top->trap;
    for (;;) {
        uint32_t offset = offset_of_word(code, (uint32_t)(ip - code->words));
        trap = cx->lib->frame_unwound(cx, instance, code->func_index, offset, trap);
        const Slot *header = fp + code->header;
        ip = header[HEADER_IP].ref;
        if (ip == sgi_exit_words)
            return trap;
        ip--; /* into the call, away from what follows it */
        fp = header[HEADER_FP].ref;
        code = header[HEADER_CODE].ref;
        instance = header[HEADER_INSTANCE].ref;
    }
}

sg_trap sgi_execute(ExecContext *cx, Instance *instance, const Code *code, Slot *fp) {
    Activation activation = {.outer = cx->activation};
    uint8_t *base = NULL;
    uint64_t size = 0;
    FETCH_MEMORY();
    save_caller(fp + code->header, sgi_exit_words, fp, code, instance);
    clear_locals(code, fp);
    cx->activation = &activation;
    sg_trap trap = sgi_run(code->words, fp, instance, cx, cx->fuel, code, base, size);
    cx->activation = activation.outer;
    return trap;
}
