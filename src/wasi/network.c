/* Who may talk to whom: the rules of a grant, as text and as what they allow (docs/DESIGN.md, 4.8).
 *
 *   tcp, udp:  [listen:]HOST[:PORTS]    dns:  NAME
 *   HOST       * | ADDRESS | ADDRESS/BITS | [ADDRESS] | [ADDRESS/BITS] | NAME      IPv6 in brackets
 *   NAME       * | example.org | *.example.org
 *   PORTS      * | N | N-M                                                          none: all
 *
 * A rule by name allows its name to be resolved, and those addresses that the guest was then given for it:
 * what it connects to is never resolved a second time. */
#include "wasi/network.h"

#include <string.h>

/* --- text --- */

enum { NAME_MAX_SIZE = 253, LABEL_MAX_SIZE = 63 };

static bool is_label_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool sgi_wasi_is_host_name(Bytes name) {
    size_t label = 0, digits = 0; /* of the label so far: characters, and digits among them */
    if (name.size > 0 && name.data[name.size - 1] == '.')
        name.size--;
    if (name.size > NAME_MAX_SIZE)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (c == '.' && label > 0) {
            label = digits = 0;
        } else {
            digits += c >= '0' && c <= '9';
            if (!is_label_char(c) || ++label > LABEL_MAX_SIZE)
                return false;
        }
    }
    return digits < label; /* what ends in a number is an address, or none */
}

/* A decimal number of at most `max` at the beginning of `text`, which it is taken off. */
static bool take_number(Bytes *text, uint32_t max, uint32_t *number) {
    size_t digits = 0;
    *number = 0;
    while (digits < text->size && text->data[digits] >= '0' && text->data[digits] <= '9') {
        *number = *number * 10 + (uint32_t)(text->data[digits++] - '0');
        if (*number > max)
            return false;
    }
    *text = (Bytes){text->data + digits, text->size - digits};
    return digits > 0;
}

static bool is_star(Bytes text) {
    return text.size == 1 && text.data[0] == '*';
}

static bool parse_ports(Bytes text, WasiRule *rule) {
    uint32_t first, last;
    if (is_star(text))
        return true;
    if (!take_number(&text, UINT16_MAX, &first))
        return false;
    last = first;
    if (text.size && text.data[0] == '-') {
        text = (Bytes){text.data + 1, text.size - 1};
        if (!take_number(&text, UINT16_MAX, &last))
            return false;
    }
    rule->first_port = (uint16_t)first;
    rule->last_port = (uint16_t)last;
    return text.size == 0 && first <= last;
}

/* "ADDRESS" or "ADDRESS/BITS". */
static bool parse_address(Bytes text, WasiRule *rule) {
    char address[64];
    const uint8_t *slash = memchr(text.data, '/', text.size);
    size_t size = slash ? (size_t)(slash - text.data) : text.size;
    if (size >= sizeof address)
        return false;
    memcpy(address, text.data, size);
    address[size] = '\0';
    if (memchr(address, '\0', size) || !sgi_os_address_parse(address, &rule->address))
        return false;
    rule->bits = rule->address.is_v6 ? 128 : 32;
    if (slash == NULL)
        return true;
    Bytes bits = {slash + 1, text.size - size - 1};
    return take_number(&bits, rule->bits, &rule->bits) && bits.size == 0;
}

static bool parse_name(Bytes text, WasiRule *rule) {
    rule->is_suffix = text.size > 2 && text.data[0] == '*' && text.data[1] == '.';
    rule->name = rule->is_suffix ? (Bytes){text.data + 2, text.size - 2} : text;
    return sgi_wasi_is_host_name(rule->name);
}

static bool parse_host(Bytes text, WasiRule *rule) {
    rule->is_any = is_star(text);
    if (rule->is_any)
        return true;
    if (text.size > 1 && text.data[0] == '[' && text.data[text.size - 1] == ']')
        return parse_address((Bytes){text.data + 1, text.size - 2}, rule) && rule->address.is_v6;
    rule->is_address = parse_address(text, rule);
    return rule->is_address || parse_name(text, rule);
}

bool sgi_wasi_parse_rule(Bytes text, WasiRule *rule) {
    static const char listen[] = "listen:";
    const size_t prefix = sizeof listen - 1;
    *rule = (WasiRule){.text = text, .last_port = UINT16_MAX};
    if (text.size > prefix && memcmp(text.data, listen, prefix) == 0) {
        rule->listens = true;
        text = (Bytes){text.data + prefix, text.size - prefix};
    }
    size_t host = text.size, colons = 0;
    for (size_t i = text.size; i-- > 0 && text.data[i] != ']';)
        if (text.data[i] == ':') {
            host = i;
            colons++;
        }
    if (colons > 1) /* IPv6 without brackets, and so without ports */
        host = text.size;
    if (host == 0 ||
        (host < text.size && !parse_ports((Bytes){text.data + host + 1, text.size - host - 1}, rule)))
        return false;
    Bytes name = {text.data, host};
    bool in_brackets = host > 1 && name.data[0] == '[';
    if (!parse_host(name, rule))
        return false;
    rule->is_address = rule->is_address || in_brackets;
    return !rule->listens || rule->is_any || rule->is_address;
}

