/* Sends values of every kind through generated bindings of both sides:   host COMPONENT
 * Host → guest → host → guest → host; each is compared with what it was. Prints nothing when all is well. */
#include "echo_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool is_right, int line, const char *what) {
    if (!is_right) {
        fprintf(stderr, "host.c:%d: %s\n", line, what);
        exit(1);
    }
}
#define MUST(condition) must((condition), __LINE__, #condition)
#define MUST_DO(call)                                                                                        \
    do {                                                                                                     \
        if ((call) != SG_OK) {                                                                               \
            fprintf(stderr, "host.c:%d: %s: %s: %s\n", __LINE__, #call, error.message, error.detail);        \
            exit(1);                                                                                         \
        }                                                                                                    \
    } while (0)

/* ---- values ---- */

static echo_string text(const char *data) {
    return (echo_string){(char *)(uintptr_t)data, strlen(data)};
}

static bool same_text(echo_string a, echo_string b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static echo_string copy_text(echo_string from) {
    echo_string copy = {NULL, from.size};
    if (from.size) {
        copy.data = malloc(from.size);
        memcpy(copy.data, from.data, from.size);
    }
    return copy;
}

static bool same_scalars(const echo_types_scalars *a, const echo_types_scalars *b) {
    return a->a == b->a && a->b == b->b && a->c == b->c && a->d == b->d && a->e == b->e && a->f == b->f &&
           a->g == b->g && a->h == b->h && a->i == b->i && memcmp(&a->j, &b->j, sizeof a->j) == 0 &&
           memcmp(&a->k, &b->k, sizeof a->k) == 0 && a->l == b->l;
}

static bool same_joined(const echo_types_joined *a, const echo_types_joined *b) {
    if (a->tag != b->tag)
        return false;
    switch (a->tag) {
    case ECHO_TYPES_JOINED_A: return memcmp(&a->of.a, &b->of.a, sizeof a->of.a) == 0;
    case ECHO_TYPES_JOINED_B: return a->of.b == b->of.b;
    case ECHO_TYPES_JOINED_C: return a->of.c == b->of.c;
    case ECHO_TYPES_JOINED_D: return memcmp(&a->of.d, &b->of.d, sizeof a->of.d) == 0;
    case ECHO_TYPES_JOINED_E: return same_text(a->of.e, b->of.e);
    case ECHO_TYPES_JOINED_F:
        return memcmp(&a->of.f.f0, &b->of.f.f0, 4) == 0 && a->of.f.f1 == b->of.f.f1 &&
               a->of.f.f2 == b->of.f.f2;
    default: return true;
    }
}

static const echo_types_scalars scalars = {true,       -128,      255,        -32768, 65535, INT32_MIN,
                                           UINT32_MAX, INT64_MIN, UINT64_MAX, -1.5f,  1e300, 0x10ffff};

static const echo_types_joined joined[] = {
    {.tag = ECHO_TYPES_JOINED_NOTHING},
    {.tag = ECHO_TYPES_JOINED_A, .of.a = -0.0f},
    {.tag = ECHO_TYPES_JOINED_B, .of.b = INT32_MIN},
    {.tag = ECHO_TYPES_JOINED_C, .of.c = UINT64_MAX - 1},
    {.tag = ECHO_TYPES_JOINED_D, .of.d = 2.5e-300},
    {.tag = ECHO_TYPES_JOINED_E, .of.e = {(char *)(uintptr_t)"\xc3\xa4\xf0\x9f\x8d\x8e", 6}},
    {.tag = ECHO_TYPES_JOINED_E, .of.e = {NULL, 0}},
    {.tag = ECHO_TYPES_JOINED_F, .of.f = {3.25f, -7, 200}},
};
enum { JOINED_COUNT = sizeof joined / sizeof *joined };

/* ---- what the host serves ---- */

typedef struct Served {
    unsigned calls, live_bags;
} Served;

struct echo_served_bag {
    echo_string name;
    uint32_t weight;
};

static echo_own_served_bag new_bag(Served *served, echo_string name, uint32_t weight) {
    echo_own_served_bag bag = {malloc(sizeof *bag.rep)};
    bag.rep->name = copy_text(name);
    bag.rep->weight = weight;
    served->live_bags++;
    return bag;
}

static void destroy_bag(void *context, echo_served_bag *value) {
    Served *served = context;
    served->live_bags--;
    echo_string_free(&value->name);
    free(value);
}

static sg_status serve_gather(void *context, sg_call *call, bool a, int8_t b, uint8_t c, int16_t d,
                              uint16_t e, int32_t f, uint32_t g, int64_t h, uint64_t i, float j, double k,
                              uint32_t l, echo_types_scalars *result, sg_error *error) {
    Served *served = context;
    served->calls++;
    (void)call, (void)error;
    *result = (echo_types_scalars){a, b, c, d, e, f, g, h, i, j, k, l};
    return SG_OK;
}

static echo_types_joined copy_joined(const echo_types_joined *from) {
    echo_types_joined copy = *from;
    if (from->tag == ECHO_TYPES_JOINED_E)
        copy.of.e = copy_text(from->of.e);
    return copy;
}

static sg_status serve_join(void *context, sg_call *call, echo_types_joined v, echo_option_types_joined o,
                            echo_types_joined *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = copy_joined(o.is_some ? &o.value : &v);
    return SG_OK;
}

/* A deep copy: arguments are only read. */
static sg_status serve_send(void *context, sg_call *call, echo_types_everything v,
                            echo_types_everything *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = v;
    result->text = copy_text(v.text);
    result->colors.items = calloc(v.colors.count + 1, sizeof *v.colors.items);
    memcpy(result->colors.items, v.colors.items, v.colors.count * sizeof *v.colors.items);
    result->joined.items = calloc(v.joined.count + 1, sizeof *v.joined.items);
    for (size_t i = 0; i < v.joined.count; i++)
        result->joined.items[i] = copy_joined(&v.joined.items[i]);
    result->bytes.items = malloc(v.bytes.count + 1);
    memcpy(result->bytes.items, v.bytes.items, v.bytes.count);
    result->texts.items = calloc(v.texts.count + 1, sizeof *v.texts.items);
    for (size_t i = 0; i < v.texts.count; i++) {
        echo_list_string *to = &result->texts.items[i], *from = &v.texts.items[i];
        to->count = from->count;
        to->items = calloc(from->count + 1, sizeof *to->items);
        for (size_t j = 0; j < from->count; j++)
            to->items[j] = copy_text(from->items[j]);
        if (from->count == 0)
            free(to->items); /* lists without items are not freed */
    }
    result->pair.f0 = copy_text(v.pair.f0);
    result->pair.f1.value = copy_text(v.pair.f1.value);
    if (v.outcome.is_error) {
        result->outcome.of.error = copy_text(v.outcome.of.error);
    } else {
        result->outcome.of.ok.items = calloc(v.outcome.of.ok.count + 1, sizeof(echo_types_scalars));
        memcpy(result->outcome.of.ok.items, v.outcome.of.ok.items,
               v.outcome.of.ok.count * sizeof(echo_types_scalars));
    }
    if (!v.made.is_error)
        result->made.of.ok = copy_joined(&v.made.of.ok);
    return SG_OK;
}

static sg_status serve_one(void *context, sg_call *call, echo_types_color c, echo_types_few f,
                           echo_result_f32_u64 result_, echo_types_few *result, sg_error *error) {
    (void)context, (void)call;
    MUST(c == ECHO_TYPES_COLOR_INT);
    MUST(result_.is_error ? result_.of.error == UINT64_MAX : result_.of.ok == 0.5f);
    *result = f;
    if (f != 0)
        return SG_OK;
    snprintf(error->detail, sizeof error->detail, "no flags");
    return SG_BAD_VALUE;
}

static sg_status serve_half(void *context, sg_call *call, float x, double *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = (double)x / 2;
    return SG_OK;
}

static sg_status serve_bag_new(void *context, sg_call *call, echo_string name, echo_own_served_bag *result,
                               sg_error *error) {
    (void)call, (void)error;
    *result = new_bag(context, name, 1);
    return SG_OK;
}

static sg_status serve_bag_name(void *context, sg_call *call, echo_borrow_served_bag self,
                                echo_string *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = copy_text(self->name);
    return SG_OK;
}

static sg_status serve_bag_add(void *context, sg_call *call, echo_borrow_served_bag self, uint32_t context_,
                               uint32_t *result, sg_error *error) {
    (void)context, (void)call, (void)error;
    *result = self->weight += context_;
    return SG_OK;
}

static sg_status serve_bag_merge(void *context, sg_call *call, echo_own_served_bag a,
                                 echo_borrow_served_bag b, echo_own_served_bag *result, sg_error *error) {
    (void)call, (void)error;
    *result = new_bag(context, b->name, a.rep->weight + b->weight);
    destroy_bag(context, a.rep);
    return SG_OK;
}

static sg_status serve_bags(void *context, sg_call *call, uint32_t count, echo_list_own_served_bag *result,
                            sg_error *error) {
    (void)call, (void)error;
    *result = (echo_list_own_served_bag){calloc(count, sizeof *result->items), count};
    for (uint32_t i = 0; i < count; i++)
        result->items[i] = new_bag(context, text("one of many"), 10);
    return SG_OK;
}

static sg_status serve_weigh(void *context, sg_call *call, echo_list_borrow_served_bag bags,
                             echo_option_own_served_bag last, uint32_t *result, sg_error *error) {
    (void)call, (void)error;
    *result = 0;
    for (size_t i = 0; i < bags.count; i++)
        *result += bags.items[i]->weight;
    if (last.is_some) {
        *result += last.value.rep->weight;
        destroy_bag(context, last.value.rep);
    }
    return SG_OK;
}

/* ---- tests ---- */

static void test_flat(echo_instance *echo) {
    sg_error error;
    const echo_types_scalars *s = &scalars;
    echo_types_scalars back;
    MUST_DO(echo_gather(echo, s->a, s->b, s->c, s->d, s->e, s->f, s->g, s->h, s->i, s->j, s->k, s->l, &back,
                        &error));
    MUST(same_scalars(s, &back));
    for (size_t i = 0; i < JOINED_COUNT; i++) {
        echo_types_joined result;
        echo_option_types_joined other = {i % 2 == 1, joined[i]};
        MUST_DO(echo_join(echo, i % 2 == 0 ? joined[i] : joined[0], other, &result, &error));
        MUST(same_joined(&joined[i], &result));
        echo_types_joined_free(&result);
    }
    echo_types_few few;
    echo_result_f32_u64 ok = {.of.ok = 0.5f}, failed = {.is_error = true, .of.error = UINT64_MAX};
    MUST_DO(echo_one(echo, ECHO_TYPES_COLOR_INT, ECHO_TYPES_FEW_EXEC, ok, &few, &error));
    MUST(few == ECHO_TYPES_FEW_EXEC);
    MUST_DO(echo_one(echo, ECHO_TYPES_COLOR_INT, ECHO_TYPES_FEW_READ | ECHO_TYPES_FEW_WRITE, failed, &few,
                     &error));
    MUST(few == (ECHO_TYPES_FEW_READ | ECHO_TYPES_FEW_WRITE));
    double half;
    MUST_DO(echo_half(echo, 5, &half, &error));
    MUST(half == 2.5);
}

static void test_everything(echo_instance *echo) {
    sg_error error;
    echo_types_color colors[] = {ECHO_TYPES_COLOR_RED, ECHO_TYPES_COLOR_INT};
    uint8_t bytes[300] = {1, 2, 255};
    echo_string words[] = {text("a"), text(""), text("bc")};
    echo_list_string texts[] = {{words, 3}, {NULL, 0}};
    echo_types_scalars two[] = {scalars, {.l = 'x'}};
    echo_types_everything all = {
        .scalars = scalars,
        .colors = {colors, 2},
        .few = ECHO_TYPES_FEW_WRITE,
        .many = ECHO_TYPES_MANY_F0 | ECHO_TYPES_MANY_F17 | ECHO_TYPES_MANY_F31,
        .joined = {(echo_types_joined *)(uintptr_t)joined, JOINED_COUNT},
        .text = text("all of it"),
        .bytes = {bytes, sizeof bytes},
        .texts = {texts, 2},
        .maybe = {true, {true, 7}},
        .pair = {text("left"), {true, text("right")}},
        .outcome = {false, {.ok = {two, 2}}},
        .done = {true},
        .failed = {true, {ECHO_TYPES_COLOR_GREEN}},
        .made = {false, {joined[5]}},
    };
    echo_types_everything back;
    MUST_DO(echo_send(echo, all, &back, &error));
    MUST(same_scalars(&back.scalars, &scalars) && back.few == all.few && back.many == all.many);
    MUST(back.colors.count == 2 && memcmp(back.colors.items, colors, 2) == 0);
    MUST(back.joined.count == JOINED_COUNT);
    for (size_t i = 0; i < JOINED_COUNT; i++)
        MUST(same_joined(&back.joined.items[i], &joined[i]));
    MUST(same_text(back.text, all.text));
    MUST(back.bytes.count == sizeof bytes && memcmp(back.bytes.items, bytes, sizeof bytes) == 0);
    MUST(back.texts.count == 2 && back.texts.items[0].count == 3 && back.texts.items[1].count == 0);
    for (size_t i = 0; i < 3; i++)
        MUST(same_text(back.texts.items[0].items[i], words[i]));
    MUST(back.maybe.is_some && back.maybe.value.is_some && back.maybe.value.value == 7);
    MUST(same_text(back.pair.f0, all.pair.f0) && back.pair.f1.is_some &&
         same_text(back.pair.f1.value, all.pair.f1.value));
    MUST(!back.outcome.is_error && back.outcome.of.ok.count == 2);
    MUST(same_scalars(&back.outcome.of.ok.items[0], &two[0]) &&
         same_scalars(&back.outcome.of.ok.items[1], &two[1]));
    MUST(back.done.is_error && back.failed.is_error && back.failed.of.error == ECHO_TYPES_COLOR_GREEN);
    MUST(!back.made.is_error && same_joined(&back.made.of.ok, &joined[5]));
    echo_types_everything_free(&back);

    all.outcome = (echo_result_list_types_scalars_string){true, {.error = text("none")}};
    all.maybe.value.is_some = false;
    all.pair.f1.is_some = false;
    MUST_DO(echo_send(echo, all, &back, &error));
    MUST(back.outcome.is_error && same_text(back.outcome.of.error, text("none")));
    MUST(back.maybe.is_some && !back.maybe.value.is_some && !back.pair.f1.is_some);
    echo_types_everything_free(&back);

    /* What does not fit is refused before anything runs, with its place. */
    colors[1] = 3;
    MUST(echo_send(echo, all, &back, &error) == SG_BAD_VALUE);
    MUST(strcmp(error.detail, "argument 1, field \"colors\", element 2: no such case") == 0);
    colors[1] = 0;
    words[2] = (echo_string){(char *)(uintptr_t)"\xff", 1};
    MUST(echo_send(echo, all, &back, &error) == SG_BAD_VALUE);
    MUST(strcmp(error.detail,
                "argument 1, field \"texts\", element 1, element 3: string is not valid UTF-8") == 0);
}

static void test_bags(echo_instance *echo, Served *served) {
    sg_error error;
    echo_own_served_bag mine = new_bag(served, text("mine"), 100), lent = new_bag(served, text("lent"), 1000);
    echo_tuple3_own_served_bag_list_string_u32 result;
    MUST_DO(echo_use_bags(echo, mine, lent.rep, 3, &result, &error));
    MUST(result.f1.count == 5 && same_text(result.f1.items[0], text("mine")) &&
         same_text(result.f1.items[1], text("lent")) && same_text(result.f1.items[4], text("one of many")));
    MUST(result.f2 == 10 + 11 + 12 + 1000 + 1);
    MUST(result.f0.rep->weight == 1100 && same_text(result.f0.rep->name, text("lent")));
    MUST(served->live_bags == 2);
    destroy_bag(served, result.f0.rep);
    destroy_bag(served, lent.rep);
    echo_tuple3_own_served_bag_list_string_u32_free(&result);
}

static void test_counters(echo_instance *echo) {
    sg_error error;
    echo_own_counters_counter a, b, c;
    uint32_t n;
    MUST_DO(echo_counters_counter_new(echo, 5, &a, &error));
    MUST_DO(echo_counters_counter_new(echo, 10, &b, &error));
    MUST_DO(echo_counters_counter_next(echo, echo_own_counters_counter_borrow(a), &n, &error));
    MUST(n == 6);
    echo_borrow_counters_counter both[] = {echo_own_counters_counter_borrow(a),
                                           echo_own_counters_counter_borrow(b)};
    MUST_DO(echo_counters_sum(echo, (echo_list_borrow_counters_counter){both, 2}, &n, &error));
    MUST(n == 16);
    MUST_DO(echo_counters_counter_join(echo, a, both[1], &c, &error));
    MUST_DO(echo_counters_live(echo, &n, &error));
    MUST(n == 2);
    MUST(echo_counters_counter_next(echo, both[0], &n, &error) == SG_BAD_VALUE); /* given away */
    MUST_DO(echo_own_counters_counter_drop(echo, b, &error));
    MUST_DO(echo_own_counters_counter_drop(echo, c, &error));
    MUST_DO(echo_counters_live(echo, &n, &error));
    MUST(n == 0);
}

/* A component whose function gives something else than the world says. */
static void test_another_type(sg_engine *engine, sg_store *store, sg_linker *linker) {
    static const char other[] =
        "(component (core module $m (func (export \"half\") (param f32) (result i32) i32.const 1))"
        " (core instance $i (instantiate $m))"
        " (func (export \"half\") (param \"x\" f32) (result u32) (canon lift (core func $i \"half\"))))";
    sg_error error;
    sg_component *component = sg_component_load(engine, other, sizeof other - 1, &error);
    sg_instance *made = component ? sg_linker_instantiate(linker, store, component, &error) : NULL;
    MUST(made != NULL);
    echo_instance echo;
    double half;
    MUST(echo_bind(&echo, store, made, &error) == SG_NOT_FOUND); /* it has nothing else */
    for (size_t i = 0; i < sizeof echo.funcs / sizeof *echo.funcs; i++)
        echo.funcs[i] = sg_instance_find_func(made, "half", &error);
    MUST(echo_half(&echo, 1, &half, &error) == SG_BAD_VALUE);
    MUST(strcmp(error.detail, "result: expected f64") == 0);
    sg_component_delete(component);
}

/* A host function that fails ends the guest. */
static void test_failing(echo_instance *echo) {
    sg_error error;
    echo_types_few few;
    echo_result_f32_u64 ok = {.of.ok = 0.5f};
    MUST(echo_one(echo, ECHO_TYPES_COLOR_INT, 0, ok, &few, &error) == SG_TRAP);
    MUST(error.trap == SG_TRAP_HOST_FUNCTION);
}

int main(int argc, char **argv) {
    Served served = {0};
    echo_served_imports imports = {
        .context = &served,
        .bag_destroy = destroy_bag,
        .bag_new = serve_bag_new,
        .bag_name = serve_bag_name,
        .bag_add = serve_bag_add,
        .bag_merge = serve_bag_merge,
        .gather = serve_gather,
        .join = serve_join,
        .send = serve_send,
        .one = serve_one,
        .half = serve_half,
        .bags = serve_bags,
        .weigh = serve_weigh,
    };
    MUST(argc == 2);
    sg_error error;
    sg_engine *engine = sg_engine_new(NULL, &error);
    sg_linker *linker = sg_linker_new(engine, &error);
    sg_store *store = sg_store_new(engine, NULL, &error);
    MUST_DO(echo_served_link(linker, engine, &imports, &error));
    sg_component *component = sg_component_load_file(engine, argv[1], &error);
    sg_instance *made = component ? sg_linker_instantiate(linker, store, component, &error) : NULL;
    MUST_DO(made ? SG_OK : error.status);
    echo_instance echo;
    MUST_DO(echo_bind(&echo, store, made, &error));
    for (int i = 0; i < 100; i++) { /* memory of the guest's does not run out */
        test_flat(&echo);
        test_everything(&echo);
        test_bags(&echo, &served);
        test_counters(&echo);
    }
    MUST(sg_store_usage(store).memory_bytes < 4 << 20);
    test_another_type(engine, store, linker);
    test_failing(&echo);
    sg_store_delete(store);
    MUST(served.live_bags == 0 && served.calls == 100);
    sg_component_delete(component);
    sg_linker_delete(linker);
    sg_engine_delete(engine);
    return 0;
}
