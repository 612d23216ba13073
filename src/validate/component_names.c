/* The grammar of import and export names (component model, Explainer.md, "Import and Export Definitions"),
 * and the older forms that tools still write: unlocked-dep=<…>, locked-dep=<…>, url=<…>, integrity=<…>. */
#include "validate/component.h"

#include <string.h>

static bool is_lower(uint8_t c) {
    return c >= 'a' && c <= 'z';
}
static bool is_upper(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}
static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}
static uint8_t lower(uint8_t c) {
    return is_upper(c) ? (uint8_t)(c + 'a' - 'A') : c;
}

bool sgi_name_same(Bytes a, Bytes b) {
    if (a.size != b.size)
        return false;
    for (size_t i = 0; i < a.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

static Bytes skip(Bytes text, size_t count) {
    return (Bytes){text.data + count, text.size - count};
}

static bool take(Bytes *text, const char *prefix) {
    size_t size = strlen(prefix);
    if (text->size < size || memcmp(text->data, prefix, size) != 0)
        return false;
    *text = skip(*text, size);
    return true;
}

static size_t find(Bytes text, const char *stops) {
    size_t at = 0;
    while (at < text.size && (text.data[at] == 0 || strchr(stops, text.data[at]) == NULL))
        at++;
    return at;
}

/* What stands before the first of `stops`, which is left. */
static Bytes take_until(Bytes *text, const char *stops) {
    size_t size = find(*text, stops);
    Bytes part = {text->data, size};
    *text = skip(*text, size);
    return part;
}

/* Fragments between hyphens, each of digits and letters of one case; the first begins with a letter. */
bool sgi_name_is_label(Bytes name) {
    bool first = true;
    while (name.size > 0) {
        Bytes part = take_until(&name, "-");
        if (part.size == 0 || (first && is_digit(part.data[0])))
            return false;
        bool lowers = false, uppers = false;
        for (size_t i = 0; i < part.size; i++) {
            lowers |= is_lower(part.data[i]);
            uppers |= is_upper(part.data[i]);
            if (!is_lower(part.data[i]) && !is_upper(part.data[i]) && !is_digit(part.data[i]))
                return false;
        }
        if (lowers && uppers)
            return false;
        first = false;
        if (name.size == 1)
            return false; /* ends with a hyphen */
        if (name.size > 0)
            name = skip(name, 1);
    }
    return !first;
}

static bool is_words(Bytes name) {
    for (size_t i = 0; i < name.size; i++)
        if (is_upper(name.data[i]))
            return false;
    return sgi_name_is_label(name);
}

static bool is_number(Bytes text) {
    for (size_t i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return false;
    return text.size > 0 && (text.size == 1 || text.data[0] != '0');
}

/* Dot-separated identifiers; numeric ones of a pre-release have no leading zeros. */
static bool is_identifiers(Bytes text, bool is_build) {
    for (;;) {
        Bytes part = take_until(&text, ".");
        bool numeric = true;
        for (size_t i = 0; i < part.size; i++) {
            uint8_t c = part.data[i];
            if (!is_digit(c) && !is_lower(lower(c)) && c != '-')
                return false;
            numeric &= is_digit(c);
        }
        if (part.size == 0 || (numeric && !is_build && !is_number(part)))
            return false;
        if (text.size == 0)
            return true;
        text = skip(text, 1);
    }
}

/* Semantic Versioning 2.0. */
bool sgi_name_is_semver(Bytes version) {
    for (int i = 0; i < 3; i++) {
        if (i > 0 && !take(&version, "."))
            return false;
        if (!is_number(take_until(&version, i < 2 ? "." : "-+")))
            return false;
    }
    if (take(&version, "-") && !is_identifiers(take_until(&version, "+"), false))
        return false;
    return take(&version, "+") ? is_identifiers(version, true) : version.size == 0;
}

/* A version up to the first number that is not 0: all that is compatible with it. */
bool sgi_name_is_canonversion(Bytes version) {
    for (int i = 0; i < 3; i++) {
        Bytes number = take_until(&version, ".");
        if (!is_number(number))
            return false;
        if (number.data[0] != '0' || i == 2)
            return version.size == 0;
        if (!take(&version, "."))
            return false;
    }
    return false;
}

/* <namespace>+ <words> <projection>+ [@<version>]: one of each, unless the feature is on. */
static bool parse_interface(Bytes text, Features features, const char **why) {
    bool may_nest = sgi_has(features, FEATURE_COMPONENT_NESTED_NAMES);
    unsigned namespaces = 0, projections = 0;
    *why = "not in kebab case";
    for (; find(text, ":") < find(text, "/@") && (may_nest || namespaces == 0); namespaces++)
        if (!is_words(take_until(&text, ":")) || !take(&text, ":"))
            return false;
    if (namespaces == 0 || !is_words(take_until(&text, ":/@")))
        return false;
    for (; (may_nest || projections == 0) && take(&text, "/"); projections++)
        if (!sgi_name_is_label(take_until(&text, "/@")))
            return false;
    *why = "expected `/` after package name";
    if (projections == 0)
        return false;
    *why = "trailing characters found";
    if (text.size == 0)
        return true;
    if (!take(&text, "@"))
        return false;
    *why = "not a valid semver";
    return sgi_name_is_semver(text) ||
           (sgi_has(features, FEATURE_COMPONENT_CANONICAL_NAMES) && sgi_name_is_canonversion(text));
}

/* "sha256-<base64>" and its like, with options after a question mark. */
static bool is_hash(Bytes hash) {
    if (!take(&hash, "sha256-") && !take(&hash, "sha384-") && !take(&hash, "sha512-"))
        return false;
    Bytes digits = take_until(&hash, "?");
    size_t padding = 0, count = 0;
    for (size_t i = 0; i < digits.size; i++) {
        uint8_t c = digits.data[i];
        if (c == '=')
            padding++;
        else if (padding == 0 && (is_digit(c) || is_lower(lower(c)) || c == '+' || c == '/'))
            count++;
        else
            return false;
    }
    return count > 0 && padding <= 2;
}

/* "<hash hash …>" */
static bool take_integrity(Bytes *text) {
    if (!take(text, "<"))
        return false;
    Bytes hashes = take_until(text, ">");
    size_t count = 0;
    while (hashes.size > 0) {
        Bytes hash = take_until(&hashes, " ");
        if (hash.size > 0 && !is_hash(hash))
            return false;
        count += hash.size > 0;
        take(&hashes, " ");
    }
    return count > 0 && take(text, ">");
}

static bool take_optional_integrity(Bytes text) {
    return text.size == 0 || (take(&text, ",integrity=") && take_integrity(&text) && text.size == 0);
}

/* "*" or "{>=1.2.3}", "{<1.2.3}", "{>=1.2.3 <2.0.0}" */
static bool is_version_range(Bytes text) {
    if (sgi_bytes_is(text, "*"))
        return true;
    if (!take(&text, "{"))
        return false;
    Bytes range = take_until(&text, "}");
    if (!sgi_bytes_is(text, "}"))
        return false;
    bool has_lower = take(&range, ">=");
    if (has_lower && !sgi_name_is_semver(take_until(&range, " ")))
        return false;
    if (has_lower && range.size == 0)
        return true;
    return (!has_lower || take(&range, " ")) && take(&range, "<") && sgi_name_is_semver(range);
}

/* "<namespace:package[@version]>…" */
static bool parse_dependency(Bytes text, bool is_locked) {
    if (!take(&text, "<") || !is_words(take_until(&text, ":>")) || !take(&text, ":") ||
        !is_words(take_until(&text, "@>")))
        return false;
    if (take(&text, "@")) {
        /* A range may hold ">" of its own; a locked version may not. */
        size_t size = is_locked ? find(text, ">") : text.size ? text.size - 1 : 0;
        Bytes version = {text.data, size};
        text = skip(text, size);
        if (!(is_locked ? sgi_name_is_semver(version) : is_version_range(version)))
            return false;
    }
    return take(&text, ">") && (is_locked ? take_optional_integrity(text) : text.size == 0);
}

static bool parse_url(Bytes text) {
    if (!take(&text, "<"))
        return false;
    Bytes url = take_until(&text, ">");
    return find(url, "<") == url.size && take(&text, ">") && take_optional_integrity(text);
}

static bool parse_annotated(Bytes text, ParsedName *parsed, const char **why) {
    Bytes name = text;
    parsed->resource = take_until(&text, parsed->kind == NAME_CONSTRUCTOR ? "" : ".");
    if (parsed->kind == NAME_CONSTRUCTOR) {
        *why = "not in kebab case";
        return sgi_name_is_label(name);
    }
    *why = "failed to find `.` character";
    if (!take(&text, "."))
        return false;
    *why = "not in kebab case";
    parsed->unique = sgi_name_same(parsed->resource, text) ? text : name;
    return sgi_name_is_label(parsed->resource) && sgi_name_is_label(text);
}

bool sgi_name_parse(Bytes name, Features features, ParsedName *parsed, const char **why) {
    static const struct {
        const char *prefix;
        NameKind kind;
    } prefixes[] = {
        {"[constructor]", NAME_CONSTRUCTOR},
        {"[method]", NAME_METHOD},
        {"[static]", NAME_STATIC},
    };
    *parsed = (ParsedName){.kind = NAME_OTHER, .unique = name};
    Bytes rest = name;
    for (size_t i = 0; i < SGI_COUNT(prefixes); i++)
        if (take(&rest, prefixes[i].prefix)) {
            parsed->kind = prefixes[i].kind;
            return parse_annotated(rest, parsed, why);
        }
    *why = "not a valid extern name";
    if (take(&rest, "unlocked-dep="))
        return parse_dependency(rest, false);
    if (take(&rest, "locked-dep="))
        return parse_dependency(rest, true);
    if (take(&rest, "url="))
        return parse_url(rest);
    if (take(&rest, "integrity="))
        return take_integrity(&rest) && rest.size == 0;
    parsed->kind = NAME_INTERFACE;
    if (find(name, ":") != name.size)
        return parse_interface(name, features, why);
    parsed->kind = NAME_LABEL;
    *why = "not in kebab case";
    return sgi_name_is_label(name);
}