bool sgi_wasi_parse_name_rule(Bytes text, WasiRule *rule) {
    *rule = (WasiRule){.text = text, .last_port = UINT16_MAX, .is_any = is_star(text)};
    return rule->is_any || parse_name(text, rule);
}

/* --- what they allow --- */

static bool is_same_prefix(const sg_address *a, const sg_address *b, uint32_t bits) {
    uint32_t whole = bits / 8, rest = bits % 8;
    return a->is_v6 == b->is_v6 && memcmp(a->bytes, b->bytes, whole) == 0 &&
           (rest == 0 || (a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest) == 0);
}

static bool is_same_text(Bytes a, Bytes b) {
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++) {
        uint8_t x = a.data[i], y = b.data[i];
        if ((x >= 'A' && x <= 'Z' ? x | 0x20 : x) != (y >= 'A' && y <= 'Z' ? y | 0x20 : y))
            return false;
    }
    return true;
}

static bool has_name(const WasiRule *rule, Bytes name) {
    if (!rule->is_suffix || name.size <= rule->name.size)
        return is_same_text(rule->name, name) && !rule->is_suffix;
    size_t head = name.size - rule->name.size;
    return name.data[head - 1] == '.' && is_same_text(rule->name, (Bytes){name.data + head, rule->name.size});
}

/* Was the guest given the address for a name that the rule has? */
static bool is_resolved(const WasiState *state, const WasiRule *rule, const sg_address *address) {
    for (size_t i = 0; i < state->resolved.count; i++) {
        const WasiResolved *known = &state->resolved.items[i];
        if (is_same_prefix(&known->address, address, address->is_v6 ? 128 : 32) &&
            has_name(rule, known->name))
            return true;
    }
    return false;
}

static bool has_address(const WasiState *state, const WasiRule *rule, const sg_address *address) {
    if (address->port < rule->first_port || address->port > rule->last_port)
        return false;
    if (rule->is_any)
        return true;
    return rule->is_address ? is_same_prefix(&rule->address, address, rule->bits)
                            : is_resolved(state, rule, address);
}

static const WasiRules *rules_of(const WasiState *state, bool is_udp) {
    return is_udp ? &state->grants.udp : &state->grants.tcp;
}

bool sgi_wasi_may_use(const WasiState *state, bool is_udp) {
    return rules_of(state, is_udp)->count > 0 || state->grants.network.allows;
}

bool sgi_wasi_allows(const WasiState *state, sg_wasi_network_use use, const sg_address *address) {
    const sg_wasi_network *network = &state->grants.network;
    if (network->allows)
        return network->allows(network->context, use, address);
    bool is_udp = use == SG_WASI_UDP_RECEIVE || use == SG_WASI_UDP_SEND,
         listens = use == SG_WASI_TCP_LISTEN || use == SG_WASI_UDP_RECEIVE;
    const WasiRules *rules = rules_of(state, is_udp);
    for (size_t i = 0; i < rules->count; i++)
        if (rules->items[i].listens == listens && has_address(state, &rules->items[i], address))
            return true;
    return false;
}

static bool any_names(const WasiRules *rules, Bytes name) {
    for (size_t i = 0; i < rules->count; i++) {
        const WasiRule *rule = &rules->items[i];
        if (rule->name.size && has_name(rule, name))
            return true;
    }
    return false;
}

bool sgi_wasi_may_resolve(const WasiState *state, Bytes name) {
    const WasiRules *dns = &state->grants.dns;
    for (size_t i = 0; i < dns->count; i++)
        if (dns->items[i].is_any)
            return true;
    return any_names(dns, name) || any_names(&state->grants.tcp, name) || any_names(&state->grants.udp, name);
}

bool sgi_wasi_note_resolved(WasiState *state, Bytes name, const sg_address *address) {
    enum { RESOLVED_MAX = 4096 }; /* beyond, rules by name know no more addresses */
    for (size_t i = 0; i < state->resolved.count; i++)
        if (is_same_prefix(&state->resolved.items[i].address, address, address->is_v6 ? 128 : 32) &&
            is_same_text(state->resolved.items[i].name, name))
            return true;
    if (state->resolved.count == RESOLVED_MAX)
        return true;
    Store *store = state->store;
    Bytes copy = {sgi_arena_copy(&store->arena, name.data, name.size), name.size};
    if (copy.data == NULL || !sgi_vec_reserve(&store->alloc, &state->resolved, 1))
        return false;
    state->resolved.items[state->resolved.count++] = (WasiResolved){.name = copy, .address = *address};
    return true;
}
