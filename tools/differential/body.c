/* A signature → the body of a function, made from the result backwards.
 *
 * expression(type) leaves one value of that type: it takes an instruction whose result is of that type, from
 * the rows of ops.def whose signatures say so or from those made here by hand, after its operands, made the
 * same way. statement() leaves nothing. Both stop growing when `left`, the instructions a body may still
 * have, is used up. Every function and every turn of a loop pays one from global 0 and is unreachable when it
 * is used up, so that all that is generated ends.
 *
 * Engines may differ in the bits of NaNs that arithmetic makes: these are replaced by zero at once. */
#include "generator.h"

#include <string.h>

typedef struct Label {
    bool is_closed; /* not for any branch: it takes what expression() cannot make */
    size_t count;   /* of values that a branch to it takes */
    Type types[MOST_VALUES];
} Label;

enum { MOST_LABELS = 16, LABEL_ROOM = 4 };

typedef struct Body {
    const Module *module;
    const Signature *signature;
    Out code;
    int left;
    size_t local_count;
    Type locals[MOST_LOCALS + TYPES];
    size_t scratch; /* the first of one local of each type, not used for anything else */
    size_t label_count;
    Label labels[MOST_LABELS];
} Body;

static void expression(Body *b, Type type);
static void statements(Body *b, size_t count);

static void op(Body *b, Op code) {
    put_op(&b->code, code);
    b->left--;
}
static void op_index(Body *b, Op code, uint64_t index) {
    op(b, code);
    put_unsigned(&b->code, index);
}
static void op_heap(Body *b, Op code, uint32_t type) {
    op(b, code);
    put_signed(&b->code, type);
}
static void i32(Body *b, int32_t value) {
    op(b, OP_I32_CONST);
    put_signed(&b->code, value);
}
static void address_constant(Body *b, bool is_64, uint32_t value) {
    op(b, is_64 ? OP_I64_CONST : OP_I32_CONST);
    put_signed(&b->code, value);
}

static void masked(Body *b, bool is_64, uint32_t mask) {
    expression(b, is_64 ? I64 : I32);
    address_constant(b, is_64, mask);
    op(b, is_64 ? OP_I64_AND : OP_I32_AND);
}

/* An index or a length: small, but for a few. Sizes of new arrays are masked: how much is too much, engines
 * say. */
static void bounded(Body *b, bool is_64, uint32_t mask) {
    if (percent(3))
        expression(b, is_64 ? I64 : I32);
    else
        masked(b, is_64, mask);
}

static void pay(Body *b) {
    op_index(b, OP_GLOBAL_GET, 0);
    i32(b, 1);
    op(b, OP_I32_SUB);
    op_index(b, OP_GLOBAL_SET, 0);
    op_index(b, OP_GLOBAL_GET, 0);
    i32(b, 0);
    op(b, OP_I32_LT_S);
    op(b, OP_IF);
    put(&b->code, 0x40);
    op(b, OP_UNREACHABLE);
    op(b, OP_END);
}

/* --- instructions of ops.def --- */

static Type type_of(char letter, bool is_64) {
    switch (letter) {
    case 'i': return I32;
    case 'I': return I64;
    case 'f': return F32;
    case 'F': return F64;
    case 'V': return V128;
    default: return is_64 ? I64 : I32;
    }
}

/* Rows with at most one result whose immediates are made below. */
static bool is_usable(const Body *b, Op code) {
    const OpInfo *info = &sgi_ops[code];
    const char *results = strchr(info->signature, ':');
    if (results == NULL || strlen(results) > 2 || !b->module->has[info->feature])
        return false;
    switch (info->imm) {
    case IMM_NONE: return code != OP_NOP;
    case IMM_MEMORY:
    case IMM_ZERO:
    case IMM_MEMARG:
    case IMM_MEMARG_LANE:
    case IMM_LANE:
    case IMM_SHUFFLE: return strstr(info->text, "wait") == NULL;
    default: return false;
    }
}

static bool has_floats(const char *signature, const char *colon) {
    for (; signature < colon; signature++)
        if (*signature == 'f' || *signature == 'F')
            return true;
    return false;
}

/* Whether the result may be a NaN that arithmetic made. */
static bool makes_nan(Op code) {
    static const char *const exact[] = {"abs",  "neg",   "copysign", "pmin",       "pmax", "convert",
                                        "lane", "splat", ".eq",      ".ne",        ".lt",  ".gt",
                                        ".le",  ".ge",   "load",     "reinterpret"};
    const OpInfo *info = &sgi_ops[code];
    const char *colon = strchr(info->signature, ':');
    if (colon[1] == 'V' ? info->text[0] != 'f'
                        : !has_floats(colon, colon + 2) || !has_floats(info->signature, colon))
        return false;
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++)
        if (strstr(info->text, exact[i]))
            return false;
    return true;
}

