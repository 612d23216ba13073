/* Quicksort and merge sort of 16 Ki records: data-dependent branches, swaps, copies. */
#include "bench.h"

typedef struct Record {
    uint32_t key, value;
} Record;

enum { N = 1 << 14 };
static Record records[N], copies[N], scratch[N];

static void quicksort(Record *a, int32_t low, int32_t high) {
    while (low < high) {
        uint32_t pivot = a[low + (high - low) / 2].key;
        int32_t i = low, k = high;
        while (i <= k) {
            while (a[i].key < pivot)
                i++;
            while (a[k].key > pivot)
                k--;
            if (i <= k) {
                Record other = a[i];
                a[i++] = a[k];
                a[k--] = other;
            }
        }
        quicksort(a, low, k);
        low = i;
    }
}

static void merge_sort(Record *a, uint32_t n) {
    for (uint32_t width = 1; width < n; width *= 2) {
        for (uint32_t at = 0; at < n; at += 2 * width) {
            uint32_t i = at, middle = at + width < n ? at + width : n, k = middle;
            uint32_t end = middle + width < n ? middle + width : n;
            for (uint32_t to = at; to < end; to++)
                scratch[to] = i < middle && (k == end || a[i].key <= a[k].key) ? a[i++] : a[k++];
        }
        __builtin_memcpy(a, scratch, n * sizeof *a);
    }
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 1;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        for (uint32_t i = 0; i < N; i++)
            copies[i] = records[i] = (Record){next_random(&seed) % 100000, i};
        quicksort(records, 0, N - 1);
        merge_sort(copies, N);
        for (uint32_t i = 0; i < N; i++)
            sum = mix(sum, (uint64_t)records[i].key << 32 | copies[i].value);
    }
    return sum;
}
