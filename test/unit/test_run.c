/* The run room through its door: the clock, memories that move, operations in pieces, and linking. */
#include "run/run.h"

#include <sandglass.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- the clock --- */

enum { ALARMS = 2000 };

static uint64_t next_random(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* Alarms armed and disarmed in any order: those left fire, no earlier than they should, and no other. */
static void clock_fires(void **unused) {
    (void)unused;
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    Clock *clock = sgi_clock_new(&alloc);
    Alarm *alarms = calloc(ALARMS, sizeof *alarms);
    atomic_uint *flags = calloc(ALARMS, sizeof *flags);
    uint64_t random = 1, start = sgi_os_now();
    for (unsigned i = 0; i < ALARMS; i++) {
        alarms[i] = (Alarm){.deadline_ns = start + 20000000 + next_random(&random) % 50000000,
                            .flag = &flags[i],
                            .trap = SG_TRAP_DEADLINE};
        assert_int_equal(sgi_clock_arm(clock, &alarms[i], NULL), SG_OK);
        if (i % 3 == 0) {
            /* Whether it fired meanwhile or not: nothing changes any more. */
            unsigned victim = (unsigned)(next_random(&random) % (i + 1));
            sgi_clock_disarm(clock, &alarms[victim]);
            alarms[victim].trap = atomic_load(&flags[victim]) ? SG_TRAP_DEADLINE : 0;
        }
    }
    for (unsigned left = ALARMS; left > 0;) {
        left = 0;
        for (unsigned i = 0; i < ALARMS; i++) {
            uint64_t now = sgi_os_now();
            unsigned flag = atomic_load(&flags[i]);
            assert_true(flag == 0 || flag == alarms[i].trap);
            assert_true(flag == 0 || sgi_os_now() >= alarms[i].deadline_ns);
            left += alarms[i].trap != 0 && flag == 0;
            assert_true(now < start + UINT64_C(20000000000));
        }
    }
    for (unsigned i = 0; i < ALARMS; i++) {
        assert_int_equal(atomic_load(&flags[i]), alarms[i].trap);
        sgi_clock_disarm(clock, &alarms[i]);
    }
    sgi_clock_delete(clock);
    free(alarms);
    free(flags);
}

/* A flag that is set already keeps its value: what came first counts. */
static void clock_comes_second(void **unused) {
    (void)unused;
    Alloc alloc;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    Clock *clock = sgi_clock_new(&alloc);
    atomic_uint first = SG_TRAP_CANCELLED, second = 0;
    uint64_t now = sgi_os_now();
    Alarm a = {.deadline_ns = now, .flag = &first, .trap = SG_TRAP_DEADLINE};
    Alarm b = {.deadline_ns = now + 1, .flag = &second, .trap = SG_TRAP_DEADLINE};
    sgi_clock_arm(clock, &a, NULL);
    sgi_clock_arm(clock, &b, NULL);
    while (atomic_load(&second) == 0)
        ;
    assert_int_equal(atomic_load(&first), SG_TRAP_CANCELLED);
    sgi_clock_disarm(clock, &a);
    sgi_clock_disarm(clock, &b);
    sgi_clock_delete(clock);
}

/* --- memories and tables --- */

typedef struct World {
    sg_engine *engine;
    Store *store;
} World;

static World make_world(bool small_reservations, sg_limits limits) {
    sg_error error;
    sg_engine_options options = {.size = sizeof options, .small_reservations = small_reservations};
    World w = {.engine = sg_engine_new(&options, &error)};
    assert_non_null(w.engine);
    limits.size = sizeof limits;
    w.store = sg_store_new(w.engine, &limits, &error);
    assert_non_null(w.store);
    return w;
}

static void end_world(World *w) {
    sg_store_delete(w->store);
    sg_engine_delete(w->engine);
}

static uint8_t pattern(uint64_t at) {
    return (uint8_t)(at * 7 + at / 251);
}

static void memory_grows(void **state) {
    World w = make_world(*(bool *)*state, (sg_limits){.memory_bytes = 64 << 20});
    ExecContext *cx = &w.store->cx;
    Limits type = {.min = 1, .max = 300, .has_max = true};
    MemoryInst *memory = sgi_memory_new(w.store, &type, NULL);
    assert_non_null(memory);
    uint64_t old, used = w.store->memory.used - memory->size;
    for (uint64_t pages = 1; pages + pages / 2 + 1 <= 300;) {
        for (uint64_t i = 0; i < memory->size; i += 997)
            memory->base[i] = pattern(i);
        uint64_t delta = pages / 2 + 1;
        assert_int_equal(cx->lib->memory_grow(cx, memory, delta, &old), SG_TRAP_NONE);
        assert_int_equal(old, pages);
        for (uint64_t i = 0; i < memory->size; i += 997)
            assert_int_equal(memory->base[i], i < pages * 65536 ? pattern(i) : 0);
        pages += delta;
        assert_int_equal(memory->size, pages * 65536);
        assert_int_equal(w.store->memory.used, used + memory->size);
    }
    assert_int_equal(cx->lib->memory_grow(cx, memory, 300, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    assert_int_equal(cx->lib->memory_grow(cx, memory, UINT64_MAX, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    end_world(&w);
}

/* A 64-bit memory has the addresses that it may ever use, and moves where those are more than a 32-bit one's.
 */
static void memory64_is_fitted(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.memory_bytes = (64 << 20) + 1});
    ExecContext *cx = &w.store->cx;
    Limits type = {.min = 1, .max = 3, .has_max = true, .is_64 = true};
    assert_int_equal(sgi_memory_new(w.store, &type, NULL)->reserved, 3 * 65536);
    type = (Limits){.min = 0, .max = 0, .has_max = true, .is_64 = true};
    assert_int_equal(sgi_memory_new(w.store, &type, NULL)->reserved, 65536);
    type = (Limits){.min = 1, .max = UINT64_MAX, .is_64 = true, .has_page_size = true};
    assert_int_equal(sgi_memory_new(w.store, &type, NULL)->reserved, (64 << 20) + sgi_os_page_size());
    type = (Limits){.min = 1, .max = UINT64_MAX, .is_64 = true};
    MemoryInst *memory = sgi_memory_new(w.store, &type, NULL);
    assert_int_equal(memory->reserved, (64 << 20) + sgi_os_page_size());
    uint64_t old;
    assert_int_equal(cx->lib->memory_grow(cx, memory, UINT64_MAX, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    assert_int_equal(cx->lib->memory_grow(cx, memory, (UINT64_C(1) << 48) - 2, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    type.min = (UINT64_C(1) << 48) - 1;
    sg_error error;
    assert_null(sgi_memory_new(w.store, &type, &error));
    assert_int_equal(error.trap, SG_TRAP_MEMORY_LIMIT);
    type.min++;
    assert_null(sgi_memory_new(w.store, &type, &error));
    assert_int_equal(error.trap, SG_TRAP_MEMORY_LIMIT);
    end_world(&w);
    w = make_world(false, (sg_limits){.memory_bytes = UINT64_C(1) << 40});
    type.min = 1;
    memory = sgi_memory_new(w.store, &type, NULL);
    assert_int_equal(memory->reserved, (UINT64_C(4) << 30) + 65536);
    assert_int_equal(w.engine->reserved, memory->reserved);
    end_world(&w);
}

/* Only growth that succeeds is paid for; growth that cannot be paid for does not happen. */
static void growth_is_paid(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.memory_bytes = 1 << 20, .fuel = 5000});
    ExecContext *cx = &w.store->cx;
    Limits type = {.min = 1, .max = UINT64_MAX};
    MemoryInst *memory = sgi_memory_new(w.store, &type, NULL);
    uint64_t old, used = w.store->memory.used;
    assert_int_equal(cx->lib->memory_grow(cx, memory, 100, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    assert_int_equal(cx->fuel, 5000);
    assert_int_equal(cx->lib->memory_grow(cx, memory, 4, &old), SG_TRAP_NONE);
    assert_int_equal(cx->fuel, 5000 - 4096);
    assert_int_equal(cx->lib->memory_grow(cx, memory, 1, &old), SG_TRAP_FUEL);
    assert_int_equal(cx->fuel, 0);
    assert_int_equal(memory->size, 5 * 65536);
    assert_int_equal(w.store->memory.used, used + 4 * 65536);
    end_world(&w);
}

/* Copies longer than a piece, over themselves in both directions, against memmove. */
static void copies_overlap(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){0});
    ExecContext *cx = &w.store->cx;
    Limits type = {.min = 32, .max = UINT64_MAX};
    MemoryInst *memory = sgi_memory_new(w.store, &type, NULL);
    MemoryInst *other = sgi_memory_new(w.store, &type, NULL);
    uint8_t *expected = malloc(memory->size);
    static const uint64_t shifts[] = {1, 63, 262143, 262144, 262145, 700000};
    for (unsigned i = 0; i < SGI_COUNT(shifts); i++) {
        for (int forward = 0; forward < 2; forward++) {
            for (uint64_t k = 0; k < memory->size; k++)
                memory->base[k] = expected[k] = pattern(k);
            uint64_t count = memory->size - shifts[i];
            uint64_t to = forward ? shifts[i] : 0, from = forward ? 0 : shifts[i];
            memmove(expected + to, expected + from, count);
            assert_int_equal(cx->lib->memory_copy(cx, memory, memory, to, from, count), SG_TRAP_NONE);
            assert_memory_equal(memory->base, expected, memory->size);
            assert_int_equal(cx->lib->memory_copy(cx, memory, memory, to, from, count + 1),
                             SG_TRAP_MEMORY_OUT_OF_BOUNDS);
        }
    }
    assert_int_equal(cx->lib->memory_copy(cx, other, memory, 0, 0, memory->size), SG_TRAP_NONE);
    assert_memory_equal(other->base, memory->base, memory->size);
    assert_int_equal(cx->lib->memory_fill(cx, memory, 5, 9, memory->size - 5), SG_TRAP_NONE);
    assert_int_equal(memory->base[4], expected[4]);
    for (uint64_t k = 5; k < memory->size; k++)
        assert_int_equal(memory->base[k], 9);
    assert_int_equal(cx->lib->memory_fill(cx, memory, memory->size, 9, 0), SG_TRAP_NONE);
    assert_int_equal(cx->lib->memory_fill(cx, memory, memory->size + 1, 9, 0), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(cx->lib->memory_fill(cx, memory, UINT64_MAX, 9, 2), SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    free(expected);
    end_world(&w);
}

/* Interrupted between pieces, an operation stops there. */
static void pieces_look(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){0});
    ExecContext *cx = &w.store->cx;
    Limits type = {.min = 32, .max = UINT64_MAX};
    MemoryInst *memory = sgi_memory_new(w.store, &type, NULL);
    atomic_store(&cx->interrupt, SG_TRAP_CANCELLED);
    assert_int_equal(cx->lib->memory_fill(cx, memory, 0, 1, memory->size), SG_TRAP_CANCELLED);
    uint64_t done = 0;
    while (memory->base[done] == 1)
        done++;
    assert_true(done <= LIMIT_OF(PIECE_BYTES));
    assert_int_equal(cx->lib->memory_copy(cx, memory, memory, 1, 0, memory->size - 1), SG_TRAP_CANCELLED);
    atomic_store(&cx->interrupt, 0);
    end_world(&w);
}

static void table_grows(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.table_elements = 300000});
    ExecContext *cx = &w.store->cx;
    TableType type = {.element = VAL_FUNCREF, .limits = {.min = 3, .max = UINT64_MAX}};
    int mark[2];
    TableInst *table = sgi_table_new(w.store, &type, &mark[0], NULL);
    assert_non_null(table);
    uint64_t old;
    while (table->size < 200000) {
        uint64_t before = table->size;
        assert_int_equal(cx->lib->table_grow(cx, table, before / 3 + 1, &mark[before % 2], &old),
                         SG_TRAP_NONE);
        assert_int_equal(old, before);
        assert_ptr_equal(table->elements[0], &mark[0]);
        assert_ptr_equal(table->elements[before], &mark[before % 2]);
        assert_ptr_equal(table->elements[table->size - 1], &mark[before % 2]);
        assert_int_equal(w.store->table_elements.used, table->size);
    }
    assert_int_equal(cx->lib->table_grow(cx, table, 200000, NULL, &old), SG_TRAP_NONE);
    assert_int_equal(old, UINT64_MAX);
    /* Over itself by more than a piece. */
    for (uint64_t i = 0; i < table->size; i++)
        table->elements[i] = (void *)(uintptr_t)i;
    assert_int_equal(cx->lib->table_copy(cx, table, table, 10, 0, table->size - 10), SG_TRAP_NONE);
    for (uint64_t i = 10; i < table->size; i++)
        assert_int_equal((uintptr_t)table->elements[i], i - 10);
    end_world(&w);
}

/* Near the end of the memory budget a table that grows one by one is still not moved each time. */
static void table_moves_seldom(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.memory_bytes = 4 << 20});
    ExecContext *cx = &w.store->cx;
    TableType type = {.element = VAL_FUNCREF, .limits = {.min = 100000, .max = UINT64_MAX}};
    TableInst *table = sgi_table_new(w.store, &type, NULL, NULL);
    assert_non_null(table);
    unsigned moves = 0;
    for (uint64_t old = 0; old != UINT64_MAX;) {
        uint64_t capacity = table->capacity;
        assert_int_equal(cx->lib->table_grow(cx, table, 1, NULL, &old), SG_TRAP_NONE);
        moves += table->capacity != capacity;
    }
    assert_true(table->size > 200000);
    assert_in_range(moves, 2, 10);
    end_world(&w);
}

/* --- accounting --- */

/* Everything a store books is given back: after the last instance's end only the stack stays. */
static void account_is_exact(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.memory_bytes = 1 << 20, .host_bytes = 10000});
    assert_int_equal(w.store->memory.used, 0);
    assert_non_null(sgi_store_alloc(w.store, 100));
    assert_int_equal(w.store->memory.used, w.store->alloc.used);
    sg_error error;
    assert_null(sgi_store_alloc(w.store, 100000));
    assert_int_equal(sgi_store_no_memory(w.store, &error), SG_TRAP);
    assert_int_equal(error.trap, SG_TRAP_HOST_BYTES_LIMIT);
    /* Large blocks are on the same account. */
    World rich = make_world(false, (sg_limits){.memory_bytes = 3 << 20, .host_bytes = 2 << 20});
    uint8_t *large = sgi_store_alloc(rich.store, 1 << 20);
    assert_non_null(large);
    assert_int_equal(large[0] | large[(1 << 20) - 1], 0);
    assert_true(rich.store->alloc.used >= 1 << 20);
    assert_int_equal(rich.store->memory.used, rich.store->alloc.used);
    assert_null(sgi_store_alloc(rich.store, 1 << 20));
    sgi_store_no_memory(rich.store, &error);
    assert_int_equal(error.trap, SG_TRAP_HOST_BYTES_LIMIT);
    assert_int_equal(rich.store->memory.used, rich.store->alloc.used);
    end_world(&rich);
    Limits type = {.min = 15, .max = UINT64_MAX};
    assert_non_null(sgi_memory_new(w.store, &type, &error));
    type.min = 1;
    assert_null(sgi_memory_new(w.store, &type, &error));
    assert_int_equal(error.trap, SG_TRAP_MEMORY_LIMIT);
    assert_int_equal(w.store->memory.used, w.store->alloc.used + 15 * 65536);
    end_world(&w);
}

