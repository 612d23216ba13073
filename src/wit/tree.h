/* Inside the wit room: packages as trees (component model, WIT.md).
 *
 *   sources ── lex, parse, items ──→ the tree below ── resolve ──→ the same, names resolved ── encode ──→ the
 *   binary of a component that exports each interface and world as a type ("Package Format")
 *
 *   a component, validated ── decode ──→ the same tree, names unresolved ── print ──→ text
 *
 * Everything lives in one arena, for the time of one translation. Recursion is over nested type expressions,
 * at most LIMIT(TYPE_DEPTH) deep, over type definitions, the same, and over interfaces that use each other,
 * at most WIT_USE_DEPTH deep. */
#ifndef SGI_WIT_TREE_H
#define SGI_WIT_TREE_H

#include "wit/wit.h"

enum { WIT_USE_DEPTH = 500 };

typedef struct WitPackage WitPackage;
typedef struct WitScope WitScope;
typedef struct WitDef WitDef;
typedef struct WitFunc WitFunc;
typedef struct WitType WitType;

typedef struct WitFile {
    const sg_wit_source *source;
    Bytes text;
    uint32_t group;      /* files of one folder: 0 the package itself, else a dependency */
    struct WitUse *uses; /* at top level */
    Map use_names;       /* of these, once resolved */
    WitPackage *package; /* NULL until it is known */
} WitFile;

/* A place in a file, for errors. */
typedef struct WitAt {
    const WitFile *file;
    size_t offset;
} WitAt;

typedef struct WitPackageName {
    Bytes text;    /* "ns:name", without version */
    Bytes version; /* empty: none */
    WitAt at;
} WitPackageName;

struct WitPackage {
    WitPackageName name;
    Bytes docs;
    bool is_named;
    uint32_t group;
    WitScope *scopes, **last_scope; /* interfaces and worlds; resolved: each behind those that it needs */
    WitScope *sorted[2], **last_sorted[2]; /* while they are put in order: interfaces, worlds */
    Map names;                             /* of them */
    WitPackage *next;
    uint8_t mark; /* of the search for cycles */
};

/* "a", or "ns:pkg/a@1.0.0". */
typedef struct WitPath {
    WitPackageName package; /* text empty: the own one */
    Bytes name;
    WitAt at;
} WitPath;

/* use path as name; at the top of a file; use path.{...}; in an interface or world. */
typedef struct WitUse {
    WitPath path;
    Bytes name;
    WitScope *scope; /* resolved; of the latter */
    struct WitUse *next;
} WitUse;

struct WitType {
    sg_kind kind;
    Bytes name; /* of a type by name, then kind does not count */
    WitAt at;
    WitDef *def;             /* resolved */
    WitType *first, *second; /* element; ok, error; key, value; or NULL */
    uint32_t length;         /* SG_FIXED_LIST */
    struct WitMember *items; /* SG_TUPLE */
};

/* Fields, cases, flags, tuple items, parameters. */
typedef struct WitMember {
    Bytes name, docs;
    WitAt at;
    WitType *type; /* NULL: none */
    struct WitMember *next;
} WitMember;

typedef enum WitDefKind { WIT_ALIAS, WIT_COMPOUND, WIT_RESOURCE, WIT_USED } WitDefKind;

struct WitDef {
    WitDefKind kind;
    Bytes name, external_id, docs;
    WitAt at;
    WitScope *scope;
    WitType *type;                     /* WIT_ALIAS */
    sg_kind compound;                  /* WIT_COMPOUND: record, variant, enum, flags */
    WitMember *members, **last_member; /* the same */
    WitUse *use;                       /* WIT_USED */
    Bytes from_name;                   /* the same */
    WitDef *target;                    /* resolved */
    WitDef *next, *next_sorted;
    uint32_t depth;                     /* of types, once checked */
    bool borrows;                       /* the same: has a borrowed handle inside */
    uint8_t mark;                       /* of the search for cycles */
    uint32_t encoded_in, encoded_index; /* its type index in the scope of that number */
    WitFunc *methods, **last_method;    /* WIT_RESOURCE: while functions are put in order */
    WitDef *clone;                      /* while its world is included: what stands for it there */
};

