/* UTF-8 as the Unicode standard defines it: no overlong forms, no surrogates, nothing past U+10FFFF. */
#ifndef SGI_UTF8_H
#define SGI_UTF8_H

#include "base/compiler.h"

bool sgi_utf8_valid(const uint8_t *data, size_t size);

/* Decodes one scalar value from [*at, end), moves *at past it; -1 if what stands there is not valid. */
int32_t sgi_utf8_read(const uint8_t **at, const uint8_t *end);

/* Writes `scalar` (a valid scalar value) as 1 to 4 bytes; returns how many. */
unsigned sgi_utf8_write(uint32_t scalar, uint8_t out[4]);

#endif
