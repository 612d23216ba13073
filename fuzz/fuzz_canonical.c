/* A guest's memory, as it likes → values lifted from it, or a trap; and what was lifted goes through another
 * guest and comes back equal. The same from guest to guest, which an adapter does where it can, must come to
 * the same: the trap, or the value.
 *
 * Input: a byte for the type, a byte for the two string encodings, then the bytes that lie in the first
 * guest's memory from address 64, where its result is read from. */
#include "fuzz.h"
#include <stdio.h>

static const char *const types[] = {
    "(tuple string u8)",
    "(list u8)",
    "(list string)",
    "(tuple bool char s8 u16 s32 u64 f32 f64)",
    "(list (tuple u8 string u16))",
    "(list (option (result string (error (list s64)))))",
    "(list (list (list u8)))",
    "(tuple $variant $enum $flags (option char))",
    "(list (tuple $variant $record))",
    "(result $record (error (option (option (list $enum)))))",
    "(list (tuple char $enum $flags (list u16 3) f32 bool))",
    "(map u32 (list (tuple u8 u64)))",
    "(list (tuple u16 string) 3)",
    "(map string (list u8))",
    "(list (map u16 (option (list f32 3))))",
};
static const char *const encodings[] = {"utf8", "utf16", "latin1+utf16"};
enum { TYPES = sizeof types / sizeof types[0], ENCODINGS = 3, START = 64, MEMORY = 1 << 16 };

