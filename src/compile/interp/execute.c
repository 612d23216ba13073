/* The interpreter's loop.
 *
 * One handler an instruction, reached by computed goto. Handlers see only `ip` (at the instruction), `fp`,
 * `fuel`, memory 0's `base` and `size`, `instance`, `code` and `cx`, and leave by NEXT, DISPATCH or TRAP: so
 * they could be functions that tail-call each other as well. Calls between WebAssembly functions stay in this
 * loop: their frames are on the slot stack alone. `fuel` is in cx->fuel whenever anybody else may look;
 * `base` and `size` are read again after everything that may grow a memory or change the instance. */
#include "compile/interp/bytecode.h"

/* ---- operands: GET_<type>(word), SET_<type>(word, value), K_<type>(word) and its W_<type> words ---- */

typedef uint32_t C_u32;
typedef int32_t C_s32;
typedef uint64_t C_u64;
typedef int64_t C_s64;
typedef float C_f32;
typedef double C_f64;

#define GET_u32(i) (fp[ip[i]].u32)
#define GET_s32(i) (fp[ip[i]].s32)
#define GET_u64(i) (fp[ip[i]].u64)
#define GET_s64(i) (fp[ip[i]].s64)
#define GET_f32(i) (fp[ip[i]].f32)
#define GET_f64(i) (fp[ip[i]].f64)
#define GET_ref(i) (fp[ip[i]].ref)

/* Always the whole slot: a copy that reads 64 bits after 32 were written would wait for the write to reach
 * memory. */
#define SET_u32(i, value) (fp[ip[i]].u64 = (uint32_t)(value))
#define SET_s32(i, value) (fp[ip[i]].u64 = (uint64_t)(uint32_t)(int32_t)(value))
#define SET_u64(i, value) (fp[ip[i]].u64 = (uint64_t)(value))
#define SET_s64(i, value) (fp[ip[i]].s64 = (int64_t)(value))
#define SET_f32(i, value) (fp[ip[i]].u64 = sgi_f32_bits(value))
#define SET_f64(i, value) (fp[ip[i]].f64 = (value))
#define SET_ref(i, value) (fp[ip[i]].ref = (value))

#define WIDE(i)  ((uint64_t)ip[(i) + 1] << 32 | ip[i])
#define K_u32(i) (ip[i])
#define K_s32(i) ((int32_t)ip[i])
#define K_u64(i) ((uint64_t)(int64_t)(int32_t)ip[i])
#define K_s64(i) ((int64_t)(int32_t)ip[i])
#define K_f32(i) (sgi_f32_of_bits(ip[i]))
#define K_f64(i) (sgi_f64_of_bits(WIDE(i)))
#define W_u32    1
#define W_s32    1
#define W_u64    1
#define W_s64    1
#define W_f32    1
#define W_f64    2

/* ---- control ---- */

#define HANDLE(id) L_##id:
#define DISPATCH() goto *labels[*ip]
#define NEXT(size)                                                                                           \
    do {                                                                                                     \
        ip += (size);                                                                                        \
        DISPATCH();                                                                                          \
    } while (0)
#define TRAP(name)                                                                                           \
    do {                                                                                                     \
        trap = SG_TRAP_##name;                                                                               \
        goto trapped;                                                                                        \
    } while (0)

/* At a HEAD. */
#define ENTER_HEAD()                                                                                         \
    do {                                                                                                     \
        fuel -= ip[1];                                                                                       \
        if (SGI_UNLIKELY(fuel < 0 || atomic_load_explicit(&cx->interrupt, memory_order_relaxed)))            \
            goto event;                                                                                      \
        NEXT(2);                                                                                             \
    } while (0)
#define TAKE(rel) (ip += (rel) + (ptrdiff_t)(int32_t)ip[rel])
#define BRANCH_FORWARD(condition, rel)                                                                       \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            fuel -= ip[(rel) + 1];                                                                           \
            TAKE(rel);                                                                                       \
            DISPATCH();                                                                                      \
        }                                                                                                    \
        fuel -= ip[(rel) + 2];                                                                               \
        NEXT((rel) + 3);                                                                                     \
    } while (0)
