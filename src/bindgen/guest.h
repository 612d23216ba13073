/* Inside bindgen, the guest's side: flat values (guest_flat.c), for functions and files (guest.c). */
#ifndef SGI_BINDGEN_GUEST_H
#define SGI_BINDGEN_GUEST_H

#include "bindgen/model.h"

/* Of a flat type: "int32_t". */
const char *sgi_bind_core_type(char flat);
/* Parameters, or a result, that pass through memory. */
bool sgi_bind_indirect_params(const BindFunc *func);
bool sgi_bind_indirect_result(const BindFunc *func);
/* Notes which of a function's types pass flat. */
void sgi_bind_mark_flat(BindFunc *func);
/* The functions of types that do. */
void sgi_bind_define_flat(Bindgen *b);
/* Statements that set slots `at` and on of the array `flat` from the value `expr`; */
void sgi_bind_lower(Buf *out, const char *indent, const BindType *type, const char *expr, const char *flat,
                    uint32_t at);
/* and the other way round. */
void sgi_bind_lift(Buf *out, const char *indent, const BindType *type, const char *expr, const char *flat,
                   uint32_t at);
/* A slot as an argument or result of core type `type`; */
void sgi_bind_core(Buf *out, char type, const char *slot);
/* what fills a slot, of an argument. */
void sgi_bind_slot(Buf *out, char type, const char *name);

#endif
