/* The echo world's guest: what it is given goes to the host and what comes back is the result. */
#include "echo_guest.h"

echo_types_scalars echo_gather(bool a, int8_t b, uint8_t c, int16_t d, uint16_t e, int32_t f, uint32_t g,
                               int64_t h, uint64_t i, float j, double k, uint32_t l) {
    return echo_served_gather(a, b, c, d, e, f, g, h, i, j, k, l);
}

echo_types_joined echo_join(echo_types_joined v, echo_option_types_joined o) {
    return echo_served_join(v, o);
}

echo_types_everything echo_send(echo_types_everything v) {
    return echo_served_send(v);
}

echo_types_few echo_one(echo_types_color c, echo_types_few f, echo_result_f32_u64 result) {
    return echo_served_one(c, f, result);
}

double echo_half(float x) {
    return echo_served_half(x);
}

/* Bags of the host's: names are read, one is made here and merged, some are weighed. */
echo_tuple3_own_served_bag_list_string_u32 echo_use_bags(echo_own_served_bag mine,
                                                         echo_borrow_served_bag lent, uint32_t count) {
    echo_tuple3_own_served_bag_list_string_u32 result;
    echo_list_own_served_bag bags = echo_served_bags(count);
    echo_list_borrow_served_bag borrowed = {malloc((count + 1) * sizeof *borrowed.items), count + 1};
    result.f1.items = malloc((count + 2) * sizeof *result.f1.items);
    result.f1.count = count + 2;
    result.f1.items[0] = echo_served_bag_name(echo_own_served_bag_borrow(mine));
    result.f1.items[1] = echo_served_bag_name(lent);
    for (uint32_t i = 0; i < count; i++) {
        borrowed.items[i] = echo_own_served_bag_borrow(bags.items[i]);
        echo_served_bag_add(borrowed.items[i], i);
        result.f1.items[i + 2] = echo_served_bag_name(borrowed.items[i]);
    }
    borrowed.items[count] = lent;
    echo_option_own_served_bag last = {true, echo_served_bag_new(echo_string_of("last"))};
    result.f2 = echo_served_weigh(borrowed, last);
    for (uint32_t i = 0; i < count; i++)
        echo_own_served_bag_drop(bags.items[i]);
    echo_list_own_served_bag_free(&bags);
    echo_list_borrow_served_bag_free(&borrowed);
    result.f0 = echo_served_bag_merge(mine, lent);
    echo_borrow_served_bag_drop(lent);
    return result;
}

/* ---- counters, which are the guest's ---- */

struct echo_counters_counter {
    uint32_t value;
};

static uint32_t live_counters;

static echo_own_counters_counter new_counter(uint32_t value) {
    echo_counters_counter *counter = malloc(sizeof *counter);
    counter->value = value;
    live_counters++;
    return echo_own_counters_counter_make(counter);
}

void echo_counters_counter_destroy(echo_counters_counter *value) {
    live_counters--;
    free(value);
}

echo_own_counters_counter echo_counters_counter_new(uint32_t start) {
    return new_counter(start);
}

uint32_t echo_counters_counter_next(echo_borrow_counters_counter self) {
    return ++self->value;
}

echo_own_counters_counter echo_counters_counter_join(echo_own_counters_counter a,
                                                     echo_borrow_counters_counter b) {
    uint32_t value = echo_own_counters_counter_rep(a)->value + b->value;
    echo_own_counters_counter_drop(a);
    return new_counter(value);
}

uint32_t echo_counters_sum(echo_list_borrow_counters_counter all) {
    uint32_t sum = 0;
    for (size_t i = 0; i < all.count; i++)
        sum += all.items[i]->value;
    return sum;
}

uint32_t echo_counters_live(void) {
    return live_counters;
}