#define BRANCH_LOOP(condition, rel)                                                                          \
    do {                                                                                                     \
        if (condition) {                                                                                     \
            TAKE(rel);                                                                                       \
            ENTER_HEAD();                                                                                    \
        }                                                                                                    \
        fuel -= ip[(rel) + 1];                                                                               \
        NEXT((rel) + 2);                                                                                     \
    } while (0)

/* Asks the runtime; its trap ends the call. */
#define CALL_OUT(expression)                                                                                 \
    do {                                                                                                     \
        cx->fuel = fuel;                                                                                     \
        trap = (expression);                                                                                 \
        fuel = cx->fuel;                                                                                     \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            goto trapped;                                                                                    \
    } while (0)
#define FETCH_MEMORY()                                                                                       \
    do {                                                                                                     \
        if (instance->module->memory_count > 0) {                                                            \
            base = instance->memories[0]->base;                                                              \
            size = instance->memories[0]->size;                                                              \
        }                                                                                                    \
    } while (0)
#define RETURN_FROM(header)                                                                                  \
    do {                                                                                                     \
        const Slot *saved_ = (header);                                                                       \
        ip = saved_[HEADER_IP].ref;                                                                          \
        fp = saved_[HEADER_FP].ref;                                                                          \
        code = saved_[HEADER_CODE].ref;                                                                      \
        if (saved_[HEADER_INSTANCE].ref != instance) {                                                       \
            instance = saved_[HEADER_INSTANCE].ref;                                                          \
            if (SGI_UNLIKELY(instance->ended != SG_TRAP_NONE && ip != exit_words)) {                         \
                ip--; /* into the call */                                                                    \
                TRAP(INSTANCE_ENDED);                                                                        \
            }                                                                                                \
            FETCH_MEMORY();                                                                                  \
        }                                                                                                    \
        fuel -= ip[0];                                                                                       \
        NEXT(1);                                                                                             \
    } while (0)

/* The host may get over a limit that ended this very instance in a call nested in its own. */
#define CALL_HOST()                                                                                          \
    do {                                                                                                     \
        cx->stack_top = fp + code->frame_size;                                                               \
        CALL_OUT(cx->lib->call_host(cx, func, callee_fp));                                                   \
        if (SGI_UNLIKELY(instance->ended != SG_TRAP_NONE))                                                   \
            TRAP(INSTANCE_ENDED);                                                                            \
        FETCH_MEMORY();                                                                                      \
    } while (0)

/* An operand that is an address or a count: of a 64-bit memory or table, or not. */
#define ADDRESS(i, word) ((word) & 1 ? GET_u64(i) : GET_u32(i))
#define TABLE(word)      (instance->tables[(word) >> 1])
#define MEMORY(word)     (instance->memories[(word) >> 1])

/* What the outermost frame returns to: no cost, then out. */
static const uint32_t exit_words[] = {0, I_EXIT};

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

/* Tells of all frames of this loop, from the innermost, which stands at `ip`. */
static sg_trap unwind(ExecContext *cx, Instance *instance, const Code *code, const Slot *fp,
                      const uint32_t *ip, sg_trap trap) {
    for (;;) {
        uint32_t offset = offset_of_word(code, (uint32_t)(ip - code->words));
        trap = cx->lib->frame_unwound(cx, instance, code->func_index, offset, trap);
        const Slot *header = fp + code->header;
        ip = header[HEADER_IP].ref;
        if (ip == exit_words)
            return trap;
        ip--; /* into the call, away from what follows it */
        fp = header[HEADER_FP].ref;
        code = header[HEADER_CODE].ref;
        instance = header[HEADER_INSTANCE].ref;
    }
}

/* Lays out a frame at `fp`, its parameters in place: header and zeroed locals. */
static void make_frame(ExecContext *cx, const Code *code, Slot *fp, const Slot saved[HEADER_SLOTS]) {
    Slot *header = fp + code->header;
    for (int i = 0; i < HEADER_SLOTS; i++)
        header[i] = saved[i];
    for (uint32_t i = 0; i < code->local_slots; i++)
        header[HEADER_SLOTS + i].u64 = 0;
    Slot *top = fp + code->frame_size;
    if (top > cx->stack_peak)
        cx->stack_peak = top;
}

