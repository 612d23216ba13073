/* The door of base: memory, containers, bytes and errors. Everything here is libc only. */
#ifndef SGI_BASE_H
#define SGI_BASE_H

#include "base/compiler.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/leb128.h"
#include "base/map.h"
#include "base/ptrs.h"
#include "base/reader.h"
#include "base/relaxed.h"
#include "base/utf8.h"
#include "base/vec.h"

#endif
