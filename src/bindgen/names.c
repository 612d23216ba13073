/* Names of WIT → names of C: kebab case to snake case, apart from C's words and from each other. Names of WIT
 * have no underscores, so that those that are put between them and after them make no two the same, but where
 * names are joined: in file scope, a number tells them apart. */
#include "bindgen/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Words and macros that no field or parameter may be called, in C or C++, and names in file scope that the
 * headers or the generated files have. */
static const char *const reserved[] = {
    "alignas",      "alignof",      "and",           "and_eq",      "asm",
    "auto",         "bitand",       "bitor",         "bool",        "break",
    "case",         "catch",        "char",          "class",       "compl",
    "concept",      "const",        "const_cast",    "consteval",   "constexpr",
    "constinit",    "continue",     "co_await",      "co_return",   "co_yield",
    "decltype",     "default",      "delete",        "do",          "double",
    "dynamic_cast", "else",         "enum",          "errno",       "explicit",
    "export",       "extern",       "false",         "float",       "for",
    "friend",       "goto",         "i386",          "if",          "import",
    "inline",       "int",          "linux",         "long",        "module",
    "mutable",      "namespace",    "new",           "noexcept",    "not",
    "not_eq",       "nullptr",      "operator",      "or",          "or_eq",
    "private",      "protected",    "public",        "register",    "reinterpret_cast",
    "requires",     "restrict",     "return",        "short",       "signed",
    "sizeof",       "static",       "static_assert", "static_cast", "stderr",
    "stdin",        "stdout",       "struct",        "switch",      "template",
    "this",         "thread_local", "throw",         "true",        "try",
    "typedef",      "typeid",       "typename",      "typeof",      "typeof_unqual",
    "union",        "unix",         "unsigned",      "using",       "virtual",
    "void",         "volatile",     "wchar_t",       "while",       "xor",
    "xor_eq"};
static const char *const taken[] = {
    "INT8_MAX",    "INT8_MIN",  "INT16_MAX",  "INT16_MIN",  "INT32_MAX",   "INT32_MIN", "INT64_MAX",
    "INT64_MIN",   "UINT8_MAX", "UINT16_MAX", "UINT32_MAX", "UINT64_MAX",  "SIZE_MAX",  "int8_t",
    "int16_t",     "int32_t",   "int64_t",    "uint8_t",    "uint16_t",    "uint32_t",  "uint64_t",
    "intptr_t",    "uintptr_t", "intmax_t",   "uintmax_t",  "ptrdiff_t",   "size_t",    "ssize_t",
    "max_align_t", "main",      "malloc",     "calloc",     "realloc",     "free",      "memcpy",
    "memmove",     "memset",    "memcmp",     "strlen",     "cabi_realloc"};
/* What generated functions call their parameters, of those that a name of ours could be: all others in file
 * scope begin with the world's and "_". */
static const char *const internal[] = {"f32_bits", "f64_bits",       "bits_f32", "bits_f64",
                                       "old_size", "argument_count", "is_right", "value_kind"};

bool sgi_bind_names_init(Bindgen *b) {
    bool ok = true;
    for (size_t i = 0; i < SGI_COUNT(reserved); i++)
        ok = ok && sgi_map_put(&b->names, sgi_bytes_of(reserved[i]), 2) != MAP_NO_MEMORY;
    for (size_t i = 0; i < SGI_COUNT(taken); i++)
        ok = ok && sgi_map_put(&b->names, sgi_bytes_of(taken[i]), 2) != MAP_NO_MEMORY;
    for (size_t i = 0; i < SGI_COUNT(internal); i++)
        ok = ok && sgi_map_put(&b->names, sgi_bytes_of(internal[i]), 2) != MAP_NO_MEMORY;
    return ok;
}

static bool is_among(const char *name, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}

const char *sgi_bind_format(Bindgen *b, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : sgi_arena_alloc(b->arena, (size_t)length + 1);
    if (text)
        vsnprintf(text, (size_t)length + 1, format, again);
    else
        b->failed = true;
    va_end(again);
    return text ? text : "";
}

static const char *convert(Bindgen *b, Bytes name, char from, char to) {
    char *text = sgi_arena_alloc(b->arena, name.size + 1);
    if (text == NULL) {
        b->failed = true;
        return "";
    }
    for (size_t i = 0; i < name.size; i++) {
        char c = (char)name.data[i];
        if (c >= from && c <= (char)(from + 25))
            c = (char)(c - from + to);
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        text[i] = is_plain ? c : '_';
    }
    text[name.size] = 0;
    return text;
}

const char *sgi_bind_snake(Bindgen *b, Bytes name) {
    return convert(b, name, 'A', 'a');
}

const char *sgi_bind_upper(Bindgen *b, const char *name) {
    return convert(b, sgi_bytes_of(name), 'a', 'A');
}

const char *sgi_bind_field(Bindgen *b, Bytes name) {
    const char *text = sgi_bind_snake(b, name);
    return is_among(text, reserved, SGI_COUNT(reserved)) ? sgi_bind_format(b, "%s_", text) : text;
}

const char *sgi_bind_global(Bindgen *b, const char *wanted) {
    const char *name = wanted;
    for (;;) {
        switch (sgi_map_put(&b->names, sgi_bytes_of(name), 2)) {
        case MAP_ADDED: return name;
        case MAP_EXISTS: break;
        default: b->failed = true; return "";
        }
        /* The number to go on with stands under the name that was wanted. */
        name =
            sgi_bind_format(b, "%s_%u", wanted, (unsigned)(*sgi_map_get(&b->names, sgi_bytes_of(wanted)))++);
        if (b->failed)
            return "";
    }
}

void sgi_bind_name_params(Bindgen *b, BindFunc *func) {
    /* What the functions of the host have besides. */
    static const char *const own[] = {"call", "context", "conv", "error", "instance", "result"};
    for (size_t i = 0; i < func->count; i++) {
        const char *name = sgi_bind_snake(b, func->params[i].wit_name);
        bool is_taken = sgi_map_get(&b->names, sgi_bytes_of(name)) != NULL ||
                        (b->is_host && is_among(name, own, SGI_COUNT(own)));
        func->params[i].name = is_taken ? sgi_bind_format(b, "%s_", name) : name;
    }
}
