/* The interpreter's loop: the handlers (handler.h), and the way in.
 *
 * The handlers are functions that tail-call the next instruction's, all state in registers, where the
 * compiler can do that; elsewhere they are labels in one function, reached by computed goto. */
#include "compile/interp/handler.h"

/* What the outermost frame returns to: no cost, then out. */
const uint32_t sgi_exit_words[] = {0, I_EXIT};

static uint32_t offset_of_word(const Code *code, uint32_t word) {
    uint32_t low = 0, high = code->position_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (code->positions[middle].word <= word)
            low = middle;
        else
            high = middle;
    }
    return code->positions[low].offset;
}

/* Tells of all frames of the activation, innermost first. */
static sg_trap unwind(ExecContext *cx) {
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

/* A frame's header. */
static inline void save_caller(Slot *header, const uint32_t *ip, Slot *fp, const Code *code,
                               Instance *instance) {
    header[HEADER_IP].ref = (void *)ip;
    header[HEADER_FP].ref = fp;
    header[HEADER_CODE].ref = (void *)code;
    header[HEADER_INSTANCE].ref = instance;
}

/* The rest of the frame at `fp`, but for its header and parameters. */
static inline void lay_out(ExecContext *cx, const Code *code, Slot *fp) {
    for (uint32_t i = 0; i < code->local_slots; i++)
        fp[code->header + HEADER_SLOTS + i].u64 = 0;
    Slot *top = fp + code->frame_size;
    if (top > cx->stack_peak)
        cx->stack_peak = top;
}

#ifdef SGI_LOOP_TAIL_CALLS
typedef SGI_TAIL_CALLED sg_trap Handler(STATE);
#define ID(id) static Handler H_##id;
#include "compile/interp/instrs.def"
static Handler *const handlers[I_COUNT] = {
#define ID(id) H_##id,
#include "compile/interp/instrs.def"
};
#define HANDLE(id) static SGI_TAIL_CALLED sg_trap H_##id(STATE)
#define GOTO(id)   SGI_TAIL_CALL H_##id(STATE_ARGUMENTS)
#define DISPATCH() SGI_TAIL_CALL handlers[*ip](STATE_ARGUMENTS)
static sg_trap run(STATE) {
    return handlers[*ip](STATE_ARGUMENTS);
}
#else
#define HANDLE(id) L_##id:
#define GOTO(id)   goto L_##id
#define DISPATCH() goto *labels[*ip]
static sg_trap run(STATE) {
    static const void *const labels[I_COUNT] = {
#define ID(id)     &&L_##id,
#include "compile/interp/instrs.def"
    };
    DISPATCH();
#endif

#include "compile/interp/handlers_atomic.h"
#include "compile/interp/handlers_call.h"
#include "compile/interp/handlers_control.h"
#include "compile/interp/handlers_exception.h"
#include "compile/interp/handlers_gc.h"
#include "compile/interp/handlers_memory.h"
#include "compile/interp/handlers_move.h"
#include "compile/interp/handlers_numeric.h"
#include "compile/interp/handlers_simd.h"
#include "compile/interp/handlers_table.h"

#ifndef SGI_LOOP_TAIL_CALLS
}
#endif

sg_trap sgi_execute(ExecContext *cx, Instance *instance, const Code *code, Slot *fp) {
    Activation activation = {.outer = cx->activation};
    uint8_t *base = NULL;
    uint64_t size = 0;
    FETCH_MEMORY();
    save_caller(fp + code->header, sgi_exit_words, fp, code, instance);
    lay_out(cx, code, fp);
    cx->activation = &activation;
    sg_trap trap = run(code->words, fp, instance, cx, cx->fuel, code, base, size);
    cx->activation = activation.outer;
    return trap;
}
