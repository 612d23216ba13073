/* The kernels: KERNEL(name, work), the work some 10 ms of native code. */
#include <stdint.h>

#define KERNELS                                                                                              \
    KERNEL(fib, 32)                                                                                          \
    KERNEL(sieve, 40)                                                                                        \
    KERNEL(chacha, 1000000)                                                                                  \
    KERNEL(matmul, 40)                                                                                       \
    KERNEL(mandelbrot, 300)                                                                                  \
    KERNEL(sort, 12)                                                                                         \
    KERNEL(machine, 5000000)                                                                                 \
    KERNEL(chase, 4000000)                                                                                   \
    KERNEL(crc, 80)                                                                                          \
    KERNEL(modpow, 40000)

#define KERNEL(name, amount) uint32_t kernel_##name(uint32_t work);
KERNELS
#undef KERNEL