typedef enum WitFuncKind { WIT_FREE, WIT_METHOD, WIT_STATIC, WIT_CONSTRUCTOR } WitFuncKind;

struct WitFunc {
    WitFuncKind kind;
    Bytes name; /* as encoded: "[method]file.read" */
    Bytes external_id, docs;
    WitAt at;
    bool is_async;
    WitDef *resource; /* but for WIT_FREE */
    WitMember *params, **last_param;
    WitType *result; /* NULL: none */
    WitFunc *next;
};

/* An import or export of a world. */
typedef struct WitItem {
    bool is_export, is_included;
    Bytes name; /* empty: the interface's own */
    Bytes external_id, docs;
    WitAt at;
    WitFunc *func;       /* one of these: a function, */
    WitScope *interface; /* an interface (written inline, or resolved from the path), */
    WitPath path;        /* which has this one */
    struct WitItem *next;
} WitItem;

typedef struct WitRename {
    Bytes from, to;
    WitAt at;
    bool is_used;
    struct WitRename *next;
} WitRename;

typedef struct WitInclude {
    WitPath path;
    WitRename *renames;
    struct WitInclude *next;
} WitInclude;

/* An interface or a world. */
struct WitScope {
    bool is_world, is_inline;
    Bytes name, docs;
    WitAt at;
    WitPackage *package;
    WitDef *defs, **last_def;
    WitDef *sorted, **last_sorted; /* while they are put in order */
    WitUse *uses;
    WitFunc *funcs, **last_func; /* of resources, in the order of these; then, of interfaces, the others */
    WitItem *items, **last_item; /* of worlds */
    WitInclude *includes, **last_include;
    WitScope *next, *next_sorted;
    Map names;        /* of what it defines */
    const void *self; /* its address, as a key */
    uint8_t mark;
    /* In the scope of that number: instance indices, and what was found out. */
    uint32_t imported_in, import_index, exported_in, export_index, will_export, checked_in;
};

typedef struct Wit {
    LoadContext cx;
    Arena arena;
    const char *const *features;
    size_t feature_count;
    WitFile *files;
    size_t file_count;
    WitPackage *packages, **last_package;
    Map package_names;
    const WitPackage *own; /* the one that the files outside deps/ are */
    Vec(void *) objects;   /* what names stand for */
    Vec(Map *) maps;       /* to be freed */
    uint32_t nested;       /* definitions that are being checked */
    uint32_t scopes_made;
} Wit;

/* ---- lex.c ---- */

typedef enum WitTokenKind {
    WIT_END,
    WIT_ID,     /* `name` without its "%" */
    WIT_NUMBER, /* decimal digits */
    WIT_STRING, /* `name`: what stands between the quotes, escapes and all */
    WIT_MARK,   /* one of { } ( ) < > , ; : / . = @ * _ and "->" as '-' */
} WitTokenKind;

typedef struct WitToken {
    WitTokenKind kind;
    char mark;
    bool is_escaped; /* WIT_ID with "%": no keyword */
    Bytes name;
    size_t offset, end;
} WitToken;

typedef struct WitLexer {
    Wit *wit;
    const WitFile *file;
    WitToken token; /* the next one */
    Bytes docs;     /* what stands before it, from the first comment for readers to the last */
} WitLexer;

sg_status sgi_wit_fail(const Wit *wit, WitAt at, const char *message, const char *detail, ...)
    SGI_PRINTF(4, 5);
sg_status sgi_wit_no_memory(const Wit *wit);
/* label: words of letters and digits in one case, separated by single hyphens (Explainer, "label"). */
bool sgi_wit_is_label(Bytes name);
/* Characters that WIT must not have: they make text look like what it is not. */
bool sgi_wit_is_forbidden(int32_t c);
/* Where the comment ends that "/ *" begins at `at`; SIZE_MAX: nowhere. They nest. */
size_t sgi_wit_comment_end(Bytes text, size_t at);
sg_status sgi_wit_lex_begin(WitLexer *lexer, Wit *wit, const WitFile *file);
/* Moves to the next token. */
sg_status sgi_wit_next(WitLexer *lexer);
/* A version, which begins right behind the mark '@' that is the current token; moves past it. */
sg_status sgi_wit_take_version(WitLexer *lexer, Bytes *version);

/* ---- docs.c ---- */

