/* Private to validate: the component validator's state and what its parts offer each other. */
#ifndef SGI_VALIDATE_COMPONENT_H
#define SGI_VALIDATE_COMPONENT_H

#include "validate/validate.h"

/* ---- names ---- */

typedef enum NameKind {
    NAME_LABEL,
    NAME_CONSTRUCTOR,
    NAME_METHOD,
    NAME_STATIC,
    NAME_INTERFACE,
    NAME_OTHER, /* dependencies, URLs and hashes */
} NameKind;

typedef struct ParsedName {
    NameKind kind;
    Bytes resource; /* NAME_CONSTRUCTOR, NAME_METHOD, NAME_STATIC: the first label */
    Bytes unique;   /* two names are strongly-unique when these differ, case aside */
} ParsedName;

/* Explainer, "Import and Export Definitions", as far as `features` go. On failure `why` says what is wrong.
 */
bool sgi_name_parse(Bytes name, Features features, ParsedName *parsed, const char **why);
bool sgi_name_is_label(Bytes name);
bool sgi_name_is_semver(Bytes version);
bool sgi_name_is_canonversion(Bytes version);
/* The same name but for the case of letters. */
bool sgi_name_same(Bytes a, Bytes b);

/* ---- the validator ---- */

typedef enum ScopeKind {
    SCOPE_COMPONENT,
    SCOPE_COMPONENT_TYPE,
    SCOPE_INSTANCE_TYPE,
    SCOPE_MODULE_TYPE
} ScopeKind;

typedef struct NameScope {
    Map unique;     /* names so far, lower case */
    Map resources;  /* labels of the resource types among them */
    PtrMap labels;  /* ResourceName → its label (const Bytes *) */
    PtrMap visible; /* types that have a name outside: sg_type or ResourceName */
} NameScope;

/* The index spaces of a component, component type, instance type or core module type. */
typedef struct Scope Scope;
struct Scope {
    Scope *parent;
    ScopeKind kind;
    uint32_t id;
    Component *component; /* SCOPE_COMPONENT */
    uint32_t def;         /* the definition being validated */
    Vec(CompType) types;
    Vec(CompItem) funcs;
    Vec(CompItem) instances;
    Vec(CompItem) components;
    Vec(CoreItem) core_items[EXTERN_KINDS];
    Vec(const CoreModuleType *) core_modules;
    Vec(const CoreModuleType *) core_instances;
    Vec(SubType) core_types;
    Vec(const CoreModuleType *) core_module_types; /* beside core_types: NULL for what is not a module type */
    Vec(NamedExtern) imports;
    Vec(NamedExtern) exports;
    Vec(CoreExternType) core_imports; /* SCOPE_MODULE_TYPE */
    Vec(CoreExternType) core_exports;
    NameScope import_names, export_names;
    uint64_t transitive_instances; /* saturating */
    ValType context_type;          /* of context.get and context.set so far; 0: none */
};

typedef struct CompValidator {
    LoadContext cx; /* on the root's account */
    Component *root;
    Arena *arena;   /* the root's */
    uint64_t steps; /* against LIMIT(TYPE_STEPS) */
    uint32_t scopes, resources;
    uint64_t offset; /* of what is being validated */
    PtrMap indices;  /* lists of externs → Map from name to position, made when first searched */
} CompValidator;

/* SG_INVALID at the present offset. */
sg_status sgi_comp_invalid(CompValidator *v, const char *message, const char *detail, ...) SGI_PRINTF(3, 4);
/* The same without a detail. */
sg_status sgi_comp_refuse(CompValidator *v, const char *message);
sg_status sgi_comp_no_memory(CompValidator *v);
/* Hands a hold of a core type's group, just taken, to the root; gives it up on failure. */
sg_status sgi_comp_keep_type(CompValidator *v, uint32_t id);
/* Work on types is bounded, so that small components cannot ask for much of it. */
sg_status sgi_comp_steps(CompValidator *v, uint64_t steps);
/* What looking at a name costs beyond the step of its item: a long one can stand in few bytes of input and be
 * looked at in many places. */
