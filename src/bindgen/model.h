/* Inside bindgen: a world as C sees it.
 *
 *   the tree of WIT ── model ──→ interfaces, types, functions with their names in C ── declare, guest or host
 *   ──→ text
 *
 * Everything lives in the arena of the tree. Types are one for each definition and each instance of its
 * interface; those without a name of their own are one for each structure. A struct of C in the guest has the
 * layout of the canonical ABI, so that only flat values need to be taken apart. */
#ifndef SGI_BINDGEN_MODEL_H
#define SGI_BINDGEN_MODEL_H

#include "bindgen/bindgen.h"
#include "wit/tree.h"

typedef struct BindType BindType;
typedef struct BindFunc BindFunc;
typedef struct BindResource BindResource;

/* An instance that the world imports or exports, or, `is_world`, what it has itself. */
typedef struct BindIface {
    const WitScope *scope;
    bool is_export, is_world;
    Bytes wit_name; /* the instance's in the component: "ns:pkg/name@1.0.0"; empty for the world */
    Bytes docs;
    const char *prefix; /* of its names in C: "app_name" */
    BindResource *resources, **last_resource;
    BindFunc *funcs, **last_func;
    const char *table; /* host, of imports: the struct of functions to be implemented */
    const char *link;  /* the function that links it */
    struct BindIface *next;
} BindIface;

typedef struct BindMember {
    Bytes wit_name;
    const char *name;     /* of the field, the union's member, the parameter */
    const char *constant; /* of a case or flag */
    Bytes docs;
    BindType *type; /* NULL: none */
} BindMember;

struct BindResource {
    BindIface *iface;
    const WitDef *def;
    bool is_local; /* implemented on the side that is written */
    const char *name, *short_name;
    BindType *own, *borrow;
    /* Functions: */
    const char *drop_own, *drop_borrow, *borrow_own, *make, *rep, *destroy;
    BindResource *next;
};

struct BindType {
    sg_kind kind;
    const char *name;       /* in C */
    const char *short_name; /* without the world's, for the names of lists of it and so on */
    const char *free_name;  /* of the function that frees it, if it owns memory */
    const WitDef *def;      /* what is declared; NULL if it has no name of its own */
    BindType *alias_of;     /* a typedef */
    BindMember *members;    /* fields, cases, flags; items; ok and error; the element */
    size_t count;
    uint32_t length; /* SG_FIXED_LIST */
    BindResource *resource;
    bool owns;                      /* memory */
    uint32_t size, align, payload;  /* in the guest; where the payload of a variant begins */
    char flat[MAX_FLAT_PARAMS];     /* core types: i32 'i', i64 'l', f32 'f', f64 'd' */
    uint32_t flat_count;            /* may be more than there is room for */
    const char *out_name, *in_name; /* of functions that take it apart, and put it together, for calls */
    bool is_out, is_in;             /* which are needed */
    BindType *next;                 /* as they are declared */
};

struct BindFunc {
    const WitFunc *func;
    BindIface *iface;
    bool is_export;
    const char *name;
    const char *raw_name, *post_name; /* of what is between it and the other side */
    BindMember *params;
    size_t count;
    BindType *result; /* NULL: none */
    char flat[MAX_FLAT_PARAMS];
    uint32_t flat_count;
    size_t index; /* among the exports */
    BindFunc *next;
};

typedef struct Bindgen {
    Wit *wit;
    Arena *arena;
    const WitScope *world;
    bool is_host;
    bool failed;        /* memory was refused */
    const char *prefix; /* "app" */
    Map names;          /* of C in file scope; how often each was asked for */
    Map prefixes;
    Map iface_map, type_map; /* by identity */
    Map exported;            /* interfaces, the same */
    Vec(BindIface *) iface_list;
    Vec(BindType *) type_list;
    BindIface *ifaces, **last_iface;
    BindType *types, **last_type;
    BindType *primitives[SG_STRING + 1];
    const char *string_of, *string_copy; /* functions of the guest */
    const char *instance, *bind;         /* of the host: the struct, and the function that fills it */
    size_t long_names;
    size_t export_count; /* functions */
    Buf header, source;
} Bindgen;

/* ---- names.c ---- */

bool sgi_bind_names_init(Bindgen *b);
/* A string of the arena; "" after a failure, which b->failed tells. */
const char *sgi_bind_format(Bindgen *b, const char *format, ...) SGI_PRINTF(2, 3);
/* A name of WIT as one of C: "a-b" → "a_b". */
const char *sgi_bind_snake(Bindgen *b, Bytes name);
const char *sgi_bind_upper(Bindgen *b, const char *name);
/* The same, other than C's own words: for fields. */
const char *sgi_bind_field(Bindgen *b, Bytes name);
/* A name in file scope that nothing else has. */
const char *sgi_bind_global(Bindgen *b, const char *wanted);
/* A name for a parameter: no other parameter's before it, nor one in file scope. All of those are known. */
void sgi_bind_name_params(Bindgen *b, BindFunc *func);

/* ---- layout.c ---- */

/* Size, alignment and flat types by those of the members. SG_TOO_LARGE. */
sg_status sgi_bind_lay_out(Bindgen *b, BindType *type);
/* Appends flat types; `flat` has room for MAX_FLAT_PARAMS. */
void sgi_bind_flatten(const BindType *type, char *flat, uint32_t *count);

/* ---- model.c ---- */

/* Fills in interfaces, types and functions. */
sg_status sgi_bind_model(Bindgen *b);

/* ---- declare.c ---- */

/* A comment: what WIT says, then `more`, if any. */
void sgi_bind_comment(Buf *out, unsigned indent, Bytes docs, const char *more, ...) SGI_PRINTF(4, 5);
/* What is said of results that own memory, to those who make them. */
extern const char sgi_bind_result_text[];
/* What stands between the quotes of a string of C. */
void sgi_bind_quote(Buf *out, Bytes text);
/* The declarations of all types, and of functions that free them. */
void sgi_bind_declare_types(Bindgen *b);
/* Those functions. */
void sgi_bind_define_free(Bindgen *b);
bool sgi_bind_is_scalar(const BindType *type);

/* ---- wrap.c ---- */

void sgi_bind_wrap(Buf *text);

/* ---- guest.c, guest_text.c ---- */

extern const char sgi_bind_guest_text[];
void sgi_bind_guest(Bindgen *b);

/* ---- convert.c ---- */

/* `type` is converted on the way out to the guest, or in from it. */
void sgi_bind_mark(BindType *type, bool is_out);
/* The functions that convert what is marked. */
void sgi_bind_define_conversions(Bindgen *b);
/* Statements that convert an argument or result, if the variable Status says that all went well, and set it.
 */
void sgi_bind_put_outermost(Bindgen *b, bool is_out, const BindType *type, const char *from, const char *to,
                            const char *what, size_t number);

/* ---- host.c, host_text.c ---- */

extern const char sgi_bind_host_text[];

void sgi_bind_host(Bindgen *b);

#endif