/* Lines of what this tree has as `docs`; begin with {.text = docs}. */
typedef struct WitDocs {
    Bytes text, block; /* what is left, and of a block comment */
    bool is_begun;     /* its first line comes next */
} WitDocs;

/* The next line without its marks and the blank at its end; false when there is none. */
bool sgi_wit_next_doc(WitDocs *docs, Bytes *line);

/* ---- parse.c ---- */

/* Only with a "%" is it an identifier. */
bool sgi_wit_is_keyword(Bytes name);
/* The word that a type without a name of its own begins with. */
const char *sgi_wit_type_name(sg_kind kind);

/* ---- items.c ---- */

/* Finds the name of the file's package: file->package, or NULL if the file does not say. */
sg_status sgi_wit_parse_header(Wit *wit, WitFile *file);
/* The rest; file->package is known. */
sg_status sgi_wit_parse_file(Wit *wit, WitFile *file);
/* The package of the group's files that do not say. */
sg_status sgi_wit_unnamed_package(Wit *wit, const WitFile *file, WitPackage **package);

/* ---- resolve.c ---- */

/* Resolves all names and checks what can be wrong with them. */
sg_status sgi_wit_resolve(Wit *wit);
/* The definition behind uses and aliases of names alone. */
const WitDef *sgi_wit_origin(const WitDef *def);

/* ---- clone.c ---- */

/* A copy of a world's definition, named in the world that includes it: first of all of them, */
sg_status sgi_wit_clone_def(Wit *wit, WitDef *from, Bytes name);
/* then of what each of the copies is made of, */
sg_status sgi_wit_clone_parts(Wit *wit, WitDef *def);
/* and of functions. */
sg_status sgi_wit_clone_func(Wit *wit, const WitFunc *from, WitFunc **func);

/* ---- encode.c ---- */

sg_status sgi_wit_encode_package(Wit *wit, const WitPackage *package, Buf *binary);

/* ---- decode.c ---- */

/* What a component is typed by, as a tree: names stand for what they mean, unresolved; no places. Free with
 * sgi_wit_close, after a failure too. The component must live as long. */
sg_status sgi_wit_decode(Wit *wit, const LoadContext *cx, const Component *component);

/* ---- print.c ---- */

/* The text of a decoded tree: its own package, then the others. */
sg_status sgi_wit_print_tree(Wit *wit, Buf *text);

/* ---- wit.c ---- */

/* The files of a package and its dependencies → the tree, resolved and known to be right. Free with
 * sgi_wit_close, after a failure too. Sources and features must live as long. */
sg_status sgi_wit_open(Wit *wit, const LoadContext *cx, const sg_wit_source *sources, size_t count,
                       const char *const *features, size_t feature_count);
void sgi_wit_close(Wit *wit);
/* The package's own world `name`, any world by its path "ns:pkg/name@1.0.0", or, NULL, the package's only
 * one.
 */
sg_status sgi_wit_find_world(const Wit *wit, const char *name, const WitScope **world);

/* Copies what was written to the arena. */
sg_status sgi_wit_keep(Wit *wit, const Buf *text, Bytes *kept);
/* Makes a tree empty whose `cx` is set. */
void sgi_wit_init(Wit *wit);
/* Names in maps stand for what `objects` has. An existing name keeps its object; NULL: no such name. */
sg_status sgi_wit_name_object(Wit *wit, Map *map, Bytes name, void *object);
void *sgi_wit_find_object(const Wit *wit, const Map *map, Bytes name);
/* At the end of the tree's packages; `name` NULL: unnamed. */
sg_status sgi_wit_new_package(Wit *wit, const WitPackageName *name, WitPackage **package);
/* NULL: there is none of that name and version. */
sg_status sgi_wit_find_package(Wit *wit, const WitPackageName *name, WitPackage **package);
/* Of `package`, but not yet among its scopes; NULL when memory is refused. */
WitScope *sgi_wit_new_scope(Wit *wit, WitPackage *package, bool is_world, Bytes name);
/* Puts the functions of a scope in order: those of resources first. */
void sgi_wit_order_funcs(WitScope *scope);
/* Makes `map` empty; it is freed at the end. False when memory is refused. */
bool sgi_wit_map(Wit *wit, Map *map);

#endif