static void without_nan(Body *b, Op code) {
    Type type = type_of(strchr(sgi_ops[code].signature, ':')[1], false);
    uint64_t local = b->scratch + type;
    op_index(b, OP_LOCAL_SET, local);
    op_index(b, OP_LOCAL_GET, local);
    if (type == V128) {
        op_index(b, OP_LOCAL_GET, local);
        op_index(b, OP_LOCAL_GET, local);
        op(b, sgi_ops[code].text[1] == '3' ? OP_F32X4_EQ : OP_F64X2_EQ);
        op(b, OP_V128_AND);
        return;
    }
    uint64_t zero = 0;
    op(b, type == F32 ? OP_F32_CONST : OP_F64_CONST);
    put_raw(&b->code, &zero, type == F32 ? 4 : 8);
    op_index(b, OP_LOCAL_GET, local);
    op_index(b, OP_LOCAL_GET, local);
    op(b, type == F32 ? OP_F32_EQ : OP_F64_EQ);
    op(b, OP_SELECT);
}

static void memarg(Body *b, Op code, size_t memory) {
    uint32_t access = sgi_op_access(code),
             align = sgi_ops[code].feature == FEATURE_THREADS ? access : chance(access + 1);
    put_unsigned(&b->code, memory ? align | 64 : align);
    if (memory)
        put_unsigned(&b->code, memory);
    if (sgi_ops[code].feature == FEATURE_THREADS)
        put_unsigned(&b->code, 8 * chance(8));
    else
        put_unsigned(&b->code, percent(90) ? chance(64) : chance(1u << chance(20)));
}

static void instruction(Body *b, Op code) {
    const OpInfo *info = &sgi_ops[code];
    size_t memory = chance((uint32_t)b->module->memory_count);
    bool is_64 = b->module->is_64[memory];
    bool is_atomic = info->feature == FEATURE_THREADS;
    bool divides = strstr(info->text, "div_") || strstr(info->text, "rem_");
    for (const char *letter = info->signature; *letter != ':'; letter++) {
        if (*letter == 'a' &&
            is_atomic) /* not both out of bounds and unaligned: what is told first differs */
            masked(b, is_64, percent(97) ? 0x7ff8 : 0x7fff);
        else if (*letter == 'a')
            bounded(b, is_64, 0x7fff);
        else
            expression(b, type_of(*letter, is_64));
        if (divides && letter[1] == ':' && percent(80)) {
            address_constant(b, *letter == 'I', 1);
            op(b, *letter == 'I' ? OP_I64_OR : OP_I32_OR);
        }
    }
    op(b, code);
    if (info->imm == IMM_MEMARG || info->imm == IMM_MEMARG_LANE)
        memarg(b, code, memory);
    if (info->imm == IMM_MEMORY)
        put_unsigned(&b->code, memory);
    if (info->imm == IMM_ZERO)
        put(&b->code, 0);
    if (info->imm == IMM_LANE || info->imm == IMM_MEMARG_LANE)
        put(&b->code, (uint8_t)chance(sgi_op_lanes(code)));
    for (int i = 0; info->imm == IMM_SHUFFLE && i < 16; i++)
        put(&b->code, (uint8_t)chance(32));
    if (makes_nan(code))
        without_nan(b, code);
}

/* A usable row with this result ('i', ... or 0 for none), or OP_COUNT. Conversions that trap are made rarely.
 */
static Op find_row(const Body *b, char result) {
    Op found = OP_COUNT;
    uint32_t count = 0;
    bool with_traps = percent(15);
    for (Op code = 0; code < OP_COUNT; code++) {
        const char *signature = sgi_ops[code].signature;
        if (signature[0] == '*' || strchr(signature, ':')[1] != result || !is_usable(b, code))
            continue;
        if (!with_traps && strstr(sgi_ops[code].text, "trunc_f") && !sgi_ops[code].prefix)
            continue;
        if (chance(++count) == 0)
            found = code;
    }
    return found;
}

/* --- labels --- */