/* --- linking --- */

static sg_core_instance *link_with(World *w, const char *text, const sg_extern *imports, size_t count,
                                   sg_error *error) {
    sg_module *module = sg_module_load(w->engine, text, strlen(text), error);
    if (module == NULL)
        fail_msg("%s: %s", error->message, error->detail);
    sg_core_instance *instance = sg_core_instance_new(w->store, module, imports, count, error);
    sg_module_delete(module);
    return instance;
}

static sg_extern export_of(sg_core_instance *instance, const char *name) {
    sg_extern item;
    assert_int_equal(sg_core_instance_find(instance, name, strlen(name), &item, NULL), SG_OK);
    return item;
}

static void imports_match(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){0});
    sg_error error;
    sg_core_instance *giver = link_with(
        &w,
        "(module (func (export \"f\") (param i32)) (memory (export \"m\") 2 5) (table (export \"t\") 3 8 "
        "funcref)"
        "  (global (export \"g\") i32 (i32.const 1)) (global (export \"v\") (mut i32) (i32.const 1)))",
        NULL, 0, &error);
    assert_non_null(giver);
    static const struct {
        const char *export, *import;
        bool matches;
    } cases[] = {
        {"f", "(func (param i32))", true},
        {"f", "(func (param i64))", false},
        {"f", "(func (param i32) (result i32))", false},
        {"f", "(memory 1)", false},
        {"m", "(memory 2)", true},
        {"m", "(memory 1 5)", true},
        {"m", "(memory 1 6)", true},
        {"m", "(memory 3)", false},
        {"m", "(memory 1 4)", false},
        {"t", "(table 3 funcref)", true},
        {"t", "(table 0 9 funcref)", true},
        {"t", "(table 4 funcref)", false},
        {"t", "(table 3 7 funcref)", false},
        {"t", "(table 3 externref)", false},
        {"g", "(global i32)", true},
        {"g", "(global i64)", false},
        {"g", "(global (mut i32))", false},
        {"v", "(global (mut i32))", true},
        {"v", "(global i32)", false},
    };
    for (unsigned i = 0; i < SGI_COUNT(cases); i++) {
        char text[200];
        snprintf(text, sizeof text, "(module (import \"here\" \"it\" %s))", cases[i].import);
        sg_extern item = export_of(giver, cases[i].export);
        sg_core_instance *taker = link_with(&w, text, &item, 1, &error);
        if ((taker != NULL) != cases[i].matches)
            fail_msg("%s as %s", cases[i].export, cases[i].import);
        if (taker == NULL) {
            assert_int_equal(error.status, SG_UNLINKABLE);
            assert_string_equal(error.message, "incompatible import type");
            assert_string_equal(error.detail, "\"here\" \"it\"");
        }
    }
    assert_null(link_with(&w, "(module (import \"a\" \"b\" (func)))", NULL, 0, &error));
    assert_string_equal(error.message, "unknown import");
    /* What belongs to another store or engine is the caller's mistake. */
    World other = make_world(false, (sg_limits){0});
    sg_extern item = export_of(giver, "f");
    assert_null(link_with(&other, "(module (import \"a\" \"b\" (func (param i32))))", &item, 1, &error));
    assert_int_equal(error.status, SG_MISUSE);
    end_world(&other);
    end_world(&w);
}

