/* Small programs of different kinds: compiled natively and to WebAssembly, they say how much slower a tier
 * is. Each takes the amount of work and gives a checksum. No libc. */
#include "kernels.h"

static unsigned char bytes[1 << 16];
static uint32_t words[1 << 14];
static double grid[3][64 * 64];

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Recursion: calls and returns. */
static uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
uint32_t kernel_fib(uint32_t work) {
    return fib(work);
}

/* Byte stores and strided loops. */
uint32_t kernel_sieve(uint32_t work) {
    uint32_t count = 0;
    for (uint32_t round = 0; round < work; round++) {
        for (uint32_t i = 0; i < sizeof bytes; i++)
            bytes[i] = 1;
        for (uint32_t i = 2; i < sizeof bytes; i++)
            if (bytes[i]) {
                count++;
                for (uint32_t k = i * 2; k < sizeof bytes; k += i)
                    bytes[k] = 0;
            }
    }
    return count;
}

/* Integer arithmetic in registers. */
static uint32_t rotate(uint32_t a, unsigned by) {
    return a << by | a >> (32 - by);
}
uint32_t kernel_chacha(uint32_t work) {
    uint32_t x[16];
    for (uint32_t i = 0; i < 16; i++)
        x[i] = i * 0x9e3779b9u;
    for (uint32_t round = 0; round < work; round++)
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t a = x[i], b = x[4 + i], c = x[8 + i], d = x[12 + (i + round) % 4];
            a += b, d = rotate(d ^ a, 16);
            c += d, b = rotate(b ^ c, 12);
            a += b, d = rotate(d ^ a, 8);
            c += d, b = rotate(b ^ c, 7);
            x[i] = a, x[4 + i] = b, x[8 + i] = c, x[12 + (i + round) % 4] = d;
        }
    return x[0] ^ x[5] ^ x[10] ^ x[15];
}

/* Floating point over arrays. */
uint32_t kernel_matmul(uint32_t work) {
    for (uint32_t i = 0; i < 64 * 64; i++) {
        grid[0][i] = i % 7;
        grid[1][i] = i % 5;
    }
    double sum = 0;
    for (uint32_t round = 0; round < work; round++) {
        for (uint32_t i = 0; i < 64; i++)
            for (uint32_t k = 0; k < 64; k++) {
                double cell = 0;
                for (uint32_t m = 0; m < 64; m++)
                    cell += grid[0][i * 64 + m] * grid[1][m * 64 + k];
                grid[2][i * 64 + k] = cell;
            }
        sum += grid[2][round % 4096];
    }
    return (uint32_t)sum;
}

/* Floating point in registers, a branch that depends on it. */
uint32_t kernel_mandelbrot(uint32_t work) {
    uint32_t total = 0;
    for (uint32_t py = 0; py < work; py++)
        for (uint32_t px = 0; px < work; px++) {
            double cx = 3.0 * px / work - 2, cy = 2.0 * py / work - 1, x = 0, y = 0;
            uint32_t n = 0;
            while (n < 100 && x * x + y * y < 4) {
                double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
                n++;
            }
            total += n;
        }
    return total;
}

/* Data-dependent branches and swaps. */
static void quicksort(uint32_t *a, int32_t low, int32_t high) {
    while (low < high) {
        uint32_t pivot = a[low + (high - low) / 2];
        int32_t i = low, k = high;
        while (i <= k) {
            while (a[i] < pivot)
                i++;
            while (a[k] > pivot)
                k--;
            if (i <= k) {
                uint32_t other = a[i];
                a[i++] = a[k];
                a[k--] = other;
            }
        }
        quicksort(a, low, k);
        low = i;
    }
}
uint32_t kernel_sort(uint32_t work) {
    uint32_t sum = 0, state = 1;
    for (uint32_t round = 0; round < work; round++) {
        for (uint32_t i = 0; i < 1 << 14; i++)
            words[i] = next_random(&state);
        quicksort(words, 0, (1 << 14) - 1);
        sum += words[round % (1 << 14)];
    }
    return sum;
}

/* A bytecode machine: br_table. */
uint32_t kernel_machine(uint32_t work) {
    static const unsigned char program[] = {0, 3, 1, 2, 4, 6, 0, 5, 2, 1, 3, 6, 4, 4, 2, 0, 7};
    uint32_t a = 1, b = 2, at = 0, steps = 0;
    while (steps < work) {
        steps++;
        switch (program[at++]) {
        case 0: a += b; break;
        case 1: b ^= a; break;
        case 2: a = a << 3 | a >> 29; break;
        case 3: b += 7; break;
        case 4: a -= b >> 3; break;
        case 5: b = b * 5 + 1; break;
        case 6: at += a & 1; break;
        default: at = 0; break;
        }
    }
    return a ^ b;
}

/* Dependent loads. */
uint32_t kernel_chase(uint32_t work) {
    enum { COUNT = 1 << 14 };
    for (uint32_t i = 0; i < COUNT; i++)
        words[i] = (i * 5 + 1) % COUNT;
    uint32_t at = 0, sum = 0;
    for (uint32_t i = 0; i < work; i++) {
        at = words[at];
        sum += at;
    }
    return sum;
}

/* A byte at a time, with a table. */
uint32_t kernel_crc(uint32_t work) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        words[i] = c;
    }
    for (uint32_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 31);
    uint32_t crc = ~0u;
    for (uint32_t round = 0; round < work; round++)
        for (uint32_t i = 0; i < sizeof bytes; i++)
            crc = words[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

/* 64-bit arithmetic with division. */
uint32_t kernel_modpow(uint32_t work) {
    uint64_t sum = 0;
    for (uint32_t i = 1; i <= work; i++) {
        uint64_t base = i * 2654435761u % 1000000007u, result = 1;
        for (uint32_t exponent = 1000000005u; exponent; exponent >>= 1) {
            if (exponent & 1)
                result = result * base % 1000000007u;
            base = base * base % 1000000007u;
        }
        sum += result;
    }
    return (uint32_t)(sum ^ sum >> 32);
}