static inline uint64_t sgi_name_steps(Bytes name) {
    return name.size / 32;
}
sg_status sgi_comp_bad_index(CompValidator *v, const char *what, uint32_t index);

void *sgi_comp_array(CompValidator *v, const void *items, size_t count, size_t size);

void sgi_scope_init(CompValidator *v, Scope *scope, ScopeKind kind, Scope *parent);
void sgi_scope_free(CompValidator *v, Scope *scope);

/* Position of `name` in a list, or NO_INDEX; the lists must stay where they are. Hashed when long. */
sg_status sgi_comp_find_extern(CompValidator *v, const NamedExtern *items, uint32_t count, Bytes name,
                               uint32_t *index);
sg_status sgi_comp_find_core(CompValidator *v, const CoreExternType *items, uint32_t count, Bytes name,
                             uint32_t *index);

/* ---- component_types.c, component_scopes.c, component_core_types.c: TypeExpr → resolved types ---- */

sg_status sgi_comp_define_type(CompValidator *v, Scope *scope, const TypeExpr *expr);
sg_status sgi_comp_define_core_type(CompValidator *v, Scope *scope, const TypeExpr *expr);
sg_status sgi_comp_value_type(CompValidator *v, Scope *scope, const TypeExpr *expr, const sg_type **type);
/* The type that an import or export description stands for, with fresh resources for those it binds. */
sg_status sgi_comp_extern_type(CompValidator *v, Scope *scope, const ExternDesc *desc, Bytes name,
                               bool is_import, ExternType *type);
/* A component or instance type. */
sg_status sgi_comp_define_scope(CompValidator *v, Scope *parent, const TypeExpr *expr, CompType *result);
sg_status sgi_comp_walk_decl(CompValidator *v, Scope *scope, const TypeDecl *decl);
sg_status sgi_comp_push_core_type(CompValidator *v, Scope *scope, SubType type, const CoreModuleType *module);
sg_status sgi_comp_outer_alias(CompValidator *v, Scope *scope, const AliasDef *alias);
sg_status sgi_comp_export_alias(CompValidator *v, Scope *scope, const AliasDef *alias);
sg_status sgi_comp_component_type(CompValidator *v, Scope *scope, ComponentType *type);
sg_status sgi_comp_instance_type(CompValidator *v, const NamedExtern *exports, size_t count,
                                 InstanceType **type);
sg_status sgi_comp_new_resource(CompValidator *v, const Scope *scope, ResourceType **resource);
/* An import or export of a core module type. */
sg_status sgi_comp_core_decl(CompValidator *v, Scope *scope, const TypeDecl *decl);

/* Fills size, alignment, flattening, depth and weight from the parts. */
sg_status sgi_comp_layout(CompValidator *v, sg_type *type);

/* ---- component_externs.c: imports and exports ---- */

/* Gives `type` a name in `scope`: checks the name and what it demands of the type, that the type can be seen
 * from outside, and appends it to the imports or exports and to its index space. */
sg_status sgi_comp_add_extern(CompValidator *v, Scope *scope, const ExternName *name, ExternType type,
                              bool is_import);
/* Checks a name alone, as one of `names`. `adds_type`: a resource type goes by this name from here on. */
sg_status sgi_comp_check_name(CompValidator *v, NameScope *names, const ExternName *name,
                              const ExternType *type, bool adds_type);
void sgi_names_init(CompValidator *v, NameScope *names);
void sgi_names_free(NameScope *names);
/* A type under one more name: what an import or export of it introduces. */
sg_status sgi_comp_rename(CompValidator *v, Bytes name, CompType *type);
void sgi_comp_weigh(const ExternType *type, uint64_t *weight, uint32_t *depth);
/* `name` in lower case. */
sg_status sgi_comp_lower(CompValidator *v, Bytes name, Bytes *lower);
sg_status sgi_comp_push_item(CompValidator *v, Scope *scope, const ExternType *type);
sg_status sgi_comp_get_item(CompValidator *v, Scope *scope, SortIndex item, ExternType *type);

