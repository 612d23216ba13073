/* The door of decode: bytes → module, bytes → component. Malformedness is found here, but for the
 * instructions of function bodies and constant expressions, which validation reads. */
#ifndef SGI_DECODE_H
#define SGI_DECODE_H

#include "module/module.h"

/* Decodes a core module from `bytes`, which are copied into the module. `*module` has one reference and its
 * own account (budget taken over from cx->alloc->limit); NULL on failure. */
sg_status sgi_decode_module(const LoadContext *cx, Bytes bytes, Module **module);

/* Decodes a component with all that is nested inside. As above. */
sg_status sgi_decode_component(const LoadContext *cx, Bytes bytes, Component **component);

typedef enum BinaryKind { BINARY_NONE, BINARY_MODULE, BINARY_COMPONENT } BinaryKind;

/* What the first eight bytes say. */
BinaryKind sgi_decode_kind(Bytes bytes);

/* Decodes a recursion group (core:rectype) at `r`, for core modules and component core types alike; appends
 * to `types`. `type_base` is the index that the group's first type gets. `types` grows on cx->alloc; what its
 * items point at is from `arena`. */
typedef struct SubTypeVec {
    SubType *items;
    size_t count, capacity;
} SubTypeVec;
sg_status sgi_decode_rec_group(const LoadContext *cx, Arena *arena, Reader *r, uint32_t type_base,
                               SubTypeVec *types, bool *is_rec);

/* Shared by both decoders; value types, which instructions hold too, are read by module/instr.h. */
sg_status sgi_decode_table_type(const LoadContext *cx, Reader *r, TableType *type);
sg_status sgi_decode_memory_type(const LoadContext *cx, Reader *r, Limits *limits);
sg_status sgi_decode_global_type(const LoadContext *cx, Reader *r, GlobalType *type);

#endif