/* A stand-in outlives its module, and the types that its recursion group refers to with it: what came after
 * them is not taken for them. */
static void stand_ins_keep_their_types(void **unused) {
    (void)unused;
    const char *form =
        "(module (type $t (func (param %s))) (rec (type $a (func)) (type $b (func (param (ref $t)))))"
        " (import \"\" \"\" (func (type $a))))";
    static const char *const params[] = {"f32", "f64"};
    for (unsigned i = 0; i < SGI_COUNT(params); i++) {
        World w = make_world(false, (sg_limits){0});
        sg_error error;
        sg_extern item;
        char text[200];
        snprintf(text, sizeof text, form, params[0]);
        sg_module *module = sg_module_load(w.engine, text, strlen(text), &error);
        assert_non_null(module);
        assert_int_equal(sg_module_import_trap(w.store, module, 0, &item, &error), SG_OK);
        sg_module_delete(module);
        snprintf(text, sizeof text, form, params[i]);
        sg_core_instance *taker = link_with(&w, text, &item, 1, &error);
        assert_true(i == 0 ? taker != NULL : taker == NULL && error.status == SG_UNLINKABLE);
        end_world(&w);
    }
}

/* Segments before the one that traps have done their work (core specification, 4.5.4). */
static void segments_trap(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){0});
    sg_error error;
    sg_core_instance *owner =
        link_with(&w, "(module (memory (export \"m\") 1) (table (export \"t\") 4 funcref))", NULL, 0, &error);
    sg_extern memory = export_of(owner, "m"), table = export_of(owner, "t");
    assert_null(link_with(&w,
                          "(module (import \"\" \"m\" (memory 1)) (data (i32.const 65535) \"a\")"
                          "  (data (i32.const 65535) \"bc\"))",
                          &memory, 1, &error));
    assert_int_equal(error.trap, SG_TRAP_MEMORY_OUT_OF_BOUNDS);
    assert_int_equal(memory.of.memory->base[65535], 'a');
    assert_null(link_with(&w,
                          "(module (import \"\" \"t\" (table 4 funcref)) (func $f (export \"f\"))"
                          "  (elem (i32.const 3) $f) (elem (i32.const 4) $f))",
                          &table, 1, &error));
    assert_int_equal(error.trap, SG_TRAP_TABLE_OUT_OF_BOUNDS);
    assert_non_null(table.of.table->elements[3]);
    end_world(&w);
}

