/* Results against the patterns of assertions. */
#include "wast.h"

static uint64_t nan_payload_bits(const sg_core_value *value, uint64_t *canonical) {
    uint64_t bits = 0;
    if (value->kind == SG_CORE_F32) {
        uint32_t narrow;
        memcpy(&narrow, &value->of.f32, sizeof narrow);
        *canonical = UINT64_C(0x7fc00000);
        return narrow & 0x7fffffffu;
    }
    memcpy(&bits, &value->of.f64, sizeof bits);
    *canonical = UINT64_C(0x7ff8000000000000);
    return bits & ~(UINT64_C(1) << 63);
}

/* Is it of the heap type that the pattern names? Null is of any in its kind. */
static bool reference_matches(sg_store *store, const sg_pattern *pattern, const sg_core_value *value) {
    static const struct {
        const char *heap_type;
        sg_ref_kind kind;
    } rows[] = {
        {"i31", SG_REF_I31}, {"struct", SG_REF_STRUCT}, {"array", SG_REF_ARRAY}, {"host", SG_REF_HOST}};
    sg_string type = pattern->heap_type;
    sg_ref_kind kind = sg_core_ref_kind(store, value);
    if ((pattern->kind == SG_PATTERN_REF_NULL) != (kind == SG_REF_NULL))
        return false;
    if (type.size && value->kind != pattern->core.kind)
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows && kind != SG_REF_NULL; i++)
        if (wast_same(type, sg_string_of(rows[i].heap_type, strlen(rows[i].heap_type))))
            return kind == rows[i].kind;
    return kind != SG_REF_HOST || !wast_same(type, sg_string_of("eq", 2));
}

static bool value_matches(sg_store *store, const sg_pattern *pattern, const sg_core_value *value);

/* Lane by lane, each as a float or an i64 of its own. */
static bool vector_matches(sg_store *store, const sg_pattern *pattern, const sg_core_value *value) {
    size_t size = pattern->lane_bits / 8;
    for (size_t i = 0; i < 16 / size; i++) {
        char kind = pattern->lane_kinds[i];
        sg_pattern lane = {.kind = kind == 'c'   ? SG_PATTERN_NAN_CANONICAL
                                   : kind == 'a' ? SG_PATTERN_NAN_ARITHMETIC
                                                 : SG_PATTERN_VALUE};
        sg_core_value found = {.kind = kind == 'v' ? SG_CORE_I64 : size == 4 ? SG_CORE_F32 : SG_CORE_F64};
        lane.core.kind = found.kind;
        memcpy(&lane.core.of, pattern->core.of.v128 + i * size, size);
        memcpy(&found.of, value->of.v128 + i * size, size);
        if (!value_matches(store, &lane, &found))
            return false;
    }
    return true;
}

static bool value_matches(sg_store *store, const sg_pattern *pattern, const sg_core_value *value) {
    uint64_t canonical;
    switch (pattern->kind) {
    case SG_PATTERN_REF:
    case SG_PATTERN_REF_NULL:
        return value->kind >= SG_CORE_FUNCREF && reference_matches(store, pattern, value);
    case SG_PATTERN_NAN_CANONICAL:
        return value->kind == pattern->core.kind && nan_payload_bits(value, &canonical) == canonical;
    case SG_PATTERN_NAN_ARITHMETIC:
        return value->kind == pattern->core.kind &&
               (nan_payload_bits(value, &canonical) & canonical) == canonical;
    default: break;
    }
    if (value->kind != pattern->core.kind)
        return false;
    switch (value->kind) {
    case SG_CORE_I32: return value->of.i32 == pattern->core.of.i32;
    case SG_CORE_I64: return value->of.i64 == pattern->core.of.i64;
    case SG_CORE_F32: return memcmp(&value->of.f32, &pattern->core.of.f32, 4) == 0;
    case SG_CORE_F64: return memcmp(&value->of.f64, &pattern->core.of.f64, 8) == 0;
    case SG_CORE_V128: return vector_matches(store, pattern, value);
    default: return value->of.ref == pattern->core.of.ref;
    }
}

bool wast_results_match(sg_store *store, const sg_pattern *patterns, const sg_core_value *values,
                        size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t choices = 1;
        if (patterns->kind == SG_PATTERN_EITHER)
            choices = (patterns++)->count;
        bool matched = false;
        for (size_t j = 0; j < choices; j++)
            matched = matched || value_matches(store, &patterns[j], &values[i]);
        if (!matched)
            return false;
        patterns += choices;
    }
    return true;
}