static Label *enter(Body *b, const Type *types, size_t count) {
    Label *label = &b->labels[b->label_count++];
    label->is_closed = false;
    label->count = count;
    if (count)
        memcpy(label->types, types, count * sizeof *types);
    return label;
}
static void leave(Body *b) {
    b->label_count--;
    op(b, OP_END);
}
static bool has_room(const Body *b) {
    return b->label_count + LABEL_ROOM < MOST_LABELS && b->left > 20;
}
static void values(Body *b, const Type *types, size_t count) {
    for (size_t i = 0; i < count; i++)
        expression(b, types[i]);
}
static const Label *label_at(const Body *b, size_t depth) {
    return &b->labels[b->label_count - 1 - depth];
}
static size_t random_label(const Body *b) {
    size_t depth;
    do
        depth = chance((uint32_t)b->label_count);
    while (label_at(b, depth)->is_closed);
    return depth;
}

/* A local of the type, or -1. */
static int local_of(const Body *b, Type type) {
    int found = -1;
    uint32_t count = 0;
    for (size_t i = 0; i < b->local_count; i++)
        if (b->locals[i] == type && chance(++count) == 0)
            found = (int)i;
    return found;
}

/* Takes the values of these types off the stack. */
static void take(Body *b, const Type *types, size_t count) {
    while (count-- > 0) {
        int local = percent(70) ? local_of(b, types[count]) : -1;
        if (local >= 0)
            op_index(b, OP_LOCAL_SET, (uint64_t)local);
        else
            op(b, OP_DROP);
    }
}

static void throw_tag(Body *b) {
    uint32_t tag = chance(2);
    values(b, b->module->tags[tag].params, b->module->tags[tag].param_count);
    op_index(b, OP_THROW, tag);
}

/* Leaves for elsewhere: what follows it is of any type. */
static void jump(Body *b) {
    size_t depth = random_label(b);
    switch (chance(10)) {
    case 0: op(b, OP_UNREACHABLE); break;
    case 1:
        values(b, b->signature->results, b->signature->result_count);
        op(b, OP_RETURN);
        break;
    case 2:
        if (b->module->has[FEATURE_EXCEPTIONS]) {
            throw_tag(b);
            break;
        } /* fall through */
    default: values(b, label_at(b, depth)->types, label_at(b, depth)->count); op_index(b, OP_BR, depth);
    }
}

/* --- calls --- */

static bool fits(const Signature *signature, const Type *results, size_t count) {
    return signature->result_count == count &&
           (count == 0 || memcmp(signature->results, results, count * sizeof *results) == 0);
}

/* A function with these results, or -1; any if `results` is NULL. Mostly a later one: recursion uses up the
 * budget. */
static int func_of(const Body *b, const Type *results, size_t count) {
    int found = -1;
    uint32_t seen = 0;
    for (size_t i = percent(85) ? (size_t)(b->signature - b->module->funcs) + 1 : 0;
         i < b->module->func_count; i++)
        if ((results == NULL || fits(&b->module->funcs[i], results, count)) && chance(++seen) == 0)
            found = (int)i;
    return found;
}

static void call(Body *b, size_t func, bool is_tail) {
    const Signature *signature = &b->module->funcs[func];
    values(b, signature->params, signature->param_count);
    switch (chance(b->module->has[FEATURE_FUNCTION_REFERENCES] ? 3 : 2)) {
    case 0: op_index(b, is_tail ? OP_RETURN_CALL : OP_CALL, FUNC_FIRST + func); break;
    case 1:
        if (percent(85))
            i32(b, (int32_t)func);
        else
            bounded(b, false, 15);
        op_index(b, is_tail ? OP_RETURN_CALL_INDIRECT : OP_CALL_INDIRECT, signature->index);
        put_unsigned(&b->code, 0);
        break;
    default:
        if (b->module->has[FEATURE_GC] && percent(30)) {
            expression(b, FUNC);
            op_heap(b, percent(50) ? OP_REF_CAST : OP_REF_CAST_NULL, signature->index);
        } else {
            op_index(b, OP_REF_FUNC, FUNC_FIRST + func);
        }
        op_index(b, is_tail ? OP_RETURN_CALL_REF : OP_CALL_REF, signature->index);
    }
}

/* --- expressions --- */

static void leaf(Body *b, Type type) {
    int local = percent(type >= FUNC ? 45 : 60) ? local_of(b, type) : -1;
    if (local >= 0) {
        op_index(b, OP_LOCAL_GET, (uint64_t)local);
    } else if (percent(20)) {
        op_index(b, OP_GLOBAL_GET, 1 + (uint64_t)type);
    } else if (type == FUNC && percent(70)) {
        op_index(b, OP_REF_FUNC, FUNC_FIRST + chance((uint32_t)b->module->func_count));
    } else {
        put_constant(&b->code, type);
        b->left--;
    }
}

