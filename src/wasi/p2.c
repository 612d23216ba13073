/* WASI 0.2: the tables of its interfaces → definitions of a linker; and what their functions share. */
#include "wasi/internal.h"

/* ---- results ---- */

sg_status sgi_p2_trap(const P2Call *call, sg_trap trap) {
    return trap == SG_TRAP_NONE ? SG_OK : sgi_fail_trap(call->err, trap);
}

sg_status sgi_p2_no_memory(const P2Call *call) {
    return sgi_store_no_memory(call->store, call->err);
}

void *sgi_p2_alloc(const P2Call *call, size_t count, size_t size) {
    size_t bytes;
    return sgi_mul(count, size, &bytes) ? sgi_store_call_alloc(call->store, bytes) : NULL;
}

static const sg_value *copy(const P2Call *call, const sg_value *value) {
    sg_value *kept = sgi_p2_alloc(call, 1, sizeof *kept);
    if (kept)
        *kept = *value;
    return kept;
}

static sg_status give(const P2Call *call, const sg_value *value, bool is_error) {
    const sg_value *payload = value ? copy(call, value) : NULL;
    *call->result = (sg_value){.kind = SG_RESULT, .of.result = {.payload = payload, .is_error = is_error}};
    return value && payload == NULL ? sgi_p2_no_memory(call) : SG_OK;
}

sg_status sgi_p2_ok(const P2Call *call, const sg_value *value) {
    return give(call, value, false);
}

sg_status sgi_p2_err(const P2Call *call, const sg_value *value) {
    return give(call, value, true);
}

sg_status sgi_p2_some(const P2Call *call, sg_value *option, const sg_value *value) {
    const sg_value *payload = value ? copy(call, value) : NULL;
    *option = (sg_value){.kind = SG_OPTION, .of.option = payload};
    return value && payload == NULL ? sgi_p2_no_memory(call) : SG_OK;
}

sg_status sgi_p2_stream_error(const P2Call *call, sg_wasi_errno error) {
    sg_value variant = {.kind = SG_VARIANT, .of.variant.name = {"closed", 6}}, own;
    if (error != SG_WASI_SUCCESS && error != SG_WASI_PIPE) {
        WasiIoError *object = sgi_wasi_object_new(call->state, WASI_IO_ERROR, sizeof *object, NULL);
        if (object == NULL)
            return sgi_p2_no_memory(call);
        object->error = error;
        own = sgi_p2_own(object);
        variant.of.variant.name = (sg_string){"last-operation-failed", 21};
        variant.of.variant.payload = copy(call, &own);
        if (variant.of.variant.payload == NULL) {
            sgi_wasi_release(&object->object);
            return sgi_p2_no_memory(call);
        }
    }
    return sgi_p2_err(call, &variant);
}

/* ---- definition ---- */

static sg_status run(void *context, sg_call *caller, const sg_value *arguments, size_t argument_count,
                     sg_value *result, sg_error *err) {
    (void)argument_count;
    const P2Func *func = context;
    WasiState *state = sgi_wasi_state(caller->store);
    if (state == NULL)
        return sgi_store_no_memory(caller->store, err);
    return func->run(&(P2Call){state, caller->store, arguments, result, err});
}

static void drop(void *context, uint64_t rep) {
    (void)context;
    sgi_wasi_release((WasiObject *)(uintptr_t)rep);
}

static sg_status define_resource(Linker *linker, const char *interface, const char *name, sg_error *err) {
    struct sg_resource_type *type = sgi_resource_type_new(sgi_linker_engine(linker), name, drop, NULL, err);
    if (type == NULL)
        return SG_NO_MEMORY;
    sg_status status = sgi_linker_define_resource(linker, interface, name, type, err);
    sgi_resource_type_release(type);
    return status;
}

static sg_status define(Linker *linker, const P2Interface *interface, sg_error *err) {
    if (interface->feature != FEATURE_MVP &&
        !sgi_has(sgi_linker_engine(linker)->features, interface->feature))
        return SG_OK;
    for (size_t i = 0; i < SGI_COUNT(interface->resources) && interface->resources[i]; i++)
        SGI_TRY(define_resource(linker, interface->name, interface->resources[i], err));
    for (size_t i = 0; i < interface->func_count; i++) {
        const P2Func *func = &interface->funcs[i];
        /* The rows are constants; hosts' contexts are not, by type. */
        void *context = (void *)(uintptr_t)func;
        SGI_TRY(sgi_linker_define_func_typed(linker, interface->name, func->name, func->signature, run,
                                             context, err));
    }
    return SG_OK;
}

sg_status sgi_wasi_define(Linker *linker, sg_error *err) {
    const struct {
        const P2Interface *interfaces;
        size_t count;
    } files[] = {{sgi_p2_io, sgi_p2_io_count},           {sgi_p2_clocks, sgi_p2_clocks_count},
                 {sgi_p2_random, sgi_p2_random_count},   {sgi_p2_cli, sgi_p2_cli_count},
                 {sgi_p2_network, sgi_p2_network_count}, {sgi_p2_tcp, sgi_p2_tcp_count},
                 {sgi_p2_udp, sgi_p2_udp_count},         {sgi_p2_filesystem, sgi_p2_filesystem_count}};
    for (size_t i = 0; i < SGI_COUNT(files); i++)
        for (size_t j = 0; j < files[i].count; j++)
            SGI_TRY(define(linker, &files[i].interfaces[j], err));
    return SG_OK;
}
