/* Private to validate: core types, for modules and for the core types of components. */
#ifndef SGI_VALIDATE_TYPES_H
#define SGI_VALIDATE_TYPES_H

#include "module/module.h"

/* Validates and registers types[start .. end), one recursion group; all earlier types are done. Fills `id`
 * and `depth`. `offset` is for errors. */
sg_status sgi_validate_rec_group(const LoadContext *cx, SubType *types, uint32_t start, uint32_t end,
                                 uint32_t *held, uint64_t offset);

/* Every type index in `type` is below `type_count`: "unknown type". */
sg_status sgi_validate_val_type(const LoadContext *cx, ValType type, uint32_t type_count, uint64_t offset);

sg_status sgi_validate_table_type(const LoadContext *cx, const TableType *type, uint32_t type_count,
                                  uint64_t offset);
sg_status sgi_validate_table_limits(const LoadContext *cx, const Limits *limits, uint64_t offset);
sg_status sgi_validate_memory_type(const LoadContext *cx, const Limits *limits, uint64_t offset);

/* "unknown <what> <index>", as the specification's tests have it. */
sg_status sgi_validate_unknown(const LoadContext *cx, const char *what, uint64_t index, uint64_t offset);

#endif