/* Another turn of the loop, if the budget allows. */
static void again(Body *b) {
    expression(b, I32);
    op_index(b, OP_GLOBAL_GET, 0);
    i32(b, 0);
    op(b, OP_I32_GT_S);
    op(b, OP_I32_AND);
    op_index(b, OP_BR_IF, 0);
}

static void block(Body *b, Type type) {
    Op code = (Op[]){OP_BLOCK, OP_LOOP, OP_IF}[chance(3)];
    if (code == OP_IF)
        expression(b, I32);
    op(b, code);
    put_type(&b->code, type);
    enter(b, &type, code == OP_LOOP ? 0 : 1);
    if (code == OP_LOOP)
        pay(b);
    statements(b, chance(3));
    expression(b, type);
    if (code == OP_LOOP && percent(50)) {
        again(b);
    } else if (code == OP_IF) {
        op(b, OP_ELSE);
        statements(b, chance(2));
        expression(b, type);
    }
    leave(b);
}

/* A branch with the value that stays on the stack. */
static void branch(Body *b, Type type) {
    size_t depth = random_label(b);
    const Label *label = label_at(b, depth);
    expression(b, type);
    if (label->count == 1 && label->types[0] == type) {
        expression(b, I32);
        op_index(b, OP_BR_IF, depth);
    }
}

static const struct {
    Type type;
    Op get;
} struct_fields[] = {{I32, OP_STRUCT_GET}, {I64, OP_STRUCT_GET},  {I32, OP_STRUCT_GET_S}, {EQ, OP_STRUCT_GET},
                     {F64, OP_STRUCT_GET}, {I32, OP_STRUCT_GET_U}}; /* the last two of the subtype alone */
static const Type array_items[] = {I32, I64, EQ};

static void array_operands(Body *b, Type array) {
    expression(b, array);
    bounded(b, false, 7);
}

/* What comes out of objects, or tells of them. */
static void read_object(Body *b, Type type) {
    uint32_t first = chance(6);
    for (uint32_t i = 0; i < 6; i++) {
        uint32_t field = (first + i) % 6;
        if (struct_fields[field].type == type && percent(60)) {
            bool of_sub = field >= 4 || percent(30);
            expression(b, of_sub ? SUBSTRUCT : STRUCT);
            op_index(b, struct_fields[field].get, of_sub ? TYPE_SUBSTRUCT : TYPE_STRUCT);
            put_unsigned(&b->code, field);
            return;
        }
    }
    for (uint32_t i = 0; i < 3; i++)
        if (array_items[i] == type && percent(60)) {
            array_operands(b, BYTES + i);
            op_index(b, i > 0 ? OP_ARRAY_GET : percent(50) ? OP_ARRAY_GET_S : OP_ARRAY_GET_U, TYPE_BYTES + i);
            return;
        }
    if (type != I32) {
        leaf(b, type);
        return;
    }
    switch (chance(5)) {
    case 0:
        expression(b, BYTES + chance(3));
        op(b, OP_ARRAY_LEN);
        break;
    case 1:
        expression(b, EQ);
        expression(b, EQ);
        op(b, OP_REF_EQ);
        break;
    case 2:
        expression(b, EQ);
        op_heap(b, percent(50) ? OP_REF_TEST : OP_REF_TEST_NULL, chance(GC_TYPES));
        break;
    case 3:
        expression(b, EQ);
        op(b, OP_REF_IS_NULL);
        break;
    default:
        if (percent(90)) {
            expression(b, I32);
            op(b, OP_REF_I31);
        } else {
            expression(b, EQ);
            op(b, OP_REF_CAST);
            put(&b->code, 0x6c);
        }
        op(b, percent(50) ? OP_I31_GET_S : OP_I31_GET_U);
    }
}