/* A host function that gets over whatever its nested call meets. */
static sg_status get_over(void *context, sg_call *call, const sg_core_value *arguments, size_t argument_count,
                          sg_core_value *results, size_t result_count, sg_error *error) {
    (void)call, (void)arguments, (void)argument_count, (void)results, (void)result_count;
    assert_int_equal(sg_core_func_call(*(sg_core_func **)context, NULL, 0, NULL, 0, error), SG_TRAP);
    assert_int_equal(error->trap, SG_TRAP_MEMORY_LIMIT);
    return SG_OK;
}

/* An instance that a nested call ended goes no further, whether it called the host itself or others did. */
static void ended_frames(void **unused) {
    (void)unused;
    for (int through = 0; through < 2; through++) {
        World w = make_world(false, (sg_limits){.memory_bytes = 4 << 20, .on_grow_failure = SG_GROW_TRAP});
        sg_error error;
        sg_core_func *nested;
        sg_extern host = {SG_EXTERN_FUNC,
                          {sg_core_func_new(w.store, NULL, 0, NULL, 0, get_over, &nested, NULL, &error)}};
        if (through)
            host = export_of(link_with(&w,
                                       "(module (import \"\" \"h\" (func $h))"
                                       "  (func (export \"f\") (call $h)))",
                                       &host, 1, &error),
                             "f");
        sg_core_instance *instance = link_with(
            &w,
            "(module (import \"\" \"h\" (func $h)) (memory 1) (global (export \"n\") (mut i32) (i32.const 0))"
            "  (func (export \"grow\") (drop (memory.grow (i32.const 1000))))"
            "  (func (export \"f\") (call $h) (global.set 0 (i32.const 1))))",
            &host, 1, &error);
        assert_non_null(instance);
        nested = export_of(instance, "grow").of.func;
        for (int i = 0; i < 2; i++) {
            sg_core_func *func = export_of(instance, "f").of.func;
            assert_int_equal(sg_core_func_call(func, NULL, 0, NULL, 0, &error), SG_TRAP);
            assert_int_equal(error.trap, SG_TRAP_INSTANCE_ENDED);
        }
        assert_int_equal(sg_core_global_get(export_of(instance, "n").of.global).of.i32, 0);
        end_world(&w);
    }
}

