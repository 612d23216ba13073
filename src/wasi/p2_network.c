/* WASI 0.2: wasi:sockets/network, instance-network and ip-name-lookup, and what TCP and UDP share. */
#include "wasi/p2_sockets.h"

#include <string.h>

/* --- errors --- */

sg_status sgi_p2_net_fail(const P2Call *call, const char *code) {
    sg_value value = sgi_p2_enum((sg_string){code, strlen(code)});
    return sgi_p2_err(call, &value);
}

sg_status sgi_p2_net_error(const P2Call *call, sg_wasi_errno error) {
    sg_value value = sgi_p2_enum(sgi_wasi_sockets_error(error));
    return sgi_p2_err(call, &value);
}

sg_status sgi_p2_net_done(const P2Call *call, sg_wasi_errno error) {
    return error == SG_WASI_SUCCESS ? sgi_p2_ok(call, NULL) : sgi_p2_net_error(call, error);
}

/* --- addresses --- */

enum { V4_PARTS = 4, V6_PARTS = 8 };

sg_address sgi_p2_read_address(const sg_value *value) {
    const sg_field *fields = value->of.variant.payload->of.record.fields;
    sg_address address = {.is_v6 = value->of.variant.payload->of.record.count > 2,
                          .port = fields[0].value.of.u16};
    if (!address.is_v6) {
        const sg_value *parts = fields[1].value.of.list.items;
        for (size_t i = 0; i < V4_PARTS; i++)
            address.bytes[i] = parts[i].of.u8;
        return address;
    }
    const sg_value *parts = fields[2].value.of.list.items;
    for (size_t i = 0; i < V6_PARTS; i++) {
        address.bytes[2 * i] = (uint8_t)(parts[i].of.u16 >> 8);
        address.bytes[2 * i + 1] = (uint8_t)parts[i].of.u16;
    }
    address.flow_info = fields[1].value.of.u32;
    address.scope_id = fields[3].value.of.u32;
    return address;
}

static bool write_parts(const P2Call *call, const sg_address *address, sg_value *value) {
    size_t count = address->is_v6 ? V6_PARTS : V4_PARTS;
    sg_value *parts = sgi_p2_alloc(call, count, sizeof *parts);
    for (size_t i = 0; parts && i < count; i++)
        parts[i] =
            address->is_v6
                ? (sg_value){.kind = SG_U16,
                             .of.u16 = (uint16_t)(address->bytes[2 * i] << 8 | address->bytes[2 * i + 1])}
                : (sg_value){.kind = SG_U8, .of.u8 = address->bytes[i]};
    *value = (sg_value){.kind = SG_TUPLE, .of.list = {parts, count}};
    return parts != NULL;
}

static bool write_variant(const P2Call *call, bool is_v6, const sg_value *payload, sg_value *value) {
    sg_value *kept = sgi_p2_alloc(call, 1, sizeof *kept);
    if (kept)
        *kept = *payload;
    *value = (sg_value){.kind = SG_VARIANT, .of.variant = {{is_v6 ? "ipv6" : "ipv4", 4}, kept}};
    return kept != NULL;
}

bool sgi_p2_write_ip(const P2Call *call, const sg_address *address, sg_value *value) {
    sg_value parts;
    return write_parts(call, address, &parts) && write_variant(call, address->is_v6, &parts, value);
}

bool sgi_p2_write_address(const P2Call *call, const sg_address *address, sg_value *value) {
    sg_field *fields = sgi_p2_alloc(call, 4, sizeof *fields);
    sg_value parts;
    if (fields == NULL || !write_parts(call, address, &parts))
        return false;
    size_t count = 0;
    fields[count++] = (sg_field){{"port", 4}, {.kind = SG_U16, .of.u16 = address->port}};
    if (address->is_v6)
        fields[count++] = (sg_field){{"flow-info", 9}, sgi_p2_u32(address->flow_info)};
    fields[count++] = (sg_field){{"address", 7}, parts};
    if (address->is_v6)
        fields[count++] = (sg_field){{"scope-id", 8}, sgi_p2_u32(address->scope_id)};
    sg_value record = {.kind = SG_RECORD, .of.record = {fields, count}};
    return write_variant(call, address->is_v6, &record, value);
}

