/* Private to decode: readers that both decoders share. */
#ifndef SGI_DECODE_READING_H
#define SGI_DECODE_READING_H

#include "module/module.h"

/* A vector's length, of items that take at least `item_size` bytes each: "length out of bounds" when the
 * reader does not hold so many. Whoever allocates `count` items has checked it this way. */
sg_status sgi_decode_count(Reader *r, size_t item_size, uint32_t *count);

sg_status sgi_decode_mutability(Reader *r, bool *mutable_);

#endif