/* The same by a tail call from the outermost frame: no frame of the ended instance is left to go on, and what
 * lies where its header was is another's. */
static void ended_tail_call(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){.memory_bytes = 4 << 20, .on_grow_failure = SG_GROW_TRAP});
    sg_error error;
    sg_core_func *nested;
    sg_extern host = {SG_EXTERN_FUNC,
                      {sg_core_func_new(w.store, NULL, 0, NULL, 0, get_over, &nested, NULL, &error)}};
    sg_core_instance *through = link_with(&w,
                                          "(module (import \"\" \"h\" (func $h))"
                                          "  (func (export \"g\") (param i64 i64 i64 i64) (call $h)))",
                                          &host, 1, &error);
    sg_extern g = export_of(through, "g");
    sg_core_instance *instance =
        link_with(&w,
                  "(module (import \"\" \"g\" (func $g (param i64 i64 i64 i64))) (memory 1)"
                  "  (func (export \"grow\") (drop (memory.grow (i32.const 1000))))"
                  "  (func (export \"f\")"
                  "    (return_call $g (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4))))",
                  &g, 1, &error);
    assert_non_null(instance);
    nested = export_of(instance, "grow").of.func;
    sg_core_func *func = export_of(instance, "f").of.func;
    assert_int_equal(sg_core_func_call(func, NULL, 0, NULL, 0, &error), SG_OK);
    assert_int_equal(sg_core_func_call(func, NULL, 0, NULL, 0, &error), SG_TRAP);
    assert_int_equal(error.trap, SG_TRAP_INSTANCE_ENDED);
    end_world(&w);
}