/* ---- component_subst.c ---- */

/* `map` has resources, and types by name, and what stands in their place; it also remembers what was made. */
sg_status sgi_comp_subst_exports(CompValidator *v, PtrMap *map, const NamedExtern **exports, uint32_t count);
/* Does `type` refer to no resource but those it binds itself? */
sg_status sgi_comp_is_closed(CompValidator *v, const CompType *type, bool *closed);

/* ---- component_match.c: subtyping ---- */

typedef struct Matcher Matcher;
struct Matcher {
    TypeRegistry *types;
    CompValidator *v; /* NULL at run time */
    sg_error *err;
    sg_status status;   /* that a mismatch reports */
    PtrMap left, right; /* what resources of each side stand for; right: of the pattern */
    uint64_t steps;     /* at run time */
    uintptr_t tokens;   /* stand-ins for what is bound on both sides */
    uint32_t
        open_from; /* resources of the pattern with this id or a later one take what is in their place too */
    PtrMap *renames; /* unless NULL: takes types by name of the pattern and what stands in their place */
};

void sgi_matcher_init(Matcher *m, CompValidator *v);
void sgi_matcher_free(Matcher *m);
/* Lets `resources` of the pattern take what stands in their place. */
sg_status sgi_match_expect(Matcher *m, ResourceType *const *resources, uint32_t count);
sg_status sgi_match_extern(Matcher *m, const ExternType *sub, const ExternType *super);
sg_status sgi_match_core_extern(Matcher *m, const CoreExternType *sub, const CoreExternType *super);

/* ---- component_core.c: core modules, instances and their aliases ---- */

sg_status sgi_comp_core_module(CompValidator *v, Scope *scope, Module *module);
sg_status sgi_comp_core_instance(CompValidator *v, Scope *scope, const InstanceDef *def);
sg_status sgi_comp_core_alias(CompValidator *v, Scope *scope, const AliasDef *alias);
sg_status sgi_comp_core_func(CompValidator *v, Scope *scope, uint32_t index, uint32_t *id);
/* Is the core function type `id` of this signature, or declared below it? */
sg_status sgi_comp_core_func_is(CompValidator *v, uint32_t id, const FuncType *type, bool *is);
/* Exports are unique by name, imports by module and name. */
sg_status sgi_comp_unique_core(CompValidator *v, Map *names, bool is_import, const CoreExternType *type);
sg_status sgi_comp_push_core(CompValidator *v, Scope *scope, const CoreExternType *type);

/* ---- component_canon.c ---- */

sg_status sgi_comp_canon(CompValidator *v, Scope *scope, CanonDef *canon);
sg_status sgi_comp_canon_async(CompValidator *v, Scope *scope, CanonDef *canon);

/* What an options list may hold besides encoding, memory and realloc. */
enum { CANON_MAY_POST_RETURN = 1, CANON_MAY_ASYNC = 2, CANON_MAY_CALLBACK = 4 };
sg_status sgi_comp_options(CompValidator *v, Scope *scope, CanonDef *canon, unsigned may);
/* What is written to memory needs one; what the host makes there needs realloc too. */
sg_status sgi_comp_require(CompValidator *v, const CanonDef *canon, bool memory, bool realloc);
sg_status sgi_comp_canon_memory(CompValidator *v, const Scope *scope, CanonDef *canon);
/* Of its memory, once that is checked. */
ValType sgi_comp_address_type(const CanonDef *canon);
/* flatten_type, into `flat`: how many there are, which fit into MAX_FLAT_PARAMS. */
uint32_t sgi_comp_flat_types(const sg_type *type, const CanonDef *canon, ValType *flat);
/* The core function that a definition makes. */
sg_status sgi_comp_push_canon(CompValidator *v, Scope *scope, CanonDef *canon, const ValType *params,
                              uint32_t param_count, const ValType *results, uint32_t result_count);

#endif