/* A new object, one known by a wider type, or the one behind a cast. */
static void make_object(Body *b, Type type) {
    uint32_t index = type - STRUCT + TYPE_STRUCT;
    if (type == EQ) {
        expression(b, STRUCT + chance(5));
        if (percent(10)) { /* out and in again */
            op(b, OP_EXTERN_CONVERT_ANY);
            op(b, OP_ANY_CONVERT_EXTERN);
            op(b, OP_REF_CAST_NULL);
            put_type(&b->code, EQ);
        }
    } else if (percent(3)) {
        expression(b, EQ);
        op_heap(b, percent(50) ? OP_REF_CAST : OP_REF_CAST_NULL, index);
    } else if (type <= SUBSTRUCT) {
        if (type == STRUCT && percent(20)) {
            expression(b, SUBSTRUCT);
            return;
        }
        for (uint32_t i = 0; i < (type == STRUCT ? 4 : 6); i++)
            expression(b, struct_fields[i].type);
        op_index(b, OP_STRUCT_NEW, index);
    } else if (percent(50)) {
        uint32_t count = chance(6);
        for (uint32_t i = 0; i < count; i++)
            expression(b, array_items[type - BYTES]);
        op_index(b, OP_ARRAY_NEW_FIXED, index);
        put_unsigned(&b->code, count);
    } else if (type != REFS && percent(40)) {
        bounded(b, false, 15);
        masked(b, false, 3);
        op_index(b, OP_ARRAY_NEW_DATA, index);
        put_unsigned(&b->code, 0);
    } else {
        expression(b, array_items[type - BYTES]);
        masked(b, false, 31);
        op_index(b, OP_ARRAY_NEW, index);
    }
}

/* A function out of an array that a segment made or filled. */
static void read_func(Body *b) {
    if (!b->module->has[FEATURE_GC]) {
        leaf(b, FUNC);
        return;
    }
    bool is_made = percent(50);
    size_t local = b->scratch + FUNC;
    if (!is_made) {
        i32(b, 6);
        op_index(b, OP_ARRAY_NEW_DEFAULT, TYPE_FUNCS);
        op_index(b, OP_LOCAL_SET, local);
        op_index(b, OP_LOCAL_GET, local);
        masked(b, false, 3); /* within the array: which is told first, array or segment, differs */
    }
    bounded(b, false, 3);
    masked(b, false, 3);
    op_index(b, is_made ? OP_ARRAY_NEW_ELEM : OP_ARRAY_INIT_ELEM, TYPE_FUNCS);
    put_unsigned(&b->code, 1);
    if (!is_made)
        op_index(b, OP_LOCAL_GET, local);
    bounded(b, false, 3);
    op_index(b, OP_ARRAY_GET, TYPE_FUNCS);
}

/* The size of a memory, before or after it grew. */
static void read_size(Body *b, Type type) {
    size_t memory = chance((uint32_t)b->module->memory_count);
    bool is_64 = b->module->is_64[memory], grows = percent(20);
    if (grows)
        bounded(b, is_64, 1);
    op_index(b, grows ? OP_MEMORY_GROW : OP_MEMORY_SIZE, memory);
    if (is_64 && type == I32)
        op(b, OP_I32_WRAP_I64);
    if (!is_64 && type == I64)
        op(b, OP_I64_EXTEND_I32_S);
}

static void expression(Body *b, Type type) {
    static const char letters[] = "iIfFV";
    int func;
    b->left--; /* on the way down: operands come first */
    if (b->left <= 0 || percent(12)) {
        leaf(b, type);
        return;
    }
    if (percent(2))
        op_index(b, OP_CALL, FUNC_COLLECT);
    uint32_t choice = chance(100);
    if (choice < 1) {
        jump(b);
    } else if (choice < 5 && has_room(b)) {
        branch(b, type);
    } else if (choice < 12 && has_room(b)) {
        block(b, type);
    } else if (choice < 18 && (func = func_of(b, &type, 1)) >= 0) {
        call(b, (size_t)func, false);
    } else if (choice < 23) {
        expression(b, type);
        expression(b, type);
        expression(b, I32);
        bool is_plain = type < FUNC && percent(50);
        op(b, is_plain ? OP_SELECT : OP_SELECT_T);
        if (!is_plain) {
            put(&b->code, 1);
            put_type(&b->code, type);
        }
    } else if (choice < 27 && (func = local_of(b, type)) >= 0) {
        expression(b, type);
        op_index(b, OP_LOCAL_TEE, (uint64_t)func);
    } else if (type == FUNC && percent(70)) {
        bounded(b, false, 15);
        op_index(b, OP_TABLE_GET, 0);
    } else if (type == FUNC) {
        read_func(b);
    } else if (type <= I64 && choice < 30) {
        read_size(b, type);
    } else if (b->module->has[FEATURE_GC] && choice < 35 && type <= EQ) {
        read_object(b, type);
    } else if (type >= EQ) {
        make_object(b, type);
    } else if (type == I32 && choice < 38) {
        op_index(b, OP_TABLE_SIZE, 0);
    } else {
        instruction(b, find_row(b, letters[type]));
    }
}

/* --- statements --- */