static unsigned looks;

static sg_trap count_look(ExecContext *cx) {
    (void)cx;
    looks++;
    return SG_TRAP_NONE;
}

/* One instruction may be long: 100 tables of 1,000 branches, reached or not, are more than 100 steps. */
static void translation_looks(void **unused) {
    (void)unused;
    static const char *const heads[] = {"(module (func (export \"f\") ",
                                        "(module (func (export \"f\") (return) "};
    for (unsigned i = 0; i < 2; i++) {
        World w = make_world(false, (sg_limits){0});
        Alloc alloc;
        Buf text;
        sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
        sgi_buf_init(&text, &alloc);
        sgi_buf_text(&text, heads[i]);
        for (int k = 0; k < 100 * 1000; k++) {
            sgi_buf_text(&text, k % 1000 == 0 ? "(block (br_table 0" : " 0");
            if (k % 1000 == 999)
                sgi_buf_text(&text, " (i32.const 0)))");
        }
        sgi_buf_put(&text, "))", 3);
        sg_error error;
        sg_core_instance *instance = link_with(&w, (const char *)text.data, NULL, 0, &error);
        assert_non_null(instance);
        LibCalls lib = *w.store->cx.lib;
        lib.interrupted = count_look;
        w.store->cx.lib = &lib;
        atomic_store(&w.store->cx.interrupt, SG_TRAP_CANCELLED);
        looks = 0;
        sg_core_func_call(export_of(instance, "f").of.func, NULL, 0, NULL, 0, &error);
        assert_in_range(looks, 50, 1000);
        sgi_buf_free(&text);
        end_world(&w);
    }
}

