/* Private to decode: the name section. */
#ifndef SGI_DECODE_NAMES_H
#define SGI_DECODE_NAMES_H

#include "module/module.h"

/* Fills module->names from its custom section "name", if it has one. Malformed contents are left out, so the
 * only failures are lack of memory and an interrupted load. */
sg_status sgi_decode_names(const LoadContext *cx, Module *module);

#endif
