/* Shortest paths over a sparse graph with a binary heap: dependent loads, unpredictable branches. */
#include "bench.h"

enum { NODES = 4096, DEGREE = 5 };

typedef struct Item {
    uint32_t distance, node;
} Item;

static uint32_t targets[NODES][DEGREE], lengths[NODES][DEGREE], distances[NODES];
static Item heap[NODES * DEGREE + 1];
static uint32_t size;

static void push(Item item) {
    uint32_t at = size++;
    for (; at && heap[(at - 1) / 2].distance > item.distance; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = item;
}

static Item pop(void) {
    Item top = heap[0], last = heap[--size];
    uint32_t at = 0;
    for (uint32_t child; (child = at * 2 + 1) < size; at = child) {
        if (child + 1 < size && heap[child + 1].distance < heap[child].distance)
            child++;
        if (heap[child].distance >= last.distance)
            break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return top;
}

static void search(uint32_t from) {
    __builtin_memset(distances, 0xff, sizeof distances);
    distances[from] = 0;
    size = 0;
    push((Item){0, from});
    while (size) {
        Item item = pop();
        if (item.distance > distances[item.node])
            continue;
        for (int i = 0; i < DEGREE; i++) {
            uint32_t to = targets[item.node][i], distance = item.distance + lengths[item.node][i];
            if (distance < distances[to]) {
                distances[to] = distance;
                push((Item){distance, to});
            }
        }
    }
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1;
    uint64_t sum = 0;
    for (int i = 0; i < NODES; i++)
        for (int k = 0; k < DEGREE; k++) {
            targets[i][k] = next_random(&seed) % NODES;
            lengths[i][k] = next_random(&seed) % 1000 + 1;
        }
    for (uint32_t round = 0; round < scale; round++) {
        search(round * 31 % NODES);
        sum = mix_bytes(sum, distances, sizeof distances);
    }
    return sum;
}
