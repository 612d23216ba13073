/* Core WebAssembly: modules, their instances, functions and values. */
#ifndef SANDGLASS_MODULE_H
#define SANDGLASS_MODULE_H

#include <sandglass/engine.h>
#include <sandglass/store.h>
#include <sandglass/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A decoded and validated module: immutable, shared freely between threads. */
typedef struct sg_module sg_module;
/* These belong to their store and live as long as it does; they are never freed singly. */
typedef struct sg_core_instance sg_core_instance;
typedef struct sg_core_func sg_core_func;
typedef struct sg_core_table sg_core_table;
typedef struct sg_core_memory sg_core_memory;
typedef struct sg_core_global sg_core_global;
typedef struct sg_core_tag sg_core_tag; /* of exceptions */

typedef enum sg_core_kind {
    SG_CORE_I32,
    SG_CORE_I64,
    SG_CORE_F32,
    SG_CORE_F64,
    SG_CORE_V128,
    SG_CORE_FUNCREF,   /* any reference to a function: of.ref is an sg_core_func */
    SG_CORE_EXTERNREF, /* any external reference: the host's own pointer, or what a guest made external */
    SG_CORE_ANYREF,    /* any internal reference: a struct, an array, an i31, or what a guest made internal */
    SG_CORE_EXNREF,    /* an exception */
} sg_core_kind;

typedef struct sg_core_value {
    sg_core_kind kind;
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        void *ref; /* NULL: the null reference */
        uint8_t v128[16];
    } of;
} sg_core_value;

/* What a reference refers to. */
typedef enum sg_ref_kind {
    SG_REF_NULL,
    SG_REF_FUNC,
    SG_REF_HOST, /* of.ref is the host's own pointer */
    SG_REF_I31,
    SG_REF_STRUCT,
    SG_REF_ARRAY,
    SG_REF_EXN,
} sg_ref_kind;

/* Structs, arrays and exceptions live in the store's heap. References to them that the host is given
 * (results, arguments of host functions, globals) may be asked for their kind, compared by of.ref and given
 * back, until the next outermost call into the store begins: its arguments are the last use. What a host
 * function is given, as arguments or while it runs, lasts until it returns. Pointers of the host's own are
 * never followed; their highest bit must be 0. */

/* Of a reference; other values are SG_REF_NULL. */
SG_API sg_ref_kind sg_core_ref_kind(const sg_store *store, const sg_core_value *value);
/* The i31 of the low 31 bits; and the number in one, sign-extended (0 of another value). */
SG_API sg_core_value sg_core_i31_new(int32_t value);
SG_API int32_t sg_core_i31_get(const sg_core_value *value);

typedef enum sg_extern_kind {
    SG_EXTERN_FUNC,
    SG_EXTERN_TABLE,
    SG_EXTERN_MEMORY,
    SG_EXTERN_GLOBAL,
    SG_EXTERN_TAG,
} sg_extern_kind;

/* An item that can be exported or imported. */
typedef struct sg_extern {
    sg_extern_kind kind;
    union {
        sg_core_func *func;
        sg_core_table *table;
        sg_core_memory *memory;
        sg_core_global *global;
        sg_core_tag *tag;
    } of;
} sg_extern;

/* Decodes and validates `bytes` (binary or WAT text, told apart by the first bytes), which are copied. Free
 * with sg_module_delete. NULL and `error` on failure. */
SG_API sg_module *sg_module_load(sg_engine *engine, const void *bytes, size_t size, sg_error *error);
SG_API void sg_module_delete(sg_module *module);

/* Imports and exports in the module's order. Strings belong to the module. False out of range. */
SG_API bool sg_module_import(const sg_module *module, size_t index, sg_string *module_name, sg_string *name,
                             sg_extern_kind *kind);
SG_API bool sg_module_export(const sg_module *module, size_t index, sg_string *name, sg_extern_kind *kind);

/* Writes the type of import or export `index` as text ("(func (param i32) (result i64))"), as snprintf does;
 * 0 out of range. */
SG_API size_t sg_module_import_type(const sg_module *module, size_t index, char *buffer, size_t size);
SG_API size_t sg_module_export_type(const sg_module *module, size_t index, char *buffer, size_t size);

/* A stand-in for import `index`, a function that traps with SG_TRAP_UNKNOWN_IMPORT when called. SG_UNLINKABLE
 * for imports of other kinds, SG_NOT_FOUND out of range. */
SG_API sg_status sg_module_import_trap(sg_store *store, const sg_module *module, size_t index,
                                       sg_extern *item, sg_error *error);

/* Instantiates with `imports` in the module's order, checked against its import types, and runs the start
 * function under the store's limits. NULL and `error` on failure: SG_UNLINKABLE, SG_TRAP, SG_NO_MEMORY. */
SG_API sg_core_instance *sg_core_instance_new(sg_store *store, const sg_module *module,
                                              const sg_extern *imports, size_t import_count, sg_error *error);

