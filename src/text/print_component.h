/* Private to text: what the files of the component printer share. */
#ifndef SGI_PRINT_COMPONENT_H
#define SGI_PRINT_COMPONENT_H

#include "text/print.h"
#include "text/text.h"

/* How many of each sort a scope has defined so far: for the comments that number definitions. */
typedef struct SortCounts {
    uint32_t core[0x20], other[0x08]; /* by the low byte of Sort */
} SortCounts;

typedef struct CompPrinter {
    CorePrinter core; /* without a module: lines, and core types by number */
    Buf *out;
} CompPrinter;

/* The keyword of a sort: "core func", "instance". */
void sgi_print_sort(CompPrinter *p, Sort sort);
/* "(func" and the number the next of that sort gets: " (;3;)". */
void sgi_print_numbered(CompPrinter *p, SortCounts *counts, Sort sort);
/* " (;3;)" alone. */
void sgi_print_number(CompPrinter *p, SortCounts *counts, Sort sort);
/* " "name" (attribute ...)" */
void sgi_print_extern_name(CompPrinter *p, const ExternName *name);
void sgi_print_alias(CompPrinter *p, SortCounts *counts, const AliasDef *alias);

/* "(func (type 3))"; `counts` NULL: it defines nothing. */
void sgi_print_extern_desc(CompPrinter *p, SortCounts *counts, const ExternDesc *desc);
void sgi_print_value_expr(CompPrinter *p, const TypeExpr *expr);
/* "(type (;0;) ...)" and "(core type (;0;) ...)" */
sg_status sgi_print_type_def(CompPrinter *p, SortCounts *counts, const TypeExpr *expr);
sg_status sgi_print_core_type_def(CompPrinter *p, SortCounts *counts, const TypeExpr *expr);

#endif
