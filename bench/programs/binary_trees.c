/* Trees made, walked and freed, with an allocator of free lists: pointers, recursion. */
#include "bench.h"

typedef struct Node {
    struct Node *left, *right;
} Node;

enum { NODES = 1 << 17 };
static Node nodes[NODES];
static Node *free_list;
static uint32_t fresh;

static Node *allocate(void) {
    if (free_list == NULL)
        return &nodes[fresh++];
    Node *node = free_list;
    free_list = node->left;
    return node;
}

static void release(Node *node) {
    node->left = free_list;
    free_list = node;
}

static Node *grow(int depth) {
    Node *node = allocate();
    node->left = depth ? grow(depth - 1) : NULL;
    node->right = depth ? grow(depth - 1) : NULL;
    return node;
}

static uint32_t fell(Node *node) {
    uint32_t count = 1;
    if (node->left)
        count += fell(node->left) + fell(node->right);
    release(node);
    return count;
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    free_list = NULL;
    fresh = 0;
    for (uint32_t round = 0; round < scale; round++) {
        Node *long_lived = grow(12);
        for (int depth = 4; depth <= 12; depth += 4)
            for (int i = 0; i < 1 << (14 - depth); i++)
                sum = mix(sum, fell(grow(depth)));
        sum = mix(sum, fell(long_lived));
    }
    return sum;
}
