/* Inside WAVE: the cursor over its text and the tokens that carry a value. */
#ifndef SGI_WAVE_H
#define SGI_WAVE_H

#include "text/text.h"

typedef struct Wave {
    const uint8_t *start, *at, *end;
    Arena *arena;
    sg_error *err;
    Buf scratch;           /* of the string, number or byte list being read */
    Vec(sg_value) pending; /* items of the lists being read, a stack */
} Wave;

/* SG_MALFORMED or SG_BAD_VALUE at the cursor. */
sg_status sgi_wave_fail(const Wave *w, sg_status status, const char *message);
/* The same, with the name in question as detail. */
sg_status sgi_wave_fail_name(const Wave *w, sg_status status, const char *message, Bytes name);

/* Moves past white space and comments. */
void sgi_wave_skip(Wave *w);
/* After white space: the next byte, 0 at the end. */
uint8_t sgi_wave_peek(Wave *w);
/* After white space: takes `byte` if it stands there. */
bool sgi_wave_take(Wave *w, char byte);
sg_status sgi_wave_expect(Wave *w, char byte, const char *message);

/* A word: a label or keyword, without the % that `is_escaped` tells of. Empty when none stands there. */
Bytes sgi_wave_word(Wave *w, bool *is_escaped);
/* true false inf nan some none ok err */
bool sgi_wave_is_keyword(Bytes word);

sg_status sgi_wave_integer(Wave *w, bool is_signed, unsigned bits, uint64_t *value);
sg_status sgi_wave_float(Wave *w, bool is_f32, double *value);
sg_status sgi_wave_char(Wave *w, uint32_t *scalar);
sg_status sgi_wave_string(Wave *w, sg_string *string);

#endif
