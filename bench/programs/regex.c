/* Regular expressions, matched by backtracking over the pattern: . [a-z] [^x] * + ? ^ $ | and groups. */
#include "bench.h"

enum { TEXT = 1 << 14 };
static char text[TEXT + 1];

/* What remains to be matched after a piece of pattern: a list through the stack. */
typedef struct Rest {
    const char *pattern, *end;
    const struct Rest *next;
} Rest;

static const char *match(const char *pattern, const char *end, const Rest *rest, const char *at);

/* The end of the piece (one character, class or group) at `pattern`. */
static const char *piece_end(const char *pattern) {
    if (*pattern == '[') {
        for (pattern++; *pattern != ']'; pattern++)
            ;
    } else if (*pattern == '(') {
        for (int depth = 1; depth; depth += (*pattern == '(') - (*pattern == ')'))
            pattern++;
    } else if (*pattern == '\\') {
        pattern++;
    }
    return pattern + 1;
}

static bool fits(const char *piece, char c) {
    if (c == 0)
        return false;
    if (*piece == '.')
        return c != '\n';
    if (*piece == '\\')
        return piece[1] == 'd' ? c >= '0' && c <= '9' : c == piece[1];
    if (*piece != '[')
        return c == *piece;
    bool negated = *++piece == '^', found = false;
    for (piece += negated; *piece != ']'; piece++) {
        if (piece[1] == '-' && piece[2] != ']') {
            found |= c >= piece[0] && c <= piece[2];
            piece += 2;
        } else {
            found |= c == *piece;
        }
    }
    return found != negated;
}

static const char *match_rest(const Rest *rest, const char *at) {
    return rest ? match(rest->pattern, rest->end, rest->next, at) : at;
}

static const char *match_group(const char *piece, const char *piece_stop, const Rest *rest, const char *at) {
    const char *branch = piece + 1;
    for (const char *p = branch; p < piece_stop; p = piece_end(p))
        if (*p == '|' || p == piece_stop - 1) {
            const char *found = match(branch, p, rest, at);
            if (found)
                return found;
            branch = p + 1;
        }
    return NULL;
}

static const char *match(const char *pattern, const char *end, const Rest *rest, const char *at) {
    if (pattern == end)
        return match_rest(rest, at);
    if (*pattern == '^')
        return at == text || at[-1] == '\n' ? match(pattern + 1, end, rest, at) : NULL;
    if (*pattern == '$')
        return *at == 0 || *at == '\n' ? match(pattern + 1, end, rest, at) : NULL;
    const char *stop = piece_end(pattern);
    char repeat = stop < end && (*stop == '*' || *stop == '+' || *stop == '?') ? *stop : 0;
    Rest after = {stop + (repeat != 0), end, rest}, again = {pattern, end, rest};
    if (*pattern == '(') {
        const char *found = match_group(pattern, stop, repeat == '*' || repeat == '+' ? &again : &after, at);
        if (repeat == '+' && !found)
            return match_group(pattern, stop, &after, at);
        return found || repeat == 0 ? found : match_rest(&after, at);
    }
    if (repeat == 0)
        return fits(pattern, *at) ? match(stop, end, rest, at + 1) : NULL;
    size_t least = repeat == '+', most = 0;
    while (fits(pattern, at[most]) && !(repeat == '?' && most == 1))
        most++;
    for (size_t count = most + 1; count-- > least;) {
        const char *found = match_rest(&after, at + count);
        if (found)
            return found;
    }
    return NULL;
}

static uint64_t search(const char *pattern) {
    const char *end = pattern + text_size(pattern);
    uint64_t sum = 0;
    for (const char *at = text; *at;) {
        const char *found = match(pattern, end, NULL, at);
        if (found)
            sum = mix(sum, (uint64_t)(at - text) << 32 | (uint64_t)(found - at));
        at = found > at ? found : at + 1;
    }
    return sum;
}

uint64_t bench_run(uint32_t scale) {
    static const char *const patterns[] = {"(time|trap|limit)\\d+", "^[a-m]+ [^ ]*$",
                                           "fun(c|ct)tion\\d*4 .*stack", "[aeiou][^aeiou]+[aeiou][^aeiou]+e",
                                           "(a|an|in|is|it)+ (the )?m.*y"};
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make_text(text, TEXT, round);
        for (size_t i = 0; i < COUNT(patterns); i++)
            sum = mix(sum, search(patterns[i]));
    }
    return sum;
}