static void constant_expressions(void **unused) {
    (void)unused;
    World w = make_world(false, (sg_limits){0});
    sg_error error;
    sg_core_instance *instance = link_with(
        &w,
        "(module (func $f (export \"f\")) (global $a i32 (i32.sub (i32.const 1) (i32.const 3)))"
        "  (global (export \"a\") i32 (i32.mul (global.get $a) (i32.add (i32.const 20) (i32.const 1))))"
        "  (global (export \"b\") i64 (i64.add (i64.mul (i64.const -1) (i64.const 4)) (i64.sub (i64.const 1) "
        "(i64.const 9))))"
        "  (global (export \"c\") f32 (f32.const nan:0x200001)) (global (export \"d\") f64 (f64.const "
        "-0x1p-1074))"
        "  (global (export \"e\") funcref (ref.func $f)) (global (export \"n\") externref (ref.null "
        "extern)))",
        NULL, 0, &error);
    assert_non_null(instance);
    sg_core_value value = sg_core_global_get(export_of(instance, "a").of.global);
    assert_int_equal(value.of.i32, -42);
    value = sg_core_global_get(export_of(instance, "b").of.global);
    assert_int_equal(value.of.i64, -12);
    value = sg_core_global_get(export_of(instance, "c").of.global);
    assert_int_equal(value.kind, SG_CORE_F32);
    assert_int_equal(value.of.i32, 0x7fa00001);
    value = sg_core_global_get(export_of(instance, "d").of.global);
    assert_int_equal((uint64_t)value.of.i64, UINT64_C(0x8000000000000001));
    value = sg_core_global_get(export_of(instance, "e").of.global);
    assert_int_equal(value.kind, SG_CORE_FUNCREF);
    assert_ptr_equal(value.of.ref, export_of(instance, "f").of.func);
    value = sg_core_global_get(export_of(instance, "n").of.global);
    assert_int_equal(value.kind, SG_CORE_EXTERNREF);
    assert_null(value.of.ref);
    end_world(&w);
}

int main(void) {
    static bool small = true, large = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_fires),
        cmocka_unit_test(clock_comes_second),
        {"memory_grows", memory_grows, NULL, NULL, &large},
        {"memory_grows in small reservations", memory_grows, NULL, NULL, &small},
        cmocka_unit_test(memory64_is_fitted),
        cmocka_unit_test(growth_is_paid),
        cmocka_unit_test(copies_overlap),
        cmocka_unit_test(pieces_look),
        cmocka_unit_test(table_grows),
        cmocka_unit_test(table_moves_seldom),
        cmocka_unit_test(account_is_exact),
        cmocka_unit_test(imports_match),
        cmocka_unit_test(stand_ins_keep_their_types),
        cmocka_unit_test(segments_trap),
        cmocka_unit_test(ended_frames),
        cmocka_unit_test(ended_tail_call),
        cmocka_unit_test(translation_looks),
        cmocka_unit_test(constant_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
