/* Instructions → text, flat: one line each in a body, one line for all in a constant expression (core
 * specification, 6.5). The row of ops.def tells what to print after the name. Nesting only moves the
 * indentation. */
#include "text/print.h"

#include <math.h>
#include <string.h>

enum { MAX_INDENT = 32 }; /* deeper nesting is not shown: output stays linear */

void sgi_print_line(CorePrinter *p) {
    sgi_buf_byte(p->out, '\n');
    for (unsigned i = 0; i < p->indent && i < MAX_INDENT; i++)
        sgi_buf_text(p->out, "  ");
}

static void put_index(CorePrinter *p, NameSpace space, uint32_t index) {
    sgi_buf_byte(p->out, ' ');
    sgi_print_index(p, space, index);
}

/* Index 0 is what leaving it out means. */
static void put_optional(CorePrinter *p, NameSpace space, uint32_t index) {
    if (index)
        put_index(p, space, index);
}

static void put_pair(CorePrinter *p, NameSpace space, const Instr *instr) {
    if (instr->index || instr->index2) {
        put_index(p, space, instr->index);
        put_index(p, space, instr->index2);
    }
}

static void put_block_type(CorePrinter *p, const Instr *instr) {
    if (instr->index != NO_TYPE) {
        sgi_buf_text(p->out, " (type ");
        sgi_print_index(p, NAMES_OF_TYPE, instr->index);
        sgi_buf_byte(p->out, ')');
    } else if (instr->type != VAL_BOTTOM) {
        sgi_buf_text(p->out, " (result ");
        sgi_print_val_type(p, instr->type);
        sgi_buf_byte(p->out, ')');
    }
}

static void put_labels(CorePrinter *p, const Instr *instr) {
    const uint8_t *at = instr->labels;
    for (uint32_t i = 0; i < instr->label_count; i++)
        sgi_buf_printf(p->out, " %u", sgi_leb_u32(&at));
    sgi_buf_printf(p->out, " %u", instr->index);
}

static void put_catches(CorePrinter *p, const Instr *instr) {
    static const char *const keywords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    const uint8_t *at = instr->labels;
    for (uint32_t i = 0; i < instr->label_count; i++) {
        Catch clause = sgi_read_catch(&at);
        sgi_buf_printf(p->out, " (%s", keywords[clause.kind]);
        if (clause.kind <= CATCH_REF)
            put_index(p, NAMES_OF_TAG, clause.tag);
        sgi_buf_printf(p->out, " %u)", clause.label);
    }
}

static void put_memarg(CorePrinter *p, const Instr *instr) {
    put_optional(p, NAMES_OF_MEMORY, instr->index);
    if (instr->bits)
        sgi_buf_printf(p->out, " offset=%llu", (unsigned long long)instr->bits);
    /* Larger alignments than natural are invalid; 2 to the 63 fits. */
    if (instr->align != sgi_op_access(instr->op))
        sgi_buf_printf(p->out, " align=%llu", (unsigned long long)(UINT64_C(1) << instr->align));
}

/* The exact value, and beside it one for people. */
static void put_float(CorePrinter *p, const Instr *instr, bool is_64) {
    Slot value = {.u64 = instr->bits};
    double number = is_64 ? value.f64 : (double)value.f32;
    sgi_buf_byte(p->out, ' ');
    sgi_print_float(p->out, instr->bits, is_64);
    if (isfinite(number) && number != 0)
        sgi_buf_printf(p->out, " (;=%.*g;)", is_64 ? 17 : 9, number);
}

static void put_lanes(CorePrinter *p, const uint8_t *lanes, unsigned count) {
    for (unsigned i = 0; i < count; i++)
        sgi_buf_printf(p->out, " %u", lanes[i]);
}

/* As four lanes of 32 bits, which say the same as any. */
static void put_v128(CorePrinter *p, const uint8_t *bytes) {
    sgi_buf_text(p->out, " i32x4");
    for (unsigned i = 0; i < 16; i += 4)
        sgi_buf_printf(p->out, " 0x%02x%02x%02x%02x", bytes[i + 3], bytes[i + 2], bytes[i + 1], bytes[i]);
}

/* Only what validates has its one type; of the rest the first is shown. */
static void put_select_type(CorePrinter *p, const Instr *instr) {
    sgi_buf_text(p->out, " (result");
    if (instr->type_count) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_val_type(p, instr->type);
    }
    sgi_buf_byte(p->out, ')');
}

