/* Private to decode: what the parts of the component decoder share. */
#ifndef SGI_DECODE_COMPONENT_H
#define SGI_DECODE_COMPONENT_H

#include "decode/decode.h"
#include "decode/reading.h"

typedef struct CompDecoder {
    LoadContext cx; /* on the root component's account */
    Arena *arena;   /* the root's */
} CompDecoder;

/* How far the core type index space has come in one scope: recursion groups refer to themselves by index. */
typedef struct TypeScope {
    uint32_t core_types;
    uint32_t depth; /* of declarators around it */
} TypeScope;

/* Names of the binary format, at most LIMIT(NAME_BYTES) long. */
sg_status sgi_decode_comp_name(CompDecoder *d, Reader *r, Bytes *name);
/* A vector's length, of items that take at least `item_size` bytes each. */
sg_status sgi_decode_comp_count(CompDecoder *d, Reader *r, size_t item_size, uint32_t *count);
/* SG_MALFORMED at `offset`: a byte that begins nothing here. */
sg_status sgi_decode_bad_byte(CompDecoder *d, size_t offset, uint8_t byte, const char *what);

sg_status sgi_decode_sort(CompDecoder *d, Reader *r, Sort *sort);
sg_status sgi_decode_core_sort(CompDecoder *d, Reader *r, Sort *sort);
sg_status sgi_decode_alias(CompDecoder *d, Reader *r, AliasDef *alias);
sg_status sgi_decode_extern_name(CompDecoder *d, Reader *r, ExternName *name);
sg_status sgi_decode_extern_desc(CompDecoder *d, Reader *r, ExternDesc *desc);
sg_status sgi_decode_comp_val_type(CompDecoder *d, Reader *r, const TypeExpr **type);
sg_status sgi_decode_result_list(CompDecoder *d, Reader *r, const TypeExpr **result);
sg_status sgi_decode_type(CompDecoder *d, TypeScope *scope, Reader *r, TypeExpr **type);
sg_status sgi_decode_core_type(CompDecoder *d, TypeScope *scope, Reader *r, TypeExpr **type);
sg_status sgi_decode_canon(CompDecoder *d, Reader *r, CanonDef *canon);

#endif