static void loop_statement(Body *b) {
    op(b, OP_LOOP);
    put(&b->code, 0x40);
    enter(b, NULL, 0);
    pay(b);
    statements(b, 1 + chance(4));
    again(b);
    leave(b);
}

static void if_statement(Body *b) {
    expression(b, I32);
    op(b, OP_IF);
    put(&b->code, 0x40);
    enter(b, NULL, 0);
    statements(b, 1 + chance(3));
    if (percent(50)) {
        op(b, OP_ELSE);
        statements(b, 1 + chance(2));
    }
    leave(b);
}

/* Blocks one in another, and a table of branches to them. */
static void switch_statement(Body *b) {
    uint32_t depth = 1 + chance(3), entries = chance(6);
    for (uint32_t i = 0; i < depth; i++) {
        op(b, OP_BLOCK);
        put(&b->code, 0x40);
        enter(b, NULL, 0);
    }
    expression(b, I32);
    op_index(b, OP_BR_TABLE, entries);
    for (uint32_t i = 0; i <= entries; i++)
        put_unsigned(&b->code, chance(depth));
    for (uint32_t i = 0; i < depth; i++) {
        leave(b);
        statements(b, chance(3));
    }
}

/* A block with parameters and several results: the type of some function. */
static void block_statement(Body *b) {
    const Signature *like = &b->module->funcs[chance((uint32_t)b->module->func_count)];
    values(b, like->params, like->param_count);
    op(b, OP_BLOCK);
    put_signed(&b->code, like->index);
    enter(b, like->results, like->result_count);
    take(b, like->params, like->param_count);
    statements(b, chance(3));
    values(b, like->results, like->result_count);
    if (percent(50)) {
        expression(b, I32);
        op_index(b, OP_BR_IF, 0);
    }
    leave(b);
    take(b, like->results, like->result_count);
}

/* block (result of the tag) (try_table (catch tag 0) (catch_all 1) ...) ... end */
static void try_statement(Body *b) {
    uint32_t tag = chance(2);
    const Signature *like = &b->module->tags[tag];
    bool all = percent(40);
    op(b, OP_BLOCK);
    put(&b->code, 0x40);
    enter(b, NULL, 0);
    op(b, OP_BLOCK);
    put_signed(&b->code, like->index + 1); /* () → what the tag carries */
    enter(b, like->params, like->param_count);
    op(b, OP_TRY_TABLE);
    put(&b->code, 0x40);
    put_unsigned(&b->code, all ? 2 : 1);
    put(&b->code, 0x00);
    put_unsigned(&b->code, tag);
    put_unsigned(&b->code, 0);
    if (all) {
        put(&b->code, 0x02);
        put_unsigned(&b->code, 1);
    }
    enter(b, NULL, 0);
    statements(b, 1 + chance(3));
    if (percent(60))
        throw_tag(b);
    leave(b);
    values(b, like->params, like->param_count);
    leave(b);
    take(b, like->params, like->param_count);
    leave(b);
}

/* block (block (result exnref) (try_table (catch_all_ref 0) ...) (br 1)) (throw_ref or drop) end */
static void catch_statement(Body *b) {
    op(b, OP_BLOCK);
    put(&b->code, 0x40);
    enter(b, NULL, 0);
    op(b, OP_BLOCK);
    put(&b->code, 0x69);
    enter(b, NULL, 0)->is_closed = true;
    op(b, OP_TRY_TABLE);
    put(&b->code, 0x40);
    put_unsigned(&b->code, 1);
    put(&b->code, 0x03);
    put_unsigned(&b->code, 0);
    enter(b, NULL, 0);
    statements(b, 1 + chance(3));
    leave(b);
    op_index(b, OP_BR, 1);
    leave(b);
    op(b, percent(30) ? OP_THROW_REF : OP_DROP);
    leave(b);
}

/* Branches on what a reference is: on null, on what is not null, on a cast, on its failure. */
static void reference_statement(Body *b) {
    Type type = STRUCT + chance(5), left = type;
    uint32_t kind = chance(4);
    if (kind == 3)
        left = EQ;
    op(b, OP_BLOCK);
    if (kind == 0)
        put(&b->code, 0x40);
    else
        put_type(&b->code, left);
    enter(b, &left, kind != 0);
    expression(b, kind < 2 ? type : EQ);
    if (kind < 2) {
        op_index(b, kind == 0 ? OP_BR_ON_NULL : OP_BR_ON_NON_NULL, 0);
    } else {
        op(b, kind == 2 ? OP_BR_ON_CAST : OP_BR_ON_CAST_FAIL);
        put(&b->code, percent(50) ? 3 : 1);
        put_unsigned(&b->code, 0);
        put_type(&b->code, EQ);
        put_signed(&b->code, type - STRUCT + TYPE_STRUCT);
    }
    if (kind == 0 || kind == 3)
        take(b, &type, 1);
    else if (kind == 2)
        take(b, (Type[]){EQ}, 1);
    statements(b, chance(2));
    if (kind != 0)
        expression(b, left);
    leave(b);
    if (kind != 0)
        take(b, &left, 1);
}