/* Null is of a heap type; tests and casts write a whole reference type. */
static void put_heap_type(CorePrinter *p, Op op, ValType type) {
    if (op != OP_REF_NULL) {
        sgi_buf_byte(p->out, ' ');
        sgi_print_val_type(p, type);
        return;
    }
    if (!sgi_is_abstract(sgi_heap(type))) {
        put_index(p, NAMES_OF_TYPE, sgi_heap(type));
        return;
    }
    /* "(ref func)" without what is around the heap type. */
    sgi_buf_byte(p->out, ' ');
    TypeName name = sgi_type_name(sgi_ref(false, sgi_heap(type)));
    for (const char *at = name.text + strlen("(ref "); *at != ')'; at++)
        sgi_buf_byte(p->out, (uint8_t)*at);
}

static void put_call_indirect(CorePrinter *p, const Instr *instr) {
    put_optional(p, NAMES_OF_TABLE, instr->index2);
    sgi_buf_text(p->out, " (type ");
    sgi_print_index(p, NAMES_OF_TYPE, instr->index);
    sgi_buf_byte(p->out, ')');
}

static void put_type_and(CorePrinter *p, NameSpace space, const Instr *instr) {
    put_index(p, NAMES_OF_TYPE, instr->index);
    put_index(p, space, instr->index2);
}

static void put_cast(CorePrinter *p, const Instr *instr) {
    sgi_buf_printf(p->out, " %u ", instr->index);
    sgi_print_val_type(p, instr->type);
    sgi_buf_byte(p->out, ' ');
    sgi_print_val_type(p, instr->type2);
}

static void put_immediates(CorePrinter *p, const Instr *instr) {
    switch ((Imm)sgi_ops[instr->op].imm) {
    case IMM_NONE: return;
    case IMM_BLOCK: put_block_type(p, instr); return;
    case IMM_LABEL: sgi_buf_printf(p->out, " %u", instr->index); return;
    case IMM_LABEL_TABLE: put_labels(p, instr); return;
    case IMM_FUNC: put_index(p, NAMES_OF_FUNC, instr->index); return;
    case IMM_CALL_INDIRECT: put_call_indirect(p, instr); return;
    case IMM_TYPE: put_index(p, NAMES_OF_TYPE, instr->index); return;
    case IMM_SELECT_TYPES: put_select_type(p, instr); return;
    case IMM_LOCAL: put_index(p, NAMES_OF_LOCAL, instr->index); return;
    case IMM_GLOBAL: put_index(p, NAMES_OF_GLOBAL, instr->index); return;
    case IMM_TABLE: put_optional(p, NAMES_OF_TABLE, instr->index); return;
    case IMM_MEMARG: put_memarg(p, instr); return;
    case IMM_MEMARG_LANE:
        put_memarg(p, instr);
        put_lanes(p, &instr->lane, 1);
        return;
    case IMM_LANE: put_lanes(p, &instr->lane, 1); return;
    case IMM_SHUFFLE: put_lanes(p, instr->labels, 16); return;
    case IMM_V128: put_v128(p, instr->labels); return;
    case IMM_MEMORY: put_optional(p, NAMES_OF_MEMORY, instr->index); return;
    case IMM_I32:
    case IMM_I64: sgi_buf_printf(p->out, " %lld", (long long)instr->bits); return;
    case IMM_F32: put_float(p, instr, false); return;
    case IMM_F64: put_float(p, instr, true); return;
    case IMM_HEAP_TYPE: put_heap_type(p, instr->op, instr->type); return;
    case IMM_DATA_MEMORY:
        put_optional(p, NAMES_OF_MEMORY, instr->index2);
        put_index(p, NAMES_OF_DATA, instr->index);
        return;
    case IMM_DATA: put_index(p, NAMES_OF_DATA, instr->index); return;
    case IMM_MEMORY_MEMORY: put_pair(p, NAMES_OF_MEMORY, instr); return;
    case IMM_ELEM_TABLE:
        put_optional(p, NAMES_OF_TABLE, instr->index2);
        put_index(p, NAMES_OF_ELEM, instr->index);
        return;
    case IMM_ELEM: put_index(p, NAMES_OF_ELEM, instr->index); return;
    case IMM_TABLE_TABLE: put_pair(p, NAMES_OF_TABLE, instr); return;
    case IMM_TYPE_FIELD:
        put_index(p, NAMES_OF_TYPE, instr->index);
        sgi_buf_byte(p->out, ' ');
        sgi_print_field_index(p, instr->index, instr->index2);
        return;
    case IMM_TYPE_COUNT:
        put_index(p, NAMES_OF_TYPE, instr->index);
        sgi_buf_printf(p->out, " %u", instr->index2);
        return;
    case IMM_TYPE_DATA: put_type_and(p, NAMES_OF_DATA, instr); return;
    case IMM_TYPE_ELEM: put_type_and(p, NAMES_OF_ELEM, instr); return;
    case IMM_TYPE_TYPE: put_type_and(p, NAMES_OF_TYPE, instr); return;
    case IMM_CAST: put_cast(p, instr); return;
    case IMM_TAG: put_index(p, NAMES_OF_TAG, instr->index); return;
    case IMM_TRY_TABLE:
        put_block_type(p, instr);
        put_catches(p, instr);
        return;
    case IMM_ZERO: return;
    }
}

