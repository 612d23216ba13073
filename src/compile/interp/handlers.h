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
#define FUSE(first, flow, second)                                                                            \
    HANDLE(first##flow##second) {                                                                            \
        DO(first##flow##second, NULL);                                                                       \
        DISPATCH();                                                                                          \
    }
#define FUSE_GO(first, flow, second)                                                                         \
    HANDLE(first##flow##second) {                                                                            \
        DO(first, NULL);                                                                                     \
        GOTO(second);                                                                                        \
    }
#define FUSE_BRANCH(first, flow, condition, branch)                                                          \
    HANDLE(first##flow##branch##_##condition) {                                                              \
        Slot value = {0};                                                                                    \
        DO(first, WORD_OF(flow) ? &value : NULL);                                                            \
        if (IS_KEPT(flow))                                                                                   \
            fp[after.last[1]] = value;                                                                       \
        BRANCH_##branch(Q_##condition(ip, fp, WORD_OF(flow), &value), BEHIND_##condition);                   \
    }
#define FUSE_BR(first, flow, condition)   FUSE_BRANCH(first, flow, condition, BR)
#define FUSE_LOOP(first, flow, condition) FUSE_BRANCH(first, flow, condition, LOOP)
#include "compile/interp/fused.def"