/* For components that are given them; the others export them. */
static const char imported_names[] =
    "(type $record' (record (field \"a\" u8) (field \"b\" string))) (import \"record\" (type $record (eq "
    "$record')))"
    "(type $variant' (variant (case \"none\") (case \"f\" f32) (case \"l\" (list u32)) (case \"r\" $record)))"
    "(import \"variant\" (type $variant (eq $variant')))"
    "(type $enum' (enum \"red\" \"green\" \"blue\")) (import \"enum\" (type $enum (eq $enum')))"
    "(type $flags' (flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")) (import \"flags\" (type "
    "$flags (eq $flags')))";

static const char names[] =
    "(type $record' (record (field \"a\" u8) (field \"b\" string))) (export $record \"record\" (type "
    "$record'))"
    "(type $variant' (variant (case \"none\") (case \"f\" f32) (case \"l\" (list u32)) (case \"r\" $record)))"
    "(export $variant \"variant\" (type $variant'))"
    "(type $enum' (enum \"red\" \"green\" \"blue\")) (export $enum \"enum\" (type $enum'))"
    "(type $flags' (flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")) (export $flags \"flags\" "
    "(type $flags'))";

/* Its memory, and a realloc that takes back what is made smaller. */
#define ECHO_LIBC                                                                                            \
    "  (core module $Echo (memory (export \"memory\") 1) (global $next (mut i32) (i32.const 64))"            \
    "    (func (export \"realloc\") (param $old i32) (param $size i32) (param $align i32) (param $new i32)"  \
    "      (result i32) (local $at i32)"                                                                     \
    "      (if (i32.and (i32.ne (local.get $old) (i32.const 0)) (i32.le_u (local.get $new) (local.get "      \
    "$size)))"                                                                                               \
    "        (then (return (local.get $old))))"                                                              \
    "      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))"              \
    "      (global.set $next (i32.add (local.get $at) (local.get $new)))"                                    \
    "      (block $b (loop $l"                                                                               \
    "        (br_if $b (i32.le_u (global.get $next) (i32.mul (memory.size) (i32.const 65536))))"             \
    "        (br_if $b (i32.eq (memory.grow (i32.const 8)) (i32.const -1))) (br $l)))"                       \
    "      (memory.copy (local.get $at) (local.get $old) (local.get $size)) (local.get $at))"

/* Exports "give": what was put into its memory, as what it likes. */
#define GIVE                                                                                                 \
    "  (core module $Libc (memory (export \"memory\") 1)"                                                    \
    "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 64)))"                   \
    "  (core instance $libc (instantiate $Libc))"                                                            \
    "  (core func $data' (canon lower (func $data) (memory (core memory $libc \"memory\"))"                  \
    "    (realloc (core func $libc \"realloc\"))))"                                                          \
    "  (core module $Give (import \"\" \"data\" (func $data (param i32)))"                                   \
    "    (func (export \"give\") (result i32) (call $data (i32.const 0)) (i32.const 64)))"                   \
    "  (core instance $give (instantiate $Give (with \"\" (instance (export \"data\" (func $data'))))))"     \
    "  (func (export \"give\") (result (tuple %s u8)) (canon lift (core func $give \"give\") "               \
    "string-encoding=%s"                                                                                     \
    "    (memory (core memory $libc \"memory\"))))"

/* "give" returns what stands at START, where "data" of the host was put; "echo" hands back the pointer to its
 * arguments, which the filler pushes into memory. */
static const char frame[] =
    "(component (import \"data\" (func $data (result (list u8)))) %s" GIVE ECHO_LIBC
    "    (func (export \"echo\") (param i32) (result i32) (local.get 0)))"
    "  (core instance $echo (instantiate $Echo))"
    "  (func (export \"echo\") (param \"v\" (tuple %s u8))"
    "    (param \"filler\" (tuple u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8 u8)) (result (tuple %s u8))"
    "    (canon lift (core func $echo \"echo\") string-encoding=%s"
    "      (memory (core memory $echo \"memory\")) (realloc (core func $echo \"realloc\")))))";

#define WITH_TYPES                                                                                           \
    "(with \"record\" (type $record)) (with \"variant\" (type $variant)) (with \"enum\" (type $enum))"       \
    "(with \"flags\" (type $flags))"

/* "relay" returns what it gets from the giver, another component. */
static const char relay_frame[] =
    "(component (import \"data\" (func $data (result (list u8)))) %s"
    "(component $Giver (import \"data\" (func $data (result (list u8)))) %s" GIVE ")"
    "(component $Taker %s (import \"give\" (func $give (result (tuple %s u8))))" ECHO_LIBC ")"
    "  (core instance $echo (instantiate $Echo))"
    "  (core func $give' (canon lower (func $give) string-encoding=%s"
    "    (memory (core memory $echo \"memory\")) (realloc (core func $echo \"realloc\"))))"
    "  (core module $Relay (import \"\" \"give\" (func $give (param i32)))"
    "    (import \"\" \"realloc\" (func $realloc (param i32 i32 i32 i32) (result i32)))"
    "    (func (export \"relay\") (result i32) (local $at i32)"
    "      (call $give (local.tee $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 8)"
    "        (i32.const 1024)))) (local.get $at)))"
    "  (core instance $relay (instantiate $Relay (with \"\" (instance (export \"give\" (func $give'))"
    "    (export \"realloc\" (func $echo \"realloc\"))))))"
    "  (func (export \"relay\") (result (tuple %s u8)) (canon lift (core func $relay \"relay\")"
    "    string-encoding=%s (memory (core memory $echo \"memory\")))))"
    "(instance $giver (instantiate $Giver (with \"data\" (func $data)) " WITH_TYPES "))"
    "(instance $taker (instantiate $Taker (with \"give\" (func $giver \"give\")) " WITH_TYPES "))"
    "(export \"relay\" (func $taker \"relay\")))";

typedef struct Input {
    const uint8_t *data;
    size_t size;
} Input;

static sg_status give_data(void *context, sg_call *call, const sg_value *arguments, size_t count,
                           sg_value *result, sg_error *error) {
    const Input *input = context;
    (void)call;
    (void)arguments;
    (void)count;
    (void)error;
    *result = (sg_value){.kind = SG_BYTES, .of.bytes = {input->data, input->size}};
    return SG_OK;
}

static sg_component *component_for(unsigned type, unsigned from, unsigned to, bool is_relay) {
    static sg_component *made[2][TYPES][ENCODINGS][ENCODINGS];
    static char text[1 << 14];
    sg_component **place = &made[is_relay][type][from][to];
    if (*place == NULL) {
        const char *name = types[type];
        if (is_relay)
            snprintf(text, sizeof text, relay_frame, imported_names, imported_names, name, encodings[from],
                     imported_names, name, encodings[to], name, encodings[to]);
        else
            snprintf(text, sizeof text, frame, names, name, encodings[from], name, name, encodings[to]);
        *place = sg_component_load(fuzz_engine(), text, strlen(text), NULL);
        REQUIRE(*place != NULL);
    }
    return *place;
}

static void pass_on(sg_instance *instance, const sg_value *given) {
    sg_value copy, filler[17], arguments[2], back;
    memset(filler, 0, sizeof filler);
    for (size_t i = 0; i < 17; i++)
        filler[i].kind = SG_U8;
    REQUIRE(sg_value_copy(given, &copy, NULL) == SG_OK); /* the next call takes the original's memory */
    arguments[0] = copy;
    arguments[1] = (sg_value){.kind = SG_TUPLE, .of.list = {filler, 17}};
    sg_error error = {.status = SG_OK};
    sg_status status =
        sg_func_call(sg_instance_find_func(instance, "echo", NULL), arguments, 2, &back, &error);
    if (status == SG_OK)
        REQUIRE(sg_value_equal(&copy, &back));
    else /* a little list of large values may not fit */
        REQUIRE(status == SG_TRAP && error.trap != SG_TRAP_INVALID_STRING &&
                error.trap != SG_TRAP_POINTER_UNALIGNED);
    sg_value_delete(&copy);
}

/* A store with the component in it. */
static sg_store *start(sg_component *component, Input *input, sg_instance **instance) {
    sg_linker *linker = sg_linker_new(fuzz_engine(), NULL);
    REQUIRE(linker != NULL && sg_linker_define_func(linker, NULL, "data", give_data, input, NULL) == SG_OK);
    sg_limits limits = {
        .size = sizeof limits, .fuel = 1 << 20, .memory_bytes = 64 << 20, .host_bytes = 16 << 20};
    sg_store *store = sg_store_new(fuzz_engine(), &limits, NULL);
    *instance = sg_linker_instantiate(linker, store, component, NULL);
    REQUIRE(*instance != NULL);
    sg_linker_delete(linker);
    return store;
}

static bool is_exhausted(const sg_error *error) {
    return error->trap == SG_TRAP_FUEL || error->trap == SG_TRAP_HOST_BYTES_LIMIT ||
           error->trap == SG_TRAP_MEMORY_LIMIT || error->trap == SG_TRAP_REALLOC_OUT_OF_BOUNDS;
}

/* What `status`, `error` and `given` are of a giver, they are over a relay too. */
static void relay(sg_component *component, Input *input, sg_status status, const sg_error *error,
                  const sg_value *given) {
    sg_instance *instance;
    sg_store *store = start(component, input, &instance);
    sg_value relayed;
    sg_error other = {.status = SG_OK};
    sg_status relay_status =
        sg_func_call(sg_instance_find_func(instance, "relay", NULL), NULL, 0, &relayed, &other);
    if (relay_status == SG_OK)
        REQUIRE(status == SG_OK ? sg_value_equal(given, &relayed) : is_exhausted(error));
    else if (!is_exhausted(&other)) /* it takes more than the giver alone */
        REQUIRE(is_exhausted(error) || (status == relay_status && error->trap == other.trap));
    sg_store_delete(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2 || size > MEMORY - START)
        return 0;
    Input input = {data + 2, size - 2};
    const unsigned type = data[0] % TYPES, from = data[1] % ENCODINGS, to = data[1] / ENCODINGS % ENCODINGS;
    sg_instance *instance;
    sg_store *store = start(component_for(type, from, to, false), &input, &instance);
    sg_value given, copy = {.kind = SG_BOOL};
    sg_error error = {.status = SG_OK};
    sg_status status = sg_func_call(sg_instance_find_func(instance, "give", NULL), NULL, 0, &given, &error);
    if (status == SG_OK) {
        REQUIRE(sg_value_copy(&given, &copy, NULL) == SG_OK);
        pass_on(instance, &given);
    } else {
        require_error(&error);
    }
    relay(component_for(type, from, to, true), &input, status, &error, &copy);
    if (status == SG_OK)
        sg_value_delete(&copy);
    sg_store_delete(store);
    return 0;
}