static bool names_data(Op op) {
    Imm imm = (Imm)sgi_ops[op].imm;
    return imm == IMM_DATA || imm == IMM_DATA_MEMORY || imm == IMM_TYPE_DATA;
}

static bool opens(Op op) {
    return sgi_ops[op].imm == IMM_BLOCK || op == OP_TRY_TABLE;
}

/* Does it stand one step further out than the instructions around it? */
static bool divides(Op op) {
    return op == OP_ELSE || op == OP_CATCH || op == OP_CATCH_ALL;
}

static Reader code_reader(const CorePrinter *p, const uint8_t *code, const uint8_t *end) {
    return (Reader){code, end, p->module->bytes.data, p->cx.err};
}

/* A block's own name. Branches name labels by number: it stands once, and may be long. */
static void put_label_name(CorePrinter *p, const NameMap *labels, uint32_t index) {
    Bytes name = sgi_name_find(labels, index);
    if (name.size == 0)
        return;
    sgi_buf_byte(p->out, ' ');
    sgi_print_id(p->out, name);
}

const NameMap *sgi_print_local_names(const CorePrinter *p, uint32_t func) {
    return sgi_print_find_names(&p->module->names.locals, func);
}

sg_status sgi_print_body(CorePrinter *p, uint32_t func, const FuncBody *body) {
    Reader r = code_reader(p, body->code, body->end);
    const NameMap *labels = sgi_print_find_names(&p->module->names.labels, func);
    const unsigned base = p->indent;
    uint32_t depth = 1, label = 0;
    for (uint32_t steps = 1; r.at < r.end; steps++) {
        Instr instr;
        SGI_TRY(sgi_read_instr(&p->cx, &r, &instr));
        if (instr.op == OP_END && --depth == 0)
            break;
        if (instr.op == OP_DELEGATE && depth > 1)
            depth--;
        p->indent = base + depth - (divides(instr.op) && depth > 1 ? 2 : 1);
        sgi_print_line(p);
        sgi_print_hint(p, func, body, instr.offset);
        sgi_buf_text(p->out, sgi_ops[instr.op].text);
        if (opens(instr.op)) {
            depth++;
            put_label_name(p, labels, label++);
        }
        p->needs_data_count |= names_data(instr.op);
        put_immediates(p, &instr);
        if (steps % 1024 == 0)
            SGI_TRY(sgi_load_poll(&p->cx));
    }
    p->indent = base;
    return depth == 0 && r.at == r.end ? SG_OK : sgi_reader_fail(&r, "END opcode expected");
}

sg_status sgi_print_const(CorePrinter *p, const char *wrapper, const ConstExpr *expr) {
    Reader r = code_reader(p, expr->code, expr->end);
    Instr instr;
    SGI_TRY(sgi_read_instr(&p->cx, &r, &instr));
    if (instr.op == OP_END)
        return SG_OK; /* empty, which is not valid */
    /* One instruction and its end, or else the sequence as it stands. */
    bool folded = r.end - r.at == 1 && !opens(instr.op) && !divides(instr.op);
    sgi_buf_text(p->out, folded || wrapper[0] ? " (" : " ");
    if (!folded && wrapper[0])
        sgi_buf_printf(p->out, "%s ", wrapper);
    for (;;) {
        sgi_buf_text(p->out, sgi_ops[instr.op].text);
        put_immediates(p, &instr);
        if (r.end - r.at <= 1)
            break;
        sgi_buf_byte(p->out, ' ');
        SGI_TRY(sgi_read_instr(&p->cx, &r, &instr));
    }
    if (folded || wrapper[0])
        sgi_buf_byte(p->out, ')');
    return SG_OK;
}
