/* Arrays: library calls that make them and move their elements, in pieces. */
#include "run/private.h"

#include <string.h>

bool sgi_type_is_traced(TypeRegistry *types, ValType type) {
    uint32_t heap = sgi_heap(type);
    if (!sgi_is_ref(type) || heap == HEAP_FUNC || heap == HEAP_NOFUNC)
        return false;
    return sgi_is_abstract(heap) || sgi_types_kind(types, heap) != COMP_FUNC;
}

static uint64_t bytes_of(const Rtt *rtt, uint32_t count) {
    return (uint64_t)count * sgi_storage_size((Storage)rtt->element);
}

static sg_trap charge(ExecContext *cx, const Rtt *rtt, uint32_t count) {
    return sgi_fuel_charge(cx, sgi_fuel_steps(bytes_of(rtt, count), FUEL_STEP_BYTES));
}

static bool is_within(uint32_t at, uint32_t count, uint64_t length) {
    return count <= length && at <= length - count;
}

sg_trap sgi_lib_object_new(ExecContext *cx, const Rtt *rtt, Object **object) {
    return sgi_heap_alloc(cx, rtt, rtt->size, object);
}

/* Its elements are not set. Until they are, nobody may see it. */
static sg_trap new_array(ExecContext *cx, const Rtt *rtt, uint32_t length, Object **array) {
    if (bytes_of(rtt, length) > LIMIT_OF(OBJECT_BYTES))
        return SG_TRAP_OBJECT_TOO_LARGE;
    sg_trap trap = charge(cx, rtt, length);
    if (trap == SG_TRAP_NONE)
        trap = sgi_heap_alloc(cx, rtt, rtt->size + bytes_of(rtt, length), array);
    if (trap == SG_TRAP_NONE)
        (*array)->length = length;
    return trap;
}

static bool is_zero(const Slot *value, Storage storage) {
    return value == NULL || (storage != STORAGE_128 &&
                             (value->u64 & (UINT64_MAX >> (64 - 8 * sgi_storage_size(storage)))) == 0);
}

/* The first piece one by one, the others as copies of it. */
static sg_trap fill(ExecContext *cx, Object *array, uint32_t at, const Slot *value, uint32_t count) {
    Storage storage = (Storage)array->rtt->element;
    uint32_t size = sgi_storage_size(storage);
    uint8_t *to = sgi_element_at(array, at);
    uint64_t bytes = bytes_of(array->rtt, count);
    size_t first = min_piece(bytes);
    if (is_zero(value, storage)) {
        memset(to, 0, first);
    } else {
        for (size_t done = 0; done < first; done += size)
            sgi_store_field(to + done, storage, value);
    }
    sg_trap trap = SG_TRAP_NONE;
    for (uint64_t done = first; done < bytes && trap == SG_TRAP_NONE; done += PIECE) {
        memcpy(to + done, to, min_piece(bytes - done));
        trap = sgi_poll(cx);
    }
    return trap;
}

sg_trap sgi_lib_array_new(ExecContext *cx, const Rtt *rtt, const Slot *value, uint32_t length,
                          Object **array) {
    sg_trap trap = new_array(cx, rtt, length, array);
    return trap == SG_TRAP_NONE ? fill(cx, *array, 0, value, length) : trap;
}

sg_trap sgi_lib_array_new_fixed(ExecContext *cx, const Rtt *rtt, const Slot *values, uint32_t length,
                                Object **array) {
    sg_trap trap = new_array(cx, rtt, length, array);
    if (trap != SG_TRAP_NONE)
        return trap;
    Storage storage = (Storage)rtt->element;
    uint32_t slots = storage == STORAGE_128 ? 2 : 1;
    for (uint32_t i = 0; i < length; i++)
        sgi_store_field(sgi_element_at(*array, i), storage, values + (size_t)i * slots);
    return SG_TRAP_NONE;
}

sg_trap sgi_lib_array_fill(ExecContext *cx, Object *array, uint32_t at, const Slot *value, uint32_t count) {
    if (array == NULL)
        return SG_TRAP_NULL_ARRAY_REFERENCE;
    if (!is_within(at, count, array->length))
        return SG_TRAP_ARRAY_OUT_OF_BOUNDS;
    sg_trap trap = charge(cx, array->rtt, count);
    return trap == SG_TRAP_NONE ? fill(cx, array, at, value, count) : trap;
}