sg_trap sgi_execute(ExecContext *cx, Instance *instance, const Code *code, Slot *fp) {
    static const void *const labels[I_COUNT] = {
#define INSTR(id) [I_##id] = &&L_##id,
#define LOAD(id, type, slot)                                                                                 \
    [I_##id] = &&L_##id, [I_##id##_ABSOLUTE] = &&L_##id##_ABSOLUTE, [I_##id##_INDEX] = &&L_##id##_INDEX,     \
    [I_##id##_ANY] = &&L_##id##_ANY,
#define STORE(id, type, slot) LOAD(id, type, slot)[I_##id##_CONSTANT] = &&L_##id##_CONSTANT,
#include "compile/interp/bytecode.def"
#undef INSTR
#undef LOAD
#undef STORE
#define UNARY(id, from, to, expression)                [I_##id] = &&L_##id,
#define UNARY_TRAP                                     UNARY
#define COMMUTATIVE(id, type, expression)              [I_##id] = &&L_##id, [I_##id##_K] = &&L_##id##_K,
#define BINARY_TRAP                                    COMMUTATIVE
#define BINARY(id, type, expression)                   COMMUTATIVE(id, , )[I_##id##_KR] = &&L_##id##_KR,
#define BRANCHES(id)                                   COMMUTATIVE(id, , ) COMMUTATIVE(BR_##id, , ) COMMUTATIVE(LOOP_##id, , )
#define COMPARE(id, type, expression, inverse, mirror) BRANCHES(id) COMMUTATIVE(LOOP_ADD_##id, , )
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    BRANCHES(id) COMMUTATIVE(BR_NOT_##id, , ) COMMUTATIVE(LOOP_NOT_##id, , )
#include "module/numeric.def"
#undef UNARY
#undef UNARY_TRAP
#undef BINARY
#undef COMMUTATIVE
#undef BINARY_TRAP
#undef COMPARE
#undef FLOAT_COMPARE
#undef BRANCHES
    };
    const uint32_t *ip = code->words;
    int64_t fuel = cx->fuel;
    uint8_t *base = NULL;
    uint64_t size = 0;
    sg_trap trap;
    /* Of a call on its way. */
    FuncInst *func;
    Instance *callee_instance;
    const Code *callee;
    Slot *callee_fp;
    Slot saved[HEADER_SLOTS];

    FETCH_MEMORY();
    saved[HEADER_IP].ref = (void *)exit_words;
    saved[HEADER_FP].ref = fp;
    saved[HEADER_CODE].ref = (void *)code;
    saved[HEADER_INSTANCE].ref = instance;
    make_frame(cx, code, fp, saved);
    ENTER_HEAD();

    /* ---- moves ---- */

    HANDLE(CONST32) {
        SET_u64(1, ip[2]);
        NEXT(3);
    }
    HANDLE(CONST64) {
        SET_u64(1, WIDE(2));
        NEXT(4);
    }
    HANDLE(COPY) {
        SET_u64(1, GET_u64(2));
        NEXT(3);
    }
    HANDLE(COPY2) {
        SET_u64(1, GET_u64(2));
        SET_u64(3, GET_u64(4));
        NEXT(5);
    }
    HANDLE(MOVE) {
        memmove(fp + ip[1], fp + ip[2], ip[3] * sizeof(Slot));
        NEXT(4);
    }
    HANDLE(SELECT) {
        SET_u64(1, GET_u32(4) ? GET_u64(2) : GET_u64(3));
        NEXT(5);
    }
    HANDLE(COPY_V128) {
        memmove(fp + ip[1], fp + ip[2], 2 * sizeof(Slot));
        NEXT(3);
    }
    HANDLE(SELECT_V128) {
        memmove(fp + ip[1], fp + (GET_u32(4) ? ip[2] : ip[3]), 2 * sizeof(Slot));
        NEXT(5);
    }
    HANDLE(LEA) {
        SET_u32(1, (GET_u32(2) << ip[3]) + ip[4]);
        NEXT(5);
    }
    HANDLE(SHL_ADD) {
        SET_u32(1, (GET_u32(2) << ip[3]) + GET_u32(4));
        NEXT(5);
    }
    /* Two statements: a compiler may make one rounding of one expression. */
#define MULTIPLY_ADD(id, type, sum)                                                                          \
    HANDLE(id) {                                                                                             \
        C_##type product = GET_##type(2) * GET_##type(3);                                                    \
        C_##type addend = GET_##type(4);                                                                     \
        SET_##type(1, sum);                                                                                  \
        NEXT(5);                                                                                             \
    }
    MULTIPLY_ADD(F32_MUL_ADD, f32, product + addend)
    MULTIPLY_ADD(F32_ADD_MUL, f32, addend + product)
    MULTIPLY_ADD(F64_MUL_ADD, f64, product + addend)
    MULTIPLY_ADD(F64_ADD_MUL, f64, addend + product)

#define WIDE_HANDLER(id, expression, size)                                                                   \
    HANDLE(id) {                                                                                             \
        Int128 result = expression;                                                                          \
        Slot *to = fp + ip[1];                                                                               \
        to[0].u64 = result.low;                                                                              \
        to[1].u64 = result.high;                                                                             \
        NEXT(size);                                                                                          \
    }
#define GET_128(i) ((Int128){GET_u64(i), GET_u64((i) + 1)})
    WIDE_HANDLER(I64_ADD128, sgi_i64_add128(GET_128(2), GET_128(4)), 6)
    WIDE_HANDLER(I64_SUB128, sgi_i64_sub128(GET_128(2), GET_128(4)), 6)
    WIDE_HANDLER(I64_MUL_WIDE_S, sgi_i64_mul_wide_s(GET_u64(2), GET_u64(3)), 4)
    WIDE_HANDLER(I64_MUL_WIDE_U, sgi_i64_mul_wide_u(GET_u64(2), GET_u64(3)), 4)

    HANDLE(GLOBAL_GET) {
        fp[ip[1]] = instance->globals[ip[2]]->value;
        NEXT(3);
    }
    HANDLE(GLOBAL_SET) {
        instance->globals[ip[2]]->value = fp[ip[1]];
        NEXT(3);
    }
    HANDLE(GLOBAL_GET_V128) {
        const GlobalInst *global = instance->globals[ip[2]];
        fp[ip[1]] = global->value;
        fp[ip[1] + 1] = global->high;
        NEXT(3);
    }
    HANDLE(GLOBAL_SET_V128) {
        GlobalInst *global = instance->globals[ip[2]];
        global->value = fp[ip[1]];
        global->high = fp[ip[1] + 1];
        NEXT(3);
    }

    /* ---- control ---- */

    HANDLE(CHARGE) {
        fuel -= ip[1];
        NEXT(2);
    }
    HANDLE(HEAD) {
        ENTER_HEAD();
    }
    HANDLE(BR) {
        fuel -= ip[2];
        TAKE(1);
        DISPATCH();
    }
    HANDLE(BR_LOOP) {
        TAKE(1);
        ENTER_HEAD();
    }
    HANDLE(BR_TABLE) {
        uint32_t index = GET_u32(1);
        uint32_t last = ip[2] - 1;
        size_t rel = 3 + 2 * (size_t)(index < last ? index : last);
        fuel -= ip[rel + 1];
        TAKE((ptrdiff_t)rel);
        DISPATCH();
    }
    HANDLE(BR_NULL) {
        BRANCH_FORWARD(GET_ref(1) == NULL, 2);
    }
    HANDLE(BR_NON_NULL) {
        BRANCH_FORWARD(GET_ref(1) != NULL, 2);
    }
    HANDLE(UNREACHABLE) {
        TRAP(UNREACHABLE);
    }
    HANDLE(RETURN) {
        RETURN_FROM(fp + ip[1]);
    }
    HANDLE(RETURN1) {
        fp[0] = fp[ip[2]];
        RETURN_FROM(fp + ip[1]);
    }
    HANDLE(EXIT) {
        cx->fuel = fuel;
        return SG_TRAP_NONE;
    }

event: /* at a HEAD, charged */
    if (fuel < 0)
        TRAP(FUEL);
    CALL_OUT(cx->lib->interrupted(cx));
    NEXT(2);

trapped:
    cx->fuel = fuel;
    return unwind(cx, instance, code, fp, ip, trap);

    /* ---- calls ---- */

#define CALLEE_IN_TABLE(first_word)                                                                          \
    do {                                                                                                     \
        const TableInst *table_ = TABLE(ip[(first_word) + 1]);                                               \
        uint64_t index_ = ADDRESS(first_word, ip[(first_word) + 1]);                                         \
        if (SGI_UNLIKELY(index_ >= table_->size))                                                            \
            TRAP(UNDEFINED_ELEMENT);                                                                         \
        func = table_->elements[index_];                                                                     \
        if (SGI_UNLIKELY(func == NULL))                                                                      \
            TRAP(UNINITIALIZED_ELEMENT);                                                                     \
        if (SGI_UNLIKELY(func->type_id != ip[(first_word) + 2] &&                                            \
                         !sgi_rtt_matches_id(func->rtt, ip[(first_word) + 2])))                              \
            TRAP(INDIRECT_CALL_TYPE_MISMATCH);                                                               \
    } while (0)
    /* The code of `func`, which is not a host function. */
#define FIND_CALLEE()                                                                                        \
    do {                                                                                                     \
        callee_instance = func->instance;                                                                    \
        if (SGI_UNLIKELY(callee_instance->ended != SG_TRAP_NONE))                                            \
            TRAP(INSTANCE_ENDED);                                                                            \
        uint32_t index_ = func->index - callee_instance->module->imported[EXTERN_FUNC];                      \
        callee = sgi_code_get(callee_instance->code, index_);                                                \
        if (SGI_UNLIKELY(callee == NULL)) {                                                                  \
            CALL_OUT(sgi_code_make(cx, callee_instance->code, index_, &callee));                             \
        }                                                                                                    \
    } while (0)
#define RESUME_AT(size) (saved[HEADER_IP].ref = (void *)(ip + (size)))

    HANDLE(CALL) {
        callee_fp = fp + ip[1];
        RESUME_AT(3);
        callee_instance = instance;
        callee = sgi_code_get(instance->code, ip[2]);
        if (SGI_LIKELY(callee != NULL))
            goto enter;
        func = &instance->own_funcs[ip[2]];
        goto enter_func;
    }
    HANDLE(CALL_IMPORT) {
        callee_fp = fp + ip[1];
        RESUME_AT(3);
        func = instance->funcs[ip[2]];
        goto enter_func;
    }
    HANDLE(CALL_INDIRECT) {
        callee_fp = fp + ip[1];
        RESUME_AT(5);
        CALLEE_IN_TABLE(2);
        goto enter_func;
    }
    HANDLE(CALL_REF) {
        callee_fp = fp + ip[1];
        RESUME_AT(3);
        func = GET_ref(2);
        if (SGI_UNLIKELY(func == NULL))
            TRAP(NULL_FUNCTION_REFERENCE);
        goto enter_func;
    }

enter_func:
    if (func->kind == FUNC_HOST) {
        CALL_HOST();
        ip = saved[HEADER_IP].ref;
        fuel -= ip[0];
        NEXT(1);
    }
    FIND_CALLEE();
enter:
    if (SGI_UNLIKELY((size_t)(cx->stack_end - callee_fp) < callee->frame_size))
        TRAP(STACK_EXHAUSTED);
    saved[HEADER_FP].ref = fp;
    saved[HEADER_CODE].ref = (void *)code;
    saved[HEADER_INSTANCE].ref = instance;
    fp = callee_fp;
make_and_enter:
    make_frame(cx, callee, fp, saved);
    code = callee;
    ip = code->words;
    if (callee_instance != instance) {
        instance = callee_instance;
        FETCH_MEMORY();
    }
    ENTER_HEAD();

    HANDLE(RETURN_CALL) {
        func = &instance->own_funcs[ip[2]];
        goto tail_func;
    }
    HANDLE(RETURN_CALL_IMPORT) {
        func = instance->funcs[ip[2]];
        goto tail_func;
    }
    HANDLE(RETURN_CALL_INDIRECT) {
        CALLEE_IN_TABLE(2);
        goto tail_func;
    }
    HANDLE(RETURN_CALL_REF) {
        func = GET_ref(2);
        if (SGI_UNLIKELY(func == NULL))
            TRAP(NULL_FUNCTION_REFERENCE);
        goto tail_func;
    }

tail_func:
    callee_fp = fp + ip[1]; /* where the arguments are for now */
    if (func->kind == FUNC_HOST) {
        CALL_HOST();
        memmove(fp, callee_fp, func->type->result_slots * sizeof(Slot));
        RETURN_FROM(fp + code->header);
    }
    FIND_CALLEE();
    if (SGI_UNLIKELY((size_t)(cx->stack_end - fp) < callee->frame_size))
        TRAP(STACK_EXHAUSTED);
    memcpy(saved, fp + code->header, sizeof saved);
    memmove(fp, callee_fp, callee->param_slots * sizeof(Slot));
    goto make_and_enter;

    /* ---- references and tables ---- */

    HANDLE(REF_FUNC) {
        SET_ref(1, instance->funcs[ip[2]]);
        NEXT(3);
    }
    HANDLE(REF_IS_NULL) {
        SET_u32(1, GET_ref(2) == NULL);
        NEXT(3);
    }
    HANDLE(REF_AS_NON_NULL) {
        if (SGI_UNLIKELY(GET_ref(1) == NULL))
            TRAP(NULL_REFERENCE);
        NEXT(2);
    }
    HANDLE(TABLE_GET) {
        const TableInst *table = TABLE(ip[3]);
        uint64_t index = ADDRESS(2, ip[3]);
        if (SGI_UNLIKELY(index >= table->size))
            TRAP(TABLE_OUT_OF_BOUNDS);
        SET_ref(1, table->elements[index]);
        NEXT(4);
    }
    HANDLE(TABLE_SET) {
        const TableInst *table = TABLE(ip[3]);
        uint64_t index = ADDRESS(1, ip[3]);
        if (SGI_UNLIKELY(index >= table->size))
            TRAP(TABLE_OUT_OF_BOUNDS);
        table->elements[index] = GET_ref(2);
        NEXT(5);
    }
    HANDLE(TABLE_SIZE) {
        SET_u64(1, instance->tables[ip[2]]->size);
        NEXT(3);
    }
    HANDLE(TABLE_GROW) {
        uint64_t old;
        CALL_OUT(cx->lib->table_grow(cx, TABLE(ip[4]), ADDRESS(3, ip[4]), GET_ref(2), &old));
        SET_u64(1, old);
        NEXT(5);
    }
    HANDLE(TABLE_FILL) {
        CALL_OUT(cx->lib->table_fill(cx, TABLE(ip[4]), ADDRESS(1, ip[4]), GET_ref(2), ADDRESS(3, ip[4])));
        NEXT(6);
    }
    HANDLE(TABLE_COPY) {
        CALL_OUT(cx->lib->table_copy(cx, TABLE(ip[4]), TABLE(ip[5]), ADDRESS(1, ip[4]), ADDRESS(2, ip[5]),
                                     ADDRESS(3, ip[4] & ip[5])));
        NEXT(6);
    }
    HANDLE(TABLE_INIT) {
        CALL_OUT(
            cx->lib->table_init(cx, instance, ip[4] >> 1, ip[5], ADDRESS(1, ip[4]), GET_u32(2), GET_u32(3)));
        NEXT(6);
    }
    HANDLE(ELEM_DROP) {
        CALL_OUT(cx->lib->elem_drop(cx, instance, ip[1]));
        NEXT(3);
    }

    /* ---- memory ---- */

    HANDLE(MEMORY_SIZE) {
        SET_u64(1, instance->memories[ip[2]]->size >> 16);
        NEXT(3);
    }
    HANDLE(MEMORY_GROW) {
        uint64_t old;
        CALL_OUT(cx->lib->memory_grow(cx, MEMORY(ip[3]), ADDRESS(2, ip[3]), &old));
        FETCH_MEMORY();
        SET_u64(1, old);
        NEXT(4);
    }
    HANDLE(MEMORY_FILL) {
        CALL_OUT(cx->lib->memory_fill(cx, MEMORY(ip[4]), ADDRESS(1, ip[4]), (uint8_t)GET_u32(2),
                                      ADDRESS(3, ip[4])));
        NEXT(6);
    }
    HANDLE(MEMORY_COPY) {
        CALL_OUT(cx->lib->memory_copy(cx, MEMORY(ip[4]), MEMORY(ip[5]), ADDRESS(1, ip[4]), ADDRESS(2, ip[5]),
                                      ADDRESS(3, ip[4] & ip[5])));
        NEXT(6);
    }
    HANDLE(MEMORY_INIT) {
        CALL_OUT(
            cx->lib->memory_init(cx, instance, ip[4] >> 1, ip[5], ADDRESS(1, ip[4]), GET_u32(2), GET_u32(3)));
        NEXT(6);
    }
    HANDLE(DATA_DROP) {
        CALL_OUT(cx->lib->data_drop(cx, instance, ip[1]));
        NEXT(3);
    }

    /* Check that sizeof(type) bytes are there, from `at` on. */
#define CHECK(type)                                                                                          \
    if (SGI_UNLIKELY(at + sizeof(type) > size))                                                              \
    TRAP(MEMORY_OUT_OF_BOUNDS)
#define AT_PLAIN(address_word) uint64_t at = (uint64_t)GET_u32(address_word) + ip[3]
#define AT_INDEX(address_word)                                                                               \
    uint64_t at = (uint64_t)(uint32_t)((GET_u32(address_word) << ip[4]) + ip[5]) + ip[3]
#define AT_ABSOLUTE(address_word) uint64_t at = ip[address_word]
#define CHECK_ANY(type, address_word)                                                                        \
    const MemoryInst *memory = MEMORY(ip[5]);                                                                \
    uint64_t at;                                                                                             \
    if (SGI_UNLIKELY(!sgi_add(ADDRESS(address_word, ip[5]), WIDE(3), &at) || at > memory->size ||            \
                     memory->size - at < sizeof(type)))                                                      \
    TRAP(MEMORY_OUT_OF_BOUNDS)
#define READ(type, slot, from)                                                                               \
    type value;                                                                                              \
    memcpy(&value, (from) + at, sizeof value);                                                               \
    SET_##slot(1, value)
#define WRITE(type, to, what)                                                                                \
    type value = (type)(what);                                                                               \
    memcpy((to) + at, &value, sizeof value)
#define INSTR(id)
#define LOAD(id, type, slot)                                                                                 \
    HANDLE(id) {                                                                                             \
        AT_PLAIN(2);                                                                                         \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ABSOLUTE) {                                                                                  \
        AT_ABSOLUTE(2);                                                                                      \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(3);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_INDEX) {                                                                                     \
        AT_INDEX(2);                                                                                         \
        CHECK(type);                                                                                         \
        READ(type, slot, base);                                                                              \
        NEXT(6);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ANY) {                                                                                       \
        CHECK_ANY(type, 2);                                                                                  \
        READ(type, slot, memory->base);                                                                      \
        NEXT(6);                                                                                             \
    }
#define STORE(id, type, slot)                                                                                \
    HANDLE(id) {                                                                                             \
        AT_PLAIN(1);                                                                                         \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ABSOLUTE) {                                                                                  \
        AT_ABSOLUTE(1);                                                                                      \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(3);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_INDEX) {                                                                                     \
        AT_INDEX(1);                                                                                         \
        CHECK(type);                                                                                         \
        WRITE(type, base, GET_##slot(2));                                                                    \
        NEXT(6);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_CONSTANT) {                                                                                  \
        AT_PLAIN(1);                                                                                         \
        CHECK(type);                                                                                         \
        WRITE(type, base, K_##slot(2));                                                                      \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_ANY) {                                                                                       \
        CHECK_ANY(type, 1);                                                                                  \
        WRITE(type, memory->base, GET_##slot(2));                                                            \
        NEXT(6);                                                                                             \
    }
#include "compile/interp/bytecode.def"
#undef INSTR
#undef LOAD
#undef STORE

    /* ---- numeric instructions ---- */

#define OPERANDS(type)   C_##type a = GET_##type(2), b = GET_##type(3)
#define OPERANDS_K(type) C_##type a = GET_##type(2), b = K_##type(3)
#define UNARY(id, from, to, expression)                                                                      \
    HANDLE(id) {                                                                                             \
        C_##from a = GET_##from(2);                                                                          \
        SET_##to(1, expression);                                                                             \
        NEXT(3);                                                                                             \
    }
#define UNARY_TRAP(id, from, to, function)                                                                   \
    HANDLE(id) {                                                                                             \
        C_##to result;                                                                                       \
        trap = function(GET_##from(2), &result);                                                             \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            goto trapped;                                                                                    \
        SET_##to(1, result);                                                                                 \
        NEXT(3);                                                                                             \
    }
#define COMMUTATIVE(id, type, expression)                                                                    \
    HANDLE(id) {                                                                                             \
        OPERANDS(type);                                                                                      \
        SET_##type(1, expression);                                                                           \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        OPERANDS_K(type);                                                                                    \
        SET_##type(1, expression);                                                                           \
        NEXT(3 + W_##type);                                                                                  \
    }
#define BINARY(id, type, expression)                                                                         \
    COMMUTATIVE(id, type, expression)                                                                        \
    HANDLE(id##_KR) {                                                                                        \
        C_##type a = K_##type(3), b = GET_##type(2);                                                         \
        SET_##type(1, expression);                                                                           \
        NEXT(3 + W_##type);                                                                                  \
    }
#define BINARY_TRAP(id, type, function)                                                                      \
    HANDLE(id) {                                                                                             \
        C_##type result;                                                                                     \
        trap = function(GET_##type(2), GET_##type(3), &result);                                              \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            goto trapped;                                                                                    \
        SET_##type(1, result);                                                                               \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        C_##type result;                                                                                     \
        trap = function(GET_##type(2), K_##type(3), &result);                                                \
        if (SGI_UNLIKELY(trap != SG_TRAP_NONE))                                                              \
            goto trapped;                                                                                    \
        SET_##type(1, result);                                                                               \
        NEXT(4);                                                                                             \
    }
    /* Branches have no result: their operands begin one word earlier. */
#define BRANCHES(br, loop, type, expression)                                                                 \
    HANDLE(br) {                                                                                             \
        C_##type a = GET_##type(1), b = GET_##type(2);                                                       \
        BRANCH_FORWARD(expression, 3);                                                                       \
    }                                                                                                        \
    HANDLE(br##_K) {                                                                                         \
        C_##type a = GET_##type(1), b = K_##type(2);                                                         \
        BRANCH_FORWARD(expression, 2 + W_##type);                                                            \
    }                                                                                                        \
    HANDLE(loop) {                                                                                           \
        C_##type a = GET_##type(1), b = GET_##type(2);                                                       \
        BRANCH_LOOP(expression, 3);                                                                          \
    }                                                                                                        \
    HANDLE(loop##_K) {                                                                                       \
        C_##type a = GET_##type(1), b = K_##type(2);                                                         \
        BRANCH_LOOP(expression, 2 + W_##type);                                                               \
    }
#define COMPARISON(id, type, expression)                                                                     \
    HANDLE(id) {                                                                                             \
        OPERANDS(type);                                                                                      \
        SET_u32(1, expression);                                                                              \
        NEXT(4);                                                                                             \
    }                                                                                                        \
    HANDLE(id##_K) {                                                                                         \
        OPERANDS_K(type);                                                                                    \
        SET_u32(1, expression);                                                                              \
        NEXT(3 + W_##type);                                                                                  \
    }                                                                                                        \
    BRANCHES(BR_##id, LOOP_##id, type, expression)
#define COMPARE(id, type, expression, inverse, mirror)                                                       \
    COMPARISON(id, type, expression)                                                                         \
    HANDLE(LOOP_ADD_##id) {                                                                                  \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = GET_##type(3);                                                       \
        BRANCH_LOOP(expression, 4);                                                                          \
    }                                                                                                        \
    HANDLE(LOOP_ADD_##id##_K) {                                                                              \
        C_u64 sum = GET_u64(2) + K_u64(1);                                                                   \
        SET_##type(2, sum);                                                                                  \
        C_##type a = (C_##type)sum, b = K_##type(3);                                                         \
        BRANCH_LOOP(expression, 4);                                                                          \
    }
#define FLOAT_COMPARE(id, type, expression, mirror)                                                          \
    COMPARISON(id, type, expression)                                                                         \
    BRANCHES(BR_NOT_##id, LOOP_NOT_##id, type, !(expression))
#include "module/numeric.def"
}
