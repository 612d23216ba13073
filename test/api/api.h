/* What the tests of the public interface share. Each program holds several named tests: with a name as its
 * argument it runs that one (so ctest lists them by name), without one all. */
#ifndef TEST_API_H
#define TEST_API_H

#include "../ration.h"

#include <sandglass.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define MS UINT64_C(1000000)

static inline uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 * MS + (uint64_t)time.tv_nsec;
}

static inline void show(const sg_error *error) {
    char text[600];
    sg_error_format(error, text, sizeof text);
    print_message("%s: %s\n", sg_status_name(error->status), text);
}

/* On failure shows the error. */
#define assert_ok(expression, error)                                                                         \
    do {                                                                                                     \
        if ((expression) != SG_OK) {                                                                         \
            show(&(error));                                                                                  \
            fail_msg("%s", #expression);                                                                     \
        }                                                                                                    \
    } while (0)
#define assert_made(pointer, error)                                                                          \
    do {                                                                                                     \
        if ((pointer) == NULL) {                                                                             \
            show(&(error));                                                                                  \
            fail_msg("%s", #pointer);                                                                        \
        }                                                                                                    \
    } while (0)
#define assert_trap(trap_wanted, status, error)                                                              \
    do {                                                                                                     \
        if ((status) != SG_TRAP || (error).trap != (trap_wanted)) {                                          \
            show(&(error));                                                                                  \
            fail_msg("wanted the trap \"%s\"", sg_trap_message(trap_wanted));                                \
        }                                                                                                    \
    } while (0)

static inline sg_engine *make_engine(void) {
    sg_error error;
    sg_engine *engine = sg_engine_new(NULL, &error);
    assert_made(engine, error);
    return engine;
}

static inline sg_store *make_store(sg_engine *engine, sg_limits limits) {
    sg_error error;
    limits.size = sizeof limits;
    sg_store *store = sg_store_new(engine, &limits, &error);
    assert_made(store, error);
    return store;
}

static inline sg_module *load_module(sg_engine *engine, const char *text) {
    sg_error error;
    sg_module *module = sg_module_load(engine, text, strlen(text), &error);
    assert_made(module, error);
    return module;
}

static inline sg_component *load_component(sg_engine *engine, const char *text) {
    sg_error error;
    sg_component *component = sg_component_load(engine, text, strlen(text), &error);
    assert_made(component, error);
    return component;
}

static inline sg_core_instance *instantiate(sg_store *store, const sg_module *module) {
    sg_error error;
    sg_core_instance *instance = sg_core_instance_new(store, module, NULL, 0, &error);
    assert_made(instance, error);
    return instance;
}

static inline sg_core_func *find_func(sg_core_instance *instance, const char *name) {
    sg_error error;
    sg_extern item;
    assert_ok(sg_core_instance_find(instance, name, strlen(name), &item, &error), error);
    assert_int_equal(item.kind, SG_EXTERN_FUNC);
    return item.of.func;
}

/* Calls an export without arguments or results. */
static inline sg_status call(sg_core_instance *instance, const char *name, sg_error *error) {
    return sg_core_func_call(find_func(instance, name), NULL, 0, NULL, 0, error);
}

/* Calls an export from i32 to i32, which must succeed. */
static inline int32_t call_i32(sg_core_instance *instance, const char *name, int32_t argument) {
    sg_error error;
    sg_core_value value = {.kind = SG_CORE_I32, .of.i32 = argument}, result;
    assert_ok(sg_core_func_call(find_func(instance, name), &value, 1, &result, 1, &error), error);
    return result.of.i32;
}

/* A host function's refusal traps the guest; so does that of translating a function when it is first called.
 */
static inline bool is_refusal(sg_status status, const sg_error *error) {
    return status == SG_NO_MEMORY || (status == SG_TRAP && (error->trap == SG_TRAP_HOST_FUNCTION ||
                                                            error->trap == SG_TRAP_MEMORY_LIMIT));
}

/* Calls `use` with each of the allocations refused once that it and the engine make: that is told, what could
 * not be had once can be had now, and nothing stays. How often it failed. */
static inline size_t refuse_each(sg_status (*use)(sg_engine *engine, sg_error *error)) {
    size_t failures = 0;
    for (size_t n = 0;; n++) {
        Ration r = {.left = n};
        sg_error error = {.status = SG_OK};
        sg_engine *engine = ration_engine(&r, &error);
        sg_status status = engine ? use(engine, &error) : error.status;
        if (status != SG_OK) {
            assert_true(r.refused);
            if (!is_refusal(status, &error)) {
                show(&error);
                fail_msg("allocation %zu", n);
            }
            failures++;
            if (engine)
                assert_ok(use(engine, &error), error);
        }
        sg_engine_delete(engine);
        assert_int_equal(r.bytes, 0);
        if (!r.refused)
            return failures;
    }
}

static inline int run_named(const struct CMUnitTest *tests, size_t count, int argc, char **argv) {
    int failed = argc > 1 ? 2 : 0; /* an unknown name fails */
    for (size_t i = 0; i < count; i++)
        if (argc < 2)
            failed += _cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL);
        else if (strcmp(argv[1], tests[i].name) == 0)
            failed = _cmocka_run_group_tests(tests[i].name, &tests[i], 1, NULL, NULL);
    return failed;
}

#endif