/* The export of that name; SG_NOT_FOUND otherwise. */
SG_API sg_status sg_core_instance_find(sg_core_instance *instance, const char *name, size_t name_size,
                                       sg_extern *item, sg_error *error);

SG_API size_t sg_core_func_param_count(const sg_core_func *func);
SG_API size_t sg_core_func_result_count(const sg_core_func *func);
SG_API sg_core_kind sg_core_func_param(const sg_core_func *func, size_t index);
SG_API sg_core_kind sg_core_func_result(const sg_core_func *func, size_t index);

/* Calls `func`. Counts and kinds must fit its type, else SG_BAD_VALUE and nothing ran. Inside a host function
 * the call is nested: it inherits the running call's limits. */
SG_API sg_status sg_core_func_call(sg_core_func *func, const sg_core_value *arguments, size_t argument_count,
                                   sg_core_value *results, size_t result_count, sg_error *error);

/* A host function. Anything but SG_OK traps the guest with SG_TRAP_HOST_FUNCTION (SG_TRAP keeps error->trap).
 */
typedef sg_status sg_core_host_fn(void *context, sg_call *call, const sg_core_value *arguments,
                                  size_t argument_count, sg_core_value *results, size_t result_count,
                                  sg_error *error);

/* A host function of the given type, owned by the store. `finalize` (may be NULL) runs on `context` when the
 * store is deleted. */
SG_API sg_core_func *sg_core_func_new(sg_store *store, const sg_core_kind *params, size_t param_count,
                                      const sg_core_kind *results, size_t result_count,
                                      sg_core_host_fn *function, void *context,
                                      void (*finalize)(void *context), sg_error *error);

/* Types of memories and tables: sizes in pages, in elements. `maximum` may be SG_UNLIMITED. */
typedef struct sg_core_memory_type {
    uint64_t minimum, maximum;
    bool is_64;          /* addresses are i64 */
    bool is_shared;      /* threads; `maximum` is needed then */
    bool has_byte_pages; /* pages are single bytes, not 65,536 (custom-page-sizes) */
} sg_core_memory_type;

typedef struct sg_core_table_type {
    sg_core_kind element;
    uint64_t minimum, maximum;
    bool is_64; /* indices are i64 */
} sg_core_table_type;

/* Host-made memories, tables, globals and tags, owned by and charged to the store. */
SG_API sg_core_memory *sg_core_memory_new(sg_store *store, const sg_core_memory_type *type, sg_error *error);
SG_API sg_core_table *sg_core_table_new(sg_store *store, const sg_core_table_type *type, sg_error *error);
SG_API sg_core_global *sg_core_global_new(sg_store *store, sg_core_value value, bool mutable_,
                                          sg_error *error);
/* Exceptions of the tag carry values of these kinds. Each tag is its own, whatever the kinds. */
SG_API sg_core_tag *sg_core_tag_new(sg_store *store, const sg_core_kind *params, size_t param_count,
                                    sg_error *error);

/* A reference that there is no memory to keep is null. */
SG_API sg_core_value sg_core_global_get(const sg_core_global *global);
/* SG_MISUSE for an immutable global, SG_BAD_VALUE for another kind. */
SG_API sg_status sg_core_global_set(sg_core_global *global, sg_core_value value, sg_error *error);

/* The memory's bytes; valid until guest code runs or the memory grows. */
SG_API uint8_t *sg_core_memory_data(sg_core_memory *memory, size_t *size);

/* A shared memory outside of stores. Its functions may be called from any thread. It lives as long as a store
 * or a handle has it; each handle is freed with sg_shared_memory_delete. Threads that share it each have a
 * store, of one engine, and there a memory of their own that stands for it. A guest may wait for another one
 * without end: only a deadline or a cancel ends that. */
typedef struct sg_shared_memory sg_shared_memory;

/* A new one: `is_shared` is understood. Its first bytes are charged to no store; what code grows it by is
 * charged to that code's store. */
SG_API sg_shared_memory *sg_shared_memory_new(sg_engine *engine, const sg_core_memory_type *type,
                                              sg_error *error);
/* A handle of what is behind a store's memory, such as one that a module defines and exports; NULL if it is
 * not shared. To be called where the store may be used. */
SG_API sg_shared_memory *sg_core_memory_shared(sg_core_memory *memory);
/* The memory in a store: SG_MISUSE when that is of another engine. */
SG_API sg_core_memory *sg_core_memory_of_shared(sg_store *store, sg_shared_memory *shared, sg_error *error);
/* The bytes, which never move, and how many there are now. Other threads may be accessing them: use atomic
 * accesses. Valid while something has the memory. */
SG_API uint8_t *sg_shared_memory_data(sg_shared_memory *shared, size_t *size);
/* NULL allowed. */
SG_API void sg_shared_memory_delete(sg_shared_memory *shared);

SG_API uint64_t sg_core_table_size(const sg_core_table *table);

#ifdef __cplusplus
}
#endif
#endif
