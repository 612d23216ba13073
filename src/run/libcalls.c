/* The table of library calls that running code goes through. */
#include "run/private.h"

const LibCalls sgi_libcalls = {
#define LIBCALL(name, parameters) .name = sgi_lib_##name,
#include "module/libcalls.def"
#undef LIBCALL
};
