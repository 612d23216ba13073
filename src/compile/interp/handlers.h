/* All handlers, as HANDLE makes them. */
#include "compile/interp/handlers_access.h"
#include "compile/interp/handlers_atomic.h"
#include "compile/interp/handlers_branch.h"
#include "compile/interp/handlers_call.h"
#include "compile/interp/handlers_control.h"
#include "compile/interp/handlers_exception.h"
#include "compile/interp/handlers_gc.h"
#include "compile/interp/handlers_memory.h"
#include "compile/interp/handlers_move.h"
#include "compile/interp/handlers_numeric.h"
#include "compile/interp/handlers_simd.h"
#include "compile/interp/handlers_table.h"

/* Several instructions in one (fused.def). */
#define FUSE(first, second, operand)                                                                         \
    HANDLE(first##__##second) {                                                                              \
        DO(first##__##second);                                                                               \
        DISPATCH();                                                                                          \
    }
#define FUSE_GO(first, second)                                                                               \
    HANDLE(first##__##second) {                                                                              \
        DO(first);                                                                                           \
        GOTO(second);                                                                                        \
    }
#include "compile/interp/fused.def"
#undef FUSE
#undef FUSE_GO