sg_value sgi_p2_family(bool is_v6) {
    return sgi_p2_enum((sg_string){is_v6 ? "ipv6" : "ipv4", 4});
}

sg_status sgi_p2_give_address(const P2Call *call, const WasiSocket *socket, bool of_peer) {
    sg_address address;
    sg_value value;
    sg_wasi_errno error = sgi_wasi_socket_address(socket, of_peer, &address);
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    return sgi_p2_write_address(call, &address, &value) ? sgi_p2_ok(call, &value) : sgi_p2_no_memory(call);
}

/* --- results --- */

sg_status sgi_p2_give_tuple(const P2Call *call, const sg_value *items, size_t count) {
    sg_value *kept = sgi_p2_alloc(call, count, sizeof *kept);
    if (kept == NULL)
        return sgi_p2_no_memory(call);
    memcpy(kept, items, count * sizeof *kept);
    sg_value tuple = {.kind = SG_TUPLE, .of.list = {kept, count}};
    return sgi_p2_ok(call, &tuple);
}

sg_status sgi_p2_subscribe(const P2Call *call, WasiObject *subject,
                           void (*ask)(const WasiPollable *self, WasiWait *wait)) {
    WasiPollable *pollable = sgi_wasi_pollable_new(call->state, subject, ask);
    if (pollable == NULL)
        return sgi_p2_no_memory(call);
    *call->result = sgi_p2_own(pollable);
    return SG_OK;
}

sg_status sgi_p2_option_get(const P2Call *call, OsSocketOption option, sg_kind kind, uint64_t scale) {
    const WasiSocket *socket = sgi_p2_object(&call->arguments[0]);
    uint32_t got;
    int code = sgi_os_socket_get(socket->fd, socket->is_v6, option, &got);
    if (code != 0)
        return sgi_p2_net_error(call, sgi_wasi_errno(code));
    sg_value value = {.kind = kind};
    switch (kind) {
    case SG_BOOL: value.of.boolean = got != 0; break;
    case SG_U8: value.of.u8 = (uint8_t)got; break;
    case SG_U32: value.of.u32 = got; break;
    default: value.of.u64 = got * scale; break;
    }
    return sgi_p2_ok(call, &value);
}

sg_status sgi_p2_option_set(const P2Call *call, OsSocketOption option, uint64_t value, uint64_t scale) {
    const WasiSocket *socket = sgi_p2_object(&call->arguments[0]);
    if (value == 0)
        return sgi_p2_net_error(call, SG_WASI_INVAL);
    /* Rounded up, so that what was asked for is never nothing; the system has ceilings of its own. */
    uint64_t units = value / scale + (value % scale != 0), most = 32767;
    if (option == OS_RECEIVE_BUFFER || option == OS_SEND_BUFFER)
        most = UINT32_MAX;
    if (option == OS_KEEP_ALIVE_COUNT)
        most = 127;
    uint32_t wanted = (uint32_t)(units < most ? units : most);
    return sgi_p2_net_done(call,
                           sgi_wasi_errno(sgi_os_socket_set(socket->fd, socket->is_v6, option, wanted)));
}

sg_status sgi_p2_hop_limit(P2Call *call) {
    return sgi_p2_option_get(call, OS_HOP_LIMIT, SG_U8, 1);
}

sg_status sgi_p2_set_hop_limit(P2Call *call) {
    return sgi_p2_option_set(call, OS_HOP_LIMIT, call->arguments[1].of.u8, 1);
}

sg_status sgi_p2_receive_buffer_size(P2Call *call) {
    return sgi_p2_option_get(call, OS_RECEIVE_BUFFER, SG_U64, 1);
}

sg_status sgi_p2_set_receive_buffer_size(P2Call *call) {
    return sgi_p2_option_set(call, OS_RECEIVE_BUFFER, call->arguments[1].of.u64, 1);
}

sg_status sgi_p2_send_buffer_size(P2Call *call) {
    return sgi_p2_option_get(call, OS_SEND_BUFFER, SG_U64, 1);
}

