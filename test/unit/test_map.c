/* Hash maps: put, get and remove against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"

enum { KEYS = 97 };

static void random_operations(void **state) {
    (void)state;
    Alloc alloc;
    Map map;
    uint8_t names[KEYS][2];
    bool there[KEYS] = {false};
    uint32_t values[KEYS] = {0}, random = 1;
    size_t count = 0;
    sgi_alloc_init(&alloc, NULL, NULL, SIZE_MAX);
    sgi_map_init(&map, &alloc);
    for (uint32_t step = 0; step < 50000; step++) {
        random = random * 1103515245 + 12345;
        uint32_t key = (random >> 16) % KEYS;
        Bytes name = {names[key], 2};
        names[key][0] = (uint8_t)key;
        names[key][1] = (uint8_t)(key * 7);
        if (random >> 31) {
            assert_int_equal(sgi_map_put(&map, name, step), there[key] ? MAP_EXISTS : MAP_ADDED);
            values[key] = there[key] ? values[key] : step;
            count += !there[key];
            there[key] = true;
        } else {
            assert_int_equal(sgi_map_remove(&map, name), there[key]);
            count -= there[key];
            there[key] = false;
        }
        assert_int_equal(map.count, count);
        key = (key + step) % KEYS;
        const uint32_t *found = sgi_map_get(&map, (Bytes){(uint8_t[]){(uint8_t)key, (uint8_t)(key * 7)}, 2});
        assert_true((found != NULL) == there[key]);
        assert_true(found == NULL || *found == values[key]);
    }
    sgi_map_free(&map);
    assert_false(sgi_map_remove(&map, BYTES_OF("x")));
    assert_int_equal(alloc.used, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
