/* Private to text: what the files of the component printer share. */
#ifndef SGI_PRINT_COMPONENT_H
#define SGI_PRINT_COMPONENT_H

#include "text/print.h"
#include "text/text.h"

/* The names of one sort: where they begin, in the order of indices. */
typedef struct CompNameRange {
    size_t start;
    uint32_t count;
} CompNameRange;

enum { COMP_NAME_SORTS = 24 };

/* The names of a component, as its custom section has them. A name is empty where it cannot be an identifier.
 */
typedef struct CompNames {
    Bytes component; /* its own; empty: none */
    Vec(NameAssoc) items;
    CompNameRange ranges[COMP_NAME_SORTS];
    Map taken;
    uint32_t custom; /* the section, or NO_INDEX */
} CompNames;

/* How many of each sort a scope has defined so far: for the comments that number definitions. */
typedef struct SortCounts {
    uint32_t core[0x20], other[0x08]; /* by the low byte of Sort */
    const CompNames *names;           /* NULL: definitions have none */
} SortCounts;

typedef struct CompPrinter {
    CorePrinter core; /* without a module: lines, and core types by number */
    Buf *out;
    PrintStyle style;
} CompPrinter;

sg_status sgi_comp_names_read(CompPrinter *p, CompNames *names, const Component *component);
void sgi_comp_names_free(CompPrinter *p, CompNames *names);
/* Empty when there is none, or no `names`. */
Bytes sgi_comp_name(const CompNames *names, Sort sort, uint32_t index);

/* The keyword of a sort: "core func", "instance". */
void sgi_print_sort(CompPrinter *p, Sort sort);
/* "(func" and the name and number that the next of that sort gets: " $f (;3;)". */
void sgi_print_numbered(CompPrinter *p, SortCounts *counts, Sort sort);
/* " $f (;3;)" alone. */
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
