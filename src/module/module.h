/* The door of module: what the bytes mean. Data only. */
#ifndef SGI_MODULE_H
#define SGI_MODULE_H

#include "module/code.h"
#include "module/component.h"
#include "module/core.h"
#include "module/features.h"
#include "module/instr.h"
#include "module/limits.h"
#include "module/ops.h"
#include "module/types.h"
#include "module/vmctx.h"

#endif