sg_status sgi_p2_set_send_buffer_size(P2Call *call) {
    return sgi_p2_option_set(call, OS_SEND_BUFFER, call->arguments[1].of.u64, 1);
}

/* --- interfaces --- */

static sg_status instance_network(P2Call *call) {
    WasiObject *network = sgi_wasi_object_new(call->state, WASI_NETWORK, sizeof *network, NULL);
    if (network == NULL)
        return sgi_p2_no_memory(call);
    *call->result = sgi_p2_own(network);
    return SG_OK;
}

static sg_status resolve_addresses(P2Call *call) {
    sg_string name = call->arguments[1].of.string;
    WasiLookup *lookup;
    sg_wasi_errno error =
        sgi_wasi_lookup_new(call->state, (Bytes){(const uint8_t *)name.data, name.size}, &lookup);
    if (error == SG_WASI_AGAIN)
        return sgi_p2_net_fail(call, "temporary-resolver-failure");
    if (error != SG_WASI_SUCCESS)
        return sgi_p2_net_error(call, error);
    sg_value own = sgi_p2_own(lookup);
    return sgi_p2_ok(call, &own);
}

static sg_status resolve_next_address(P2Call *call) {
    static const char *const codes[] = {[OS_RESOLVE_UNKNOWN] = "name-unresolvable",
                                        [OS_RESOLVE_AGAIN] = "temporary-resolver-failure",
                                        [OS_RESOLVE_FAILED] = "permanent-resolver-failure"};
    enum OsResolved outcome;
    const sg_address *address;
    sg_value value, option;
    if (!sgi_wasi_lookup_next(sgi_p2_object(&call->arguments[0]), &outcome, &address))
        return sgi_p2_net_error(call, SG_WASI_AGAIN);
    if (outcome != OS_RESOLVED)
        return sgi_p2_net_fail(call, codes[outcome]);
    if (address && !sgi_p2_write_ip(call, address, &value))
        return sgi_p2_no_memory(call);
    SGI_TRY(sgi_p2_some(call, &option, address ? &value : NULL));
    return sgi_p2_ok(call, &option);
}

static sg_status lookup_subscribe(P2Call *call) {
    return sgi_p2_subscribe(call, sgi_p2_object(&call->arguments[0]), sgi_wasi_ask_lookup);
}

/* Errors of files are none of the network's. */
static sg_status network_error_code(P2Call *call) {
    const WasiIoError *error = sgi_p2_object(&call->arguments[0]);
    sg_value code = sgi_p2_enum(sgi_wasi_sockets_error(error->error));
    return sgi_p2_some(call, call->result, sgi_p2_is(code.of.enumeration, "unknown") ? NULL : &code);
}

static const P2Func error_funcs[] = {
    {"network-error-code", "(borrow<error>)->option<" P2_NET_ERROR ">", network_error_code},
};

static const P2Func instance_funcs[] = {{"instance-network", "()->own<network>", instance_network}};

static const P2Func lookup_funcs[] = {
    {"resolve-addresses", "(borrow<network>,string)->" P2_NET_RESULT("own<resolve-address-stream>"),
     resolve_addresses},
    {"[method]resolve-address-stream.resolve-next-address",
     "(borrow<resolve-address-stream>)->" P2_NET_RESULT("option<" P2_IP_ADDRESS ">"), resolve_next_address},
    {"[method]resolve-address-stream.subscribe", "(borrow<resolve-address-stream>)->own<pollable>",
     lookup_subscribe},
};

const P2Interface sgi_p2_network[] = {
    {.name = "wasi:sockets/network@0.2.12", .resources = {"network"}},
    P2_GATED("wasi:sockets/network@0.2.12", error_funcs, FEATURE_WASI_NETWORK_ERROR_CODE),
    P2_INTERFACE("wasi:sockets/instance-network@0.2.12", instance_funcs, NULL),
    P2_INTERFACE("wasi:sockets/ip-name-lookup@0.2.12", lookup_funcs, "resolve-address-stream"),
};
const size_t sgi_p2_network_count = SGI_COUNT(sgi_p2_network);