sg_trap sgi_lib_array_copy(ExecContext *cx, Object *to, Object *from, uint32_t to_at, uint32_t from_at,
                           uint32_t count) {
    if (to == NULL || from == NULL)
        return SG_TRAP_NULL_ARRAY_REFERENCE;
    if (!is_within(to_at, count, to->length) || !is_within(from_at, count, from->length))
        return SG_TRAP_ARRAY_OUT_OF_BOUNDS;
    sg_trap trap = charge(cx, to->rtt, count);
    if (trap != SG_TRAP_NONE)
        return trap;
    return sgi_move_bytes(cx, sgi_element_at(to, to_at), sgi_element_at(from, from_at),
                          bytes_of(to->rtt, count));
}

/* ---- from segments ---- */

/* The bytes of `count` elements in a data segment; false out of bounds. */
static bool data_at(const Instance *instance, const Rtt *rtt, uint32_t data, uint32_t from, uint32_t count,
                    const void **bytes) {
    Bytes all = instance->data_dropped[data] ? (Bytes){NULL, 0} : instance->module->datas[data].bytes;
    uint64_t size = bytes_of(rtt, count);
    if (size > all.size || from > all.size - size)
        return false;
    *bytes = size > 0 ? all.data + from : NULL;
    return true;
}

static bool elem_at(const Instance *instance, uint32_t elem, uint32_t from, uint32_t count,
                    const void **items) {
    const ElemInst *segment = &instance->elems[elem];
    if (!is_within(from, count, segment->count))
        return false;
    *items = count > 0 ? segment->items + from : NULL;
    return true;
}

static sg_trap copy_in(ExecContext *cx, Object *array, uint32_t at, const void *from, uint32_t count) {
    return count > 0 ? sgi_move_bytes(cx, sgi_element_at(array, at), from, bytes_of(array->rtt, count))
                     : SG_TRAP_NONE;
}

static sg_trap new_from(ExecContext *cx, const Rtt *rtt, const void *from, uint32_t length, Object **array) {
    sg_trap trap = new_array(cx, rtt, length, array);
    return trap == SG_TRAP_NONE ? copy_in(cx, *array, 0, from, length) : trap;
}

sg_trap sgi_lib_array_new_data(ExecContext *cx, Instance *instance, const Rtt *rtt, uint32_t data,
                               uint32_t from, uint32_t length, Object **array) {
    const void *bytes;
    return data_at(instance, rtt, data, from, length, &bytes) ? new_from(cx, rtt, bytes, length, array)
                                                              : SG_TRAP_MEMORY_OUT_OF_BOUNDS;
}

sg_trap sgi_lib_array_new_elem(ExecContext *cx, Instance *instance, const Rtt *rtt, uint32_t elem,
                               uint32_t from, uint32_t length, Object **array) {
    const void *items;
    return elem_at(instance, elem, from, length, &items) ? new_from(cx, rtt, items, length, array)
                                                         : SG_TRAP_TABLE_OUT_OF_BOUNDS;
}

static sg_trap init(ExecContext *cx, Object *array, uint32_t at, const void *from, uint32_t count) {
    sg_trap trap = charge(cx, array->rtt, count);
    return trap == SG_TRAP_NONE ? copy_in(cx, array, at, from, count) : trap;
}

sg_trap sgi_lib_array_init_data(ExecContext *cx, Instance *instance, Object *array, uint32_t data,
                                uint32_t at, uint32_t from, uint32_t count) {
    const void *bytes;
    if (array == NULL)
        return SG_TRAP_NULL_ARRAY_REFERENCE;
    if (!is_within(at, count, array->length))
        return SG_TRAP_ARRAY_OUT_OF_BOUNDS;
    return data_at(instance, array->rtt, data, from, count, &bytes) ? init(cx, array, at, bytes, count)
                                                                    : SG_TRAP_MEMORY_OUT_OF_BOUNDS;
}

sg_trap sgi_lib_array_init_elem(ExecContext *cx, Instance *instance, Object *array, uint32_t elem,
                                uint32_t at, uint32_t from, uint32_t count) {
    const void *items;
    if (array == NULL)
        return SG_TRAP_NULL_ARRAY_REFERENCE;
    if (!is_within(at, count, array->length))
        return SG_TRAP_ARRAY_OUT_OF_BOUNDS;
    return elem_at(instance, elem, from, count, &items) ? init(cx, array, at, items, count)
                                                        : SG_TRAP_TABLE_OUT_OF_BOUNDS;
}
