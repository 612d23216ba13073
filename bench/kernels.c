/* Interpreted against native: runs each kernel both ways, best of some rounds, and prints the ratio.
 *
 *   kernels [FILE.wasm] [ROUNDS]
 */
#include <sandglass.h>

#include "kernels/kernels.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct Kernel {
    const char *name;
    uint32_t (*native)(uint32_t work);
    uint32_t work;
} Kernel;

static const Kernel kernels[] = {
#define KERNEL(name, amount) {"kernel_" #name, kernel_##name, amount},
    KERNELS
#undef KERNEL
};

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void stop(const char *what, const sg_error *error) {
    fprintf(stderr, "error: %s: %s: %s\n", what, error->message, error->detail);
    exit(1);
}

static char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    char *data = file ? malloc(1 << 20) : NULL;
    *size = data ? fread(data, 1, 1 << 20, file) : 0;
    if (file)
        fclose(file);
    return data;
}

static double run_native(const Kernel *kernel, int rounds, uint32_t *result) {
    double best = INFINITY;
    for (int i = 0; i < rounds; i++) {
        double start = now_ms();
        *result = kernel->native(kernel->work);
        best = fmin(best, now_ms() - start);
    }
    return best;
}

static double run_guest(const Kernel *kernel, sg_core_instance *instance, int rounds, uint32_t *result) {
    sg_error error;
    sg_extern item;
    if (sg_core_instance_find(instance, kernel->name, strlen(kernel->name), &item, &error) != SG_OK)
        stop(kernel->name, &error);
    double best = INFINITY;
    for (int i = 0; i < rounds; i++) {
        sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = (int32_t)kernel->work};
        double start = now_ms();
        if (sg_core_func_call(item.of.func, &value, 1, &value, 1, &error) != SG_OK)
            stop(kernel->name, &error);
        best = fmin(best, now_ms() - start);
        *result = (uint32_t)value.of.i32;
    }
    return best;
}

int main(int argc, char **argv) {
    sg_error error;
    size_t size;
    char *binary = read_file(argc > 1 ? argv[1] : "bench/kernels/kernels.wasm", &size);
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_module *module = binary && engine ? sg_module_load(engine, binary, size, &error) : NULL;
    if (module == NULL)
        stop("load", &error);
    sg_store *store = sg_store_new(engine, NULL, &error);
    sg_core_instance *instance = store ? sg_core_instance_new(store, module, NULL, 0, &error) : NULL;
    if (instance == NULL)
        stop("instantiate", &error);
    double sum = 0;
    int wrong = 0;
    size_t count = sizeof kernels / sizeof kernels[0];
    printf("%-12s %10s %10s %7s %14s\n", "kernel", "native ms", "guest ms", "ratio", "units/s");
    for (size_t i = 0; i < count; i++) {
        const Kernel *kernel = &kernels[i];
        uint32_t native_result = 0, guest_result = 0;
        double native = run_native(kernel, rounds, &native_result);
        uint64_t fuel = sg_store_usage(store).fuel;
        double guest = run_guest(kernel, instance, rounds, &guest_result);
        fuel = (sg_store_usage(store).fuel - fuel) / (uint64_t)rounds;
        const char *verdict = native_result == guest_result ? "" : "  WRONG RESULT";
        wrong += *verdict != 0;
        printf("%-12s %10.2f %10.2f %6.2fx %13.0fM%s\n", kernel->name + 7, native, guest, guest / native,
               (double)fuel / guest / 1e3, verdict);
        sum += log(guest / native);
    }
    printf("geometric mean %.2fx\n", exp(sum / (double)count));
    sg_store_delete(store);
    sg_module_delete(module);
    sg_engine_delete(engine);
    free(binary);
    return wrong ? 1 : 0;
}
