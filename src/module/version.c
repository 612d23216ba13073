/* Versions in import names: "ns:pkg/name@0.2.12" (Explainer, "Import and Export Definitions"; semver.org). */
#include "module/component.h"

#include <string.h>

/* The number at *at, which moves past it; false if there is none, or too large a one. */
static bool take_number(const uint8_t **at, const uint8_t *end, uint64_t *number) {
    const uint8_t *start = *at;
    for (*number = 0; *at != end && **at >= '0' && **at <= '9'; ++*at)
        if (*at - start == 18)
            return false;
        else
            *number = *number * 10 + (uint64_t)(**at - '0');
    return *at != start;
}

bool sgi_version_of(Bytes name, Version *version) {
    const uint8_t *at = name.size ? memchr(name.data, '@', name.size) : NULL;
    if (at == NULL)
        return false;
    const uint8_t *end = name.data + name.size, *ends[3];
    uint64_t numbers[3] = {0};
    bool is_canonical = false; /* ends with the first number that is not 0 */
    for (int i = 0; i < 3 && !is_canonical; i++) {
        at++; /* '@' or '.' */
        if (!take_number(&at, end, &numbers[i]))
            return false;
        ends[i] = at;
        is_canonical = at == end && numbers[i] != 0;
        if (i < 2 && !is_canonical && (at == end || *at != '.'))
            return false;
    }
    if (at != end && *at != '+') /* a pre-release is compatible with nothing */
        return false;
    int last = numbers[0] ? 0 : numbers[1] ? 1 : 2;
    *version = (Version){
        .track = {name.data, (size_t)(ends[last] - name.data)}, .minor = numbers[1], .patch = numbers[2]};
    return true;
}