static void bulk_statement(Body *b) {
    size_t to = chance((uint32_t)b->module->memory_count), from = chance((uint32_t)b->module->memory_count);
    bool is_64 = b->module->is_64[to], both_64 = is_64 && b->module->is_64[from];
    switch (chance(4)) {
    case 0:
        bounded(b, is_64, 0xffff);
        expression(b, I32);
        bounded(b, is_64, 0xff);
        op_index(b, OP_MEMORY_FILL, to);
        break;
    case 1:
        bounded(b, is_64, 0xffff);
        bounded(b, b->module->is_64[from], 0xffff);
        bounded(b, both_64, 0xff);
        op_index(b, OP_MEMORY_COPY, to);
        put_unsigned(&b->code, from);
        break;
    case 2:
        bounded(b, is_64, 0xffff);
        bounded(b, false, 31);
        bounded(b, false, 15);
        op_index(b, OP_MEMORY_INIT, 0);
        put_unsigned(&b->code, to);
        break;
    default:
        if (percent(20))
            op_index(b, OP_DATA_DROP, 0);
    }
}

static void table_statement(Body *b) {
    switch (chance(5)) {
    case 0:
        bounded(b, false, 15);
        expression(b, FUNC);
        op_index(b, OP_TABLE_SET, 0);
        break;
    case 1:
        expression(b, FUNC);
        bounded(b, false, 1);
        op_index(b, OP_TABLE_GROW, 0);
        take(b, (Type[]){I32}, 1);
        break;
    case 2:
        bounded(b, false, 15);
        expression(b, FUNC);
        bounded(b, false, 3);
        op_index(b, OP_TABLE_FILL, 0);
        break;
    case 3:
        bounded(b, false, 15);
        bounded(b, false, 15);
        bounded(b, false, 3);
        op_index(b, OP_TABLE_COPY, 0);
        put_unsigned(&b->code, 0);
        break;
    default:
        if (percent(10))
            op_index(b, OP_ELEM_DROP, 1);
        bounded(b, false, 15);
        bounded(b, false, 7);
        bounded(b, false, 3);
        op_index(b, OP_TABLE_INIT, 1);
        put_unsigned(&b->code, 0);
    }
}

static void object_statement(Body *b) {
    uint32_t field = chance(6), array = chance(3);
    bool of_sub = field >= 4 || percent(30);
    switch (chance(6)) {
    case 0:
    case 1:
        expression(b, of_sub ? SUBSTRUCT : STRUCT);
        expression(b, struct_fields[field].type);
        op_index(b, OP_STRUCT_SET, of_sub ? TYPE_SUBSTRUCT : TYPE_STRUCT);
        put_unsigned(&b->code, field);
        break;
    case 2:
        array_operands(b, BYTES + array);
        expression(b, array_items[array]);
        op_index(b, OP_ARRAY_SET, TYPE_BYTES + array);
        break;
    case 3:
        array_operands(b, BYTES + array);
        expression(b, array_items[array]);
        bounded(b, false, 3);
        op_index(b, OP_ARRAY_FILL, TYPE_BYTES + array);
        break;
    case 4: /* within a new array: which is told first, array or segment, differs */
        array %= 2;
        i32(b, 10);
        op_index(b, OP_ARRAY_NEW_DEFAULT, TYPE_BYTES + array);
        if (local_of(b, BYTES + array) >= 0)
            op_index(b, OP_LOCAL_TEE, (uint64_t)local_of(b, BYTES + array));
        masked(b, false, 7);
        bounded(b, false, 15);
        masked(b, false, 3);
        op_index(b, OP_ARRAY_INIT_DATA, TYPE_BYTES + array);
        put_unsigned(&b->code, 0);
        break;
    default:
        for (int i = 0; i < 2;
             i++) { /* what is told first, null or out of bounds, is not the same everywhere */
            expression(b, BYTES + array);
            op(b, OP_REF_AS_NON_NULL);
            bounded(b, false, 7);
        }
        bounded(b, false, 3);
        op_index(b, OP_ARRAY_COPY, TYPE_BYTES + array);
        put_unsigned(&b->code, TYPE_BYTES + array);
    }
}

