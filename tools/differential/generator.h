/* Random valid modules: what generate.c (a module's sections) and body.c (functions' bodies) share. */
#ifndef GENERATOR_H
#define GENERATOR_H

#include "module/ops.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- bytes --- */

typedef struct Out {
    uint8_t *data;
    size_t size, capacity;
} Out;

void put(Out *to, uint8_t byte);
void put_unsigned(Out *to, uint64_t value);
void put_signed(Out *to, int64_t value);
void put_raw(Out *to, const void *data, size_t size);
/* The contents of `from`, its size before it; empties `from`. */
void put_sized(Out *to, Out *from);

/* --- chance --- */

extern uint64_t chance_state;
uint32_t chance(uint32_t below);
static inline bool percent(uint32_t of) {
    return chance(100) < of;
}

/* --- the module being made --- */

/* Value types. Those from STRUCT on are references to the types that open the type section. */
typedef enum Type { I32, I64, F32, F64, V128, FUNC, EQ, STRUCT, SUBSTRUCT, BYTES, WORDS, REFS, TYPES } Type;

enum {
    MOST_FUNCS = 12,
    MOST_VALUES = 5, /* params or results */
    MOST_LOCALS = 24,
    GLOBALS = TYPES, /* one of each type, after the budget */
    BUDGET = 300,    /* calls and turns of loops of one exported call */
    TABLE_SIZE = MOST_FUNCS + 4,
    TABLE_MOST = TABLE_SIZE + 4,
    PAGES_MOST = 3,
    SEGMENT = 40, /* bytes of the passive data segment */
};

typedef struct Signature {
    uint32_t index; /* in the type section */
    size_t param_count, result_count;
    Type params[MOST_VALUES], results[MOST_VALUES];
} Signature;

typedef struct Module {
    bool has[FEATURE_COUNT];
    Type types[TYPES]; /* those that the features allow */
    size_t type_count;
    size_t memory_count;
    bool is_64[2]; /* memories' addresses */
    size_t func_count;
    Signature funcs[MOST_FUNCS];
    Signature tags[2];
} Module;

/* Indices of types; functions' own follow. */
enum { TYPE_STRUCT, TYPE_SUBSTRUCT, TYPE_BYTES, TYPE_WORDS, TYPE_REFS, TYPE_FUNCS, GC_TYPES };

/* Indices of functions: an import, which collects what no reference leads to, then the module's own. */
enum { FUNC_COLLECT, FUNC_FIRST };

void put_type(Out *to, Type type);
Type random_type(const Module *module);
void put_op(Out *to, Op op);
void put_constant(Out *to, Type type);

/* The code entry of a function, its size before it. */
void put_body(Out *to, const Module *module, const Signature *signature);

#endif