static void call_statement(Body *b) {
    bool is_tail = b->module->has[FEATURE_TAIL_CALL] && percent(15);
    int func = is_tail ? func_of(b, b->signature->results, b->signature->result_count) : func_of(b, NULL, 0);
    if (func < 0)
        return;
    if (is_tail) { /* not always: what follows should run too */
        expression(b, I32);
        op(b, OP_IF);
        put(&b->code, 0x40);
        enter(b, NULL, 0);
    }
    call(b, (size_t)func, is_tail);
    if (is_tail)
        leave(b);
    else
        take(b, b->module->funcs[func].results, b->module->funcs[func].result_count);
}

/* The rows with two results: arithmetic on halves of 128 bits. */
static void wide_statement(Body *b) {
    static const Op rows[] = {OP_I64_ADD128, OP_I64_SUB128, OP_I64_MUL_WIDE_S, OP_I64_MUL_WIDE_U};
    Op code = rows[chance(4)];
    for (const char *letter = sgi_ops[code].signature; *letter != ':'; letter++)
        expression(b, I64);
    op(b, code);
    take(b, (Type[]){I64, I64}, 2);
}

static void statement(Body *b) {
    uint32_t choice = chance(100);
    Type type = random_type(b->module);
    int local = local_of(b, type);
    if (choice < 25 && local >= 0) {
        expression(b, type);
        op_index(b, OP_LOCAL_SET, (uint64_t)local);
    } else if (choice < 30) {
        expression(b, type);
        op_index(b, OP_GLOBAL_SET, 1 + (uint64_t)type);
    } else if (choice < 50) {
        if (b->module->has[FEATURE_WIDE_ARITHMETIC] && percent(50))
            wide_statement(b);
        else
            instruction(b, find_row(b, 0));
    } else if (choice < 56 && has_room(b)) {
        loop_statement(b);
    } else if (choice < 64 && has_room(b)) {
        if_statement(b);
    } else if (choice < 68 && has_room(b)) {
        switch_statement(b);
    } else if (choice < 72 && has_room(b)) {
        block_statement(b);
    } else if (choice < 78 && has_room(b) && b->module->has[FEATURE_EXCEPTIONS]) {
        if (percent(70))
            try_statement(b);
        else
            catch_statement(b);
    } else if (choice < 83) {
        bulk_statement(b);
    } else if (choice < 87) {
        table_statement(b);
    } else if (choice < 92 && b->module->has[FEATURE_GC]) {
        if (has_room(b) && percent(40))
            reference_statement(b);
        else
            object_statement(b);
    } else if (has_room(b)) {
        call_statement(b);
    } else {
        op(b, OP_NOP);
    }
}

static void statements(Body *b, size_t count) {
    while (count-- > 0 && b->left > 0)
        statement(b);
}

void put_body(Out *to, const Module *module, const Signature *signature) {
    Body b = {.module = module, .signature = signature, .left = 20 + (int)chance(200)};
    b.local_count = signature->param_count;
    if (signature->param_count)
        memcpy(b.locals, signature->params, signature->param_count * sizeof *signature->params);
    size_t extra = 2 + chance(8);
    put_unsigned(&b.code, extra + TYPES);
    for (size_t i = 0; i < extra + TYPES; i++) {
        bool is_scratch = i >= extra;
        Type type = is_scratch ? (Type)(i - extra) : random_type(module);
        if (is_scratch && (type > V128 || (type == V128 && !module->has[FEATURE_SIMD])))
            type = I32; /* keeps the places of the others */
        put_unsigned(&b.code, 1);
        if (is_scratch && i - extra == FUNC && module->has[FEATURE_GC]) {
            put(&b.code, 0x63); /* read_func's array */
            put_signed(&b.code, TYPE_FUNCS);
        } else {
            put_type(&b.code, type);
        }
        if (!is_scratch)
            b.locals[b.local_count++] = type;
    }
    b.scratch = b.local_count;
    enter(&b, signature->results, signature->result_count);
    pay(&b);
    for (size_t i = signature->param_count; i < b.local_count; i++)
        if (b.locals[i] >= STRUCT && percent(90)) {
            put_constant(&b.code, b.locals[i]);
            op_index(&b, OP_LOCAL_SET, i);
        }
    statements(&b, 2 + chance(8));
    b.left = b.left < 5 ? 5 : b.left;
    values(&b, signature->results, signature->result_count);
    op(&b, OP_END);
    put_sized(to, &b.code);
}
