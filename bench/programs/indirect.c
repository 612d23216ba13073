/* Expressions as trees of nodes with function pointers: calls through tables. */
#include "bench.h"

typedef struct Node Node;
struct Node {
    int64_t (*evaluate)(const Node *node, int64_t x);
    const Node *left, *right;
    int64_t number;
};

enum { NODES = 1 << 11 };
static Node nodes[NODES];
static uint32_t used;

static int64_t get(const Node *node, int64_t x) {
    return node->left->evaluate(node->left, x);
}
static int64_t other(const Node *node, int64_t x) {
    return node->right->evaluate(node->right, x);
}
static int64_t constant(const Node *node, int64_t x) {
    (void)x;
    return node->number;
}
static int64_t variable(const Node *node, int64_t x) {
    return x + node->number;
}
static int64_t sum_of(const Node *node, int64_t x) {
    return (int64_t)((uint64_t)get(node, x) + (uint64_t)other(node, x));
}
static int64_t product(const Node *node, int64_t x) {
    return (int64_t)((uint64_t)get(node, x) * (uint64_t)other(node, x));
}
static int64_t either(const Node *node, int64_t x) {
    return (x ^ node->number) & 1 ? get(node, x) : other(node, x);
}
static int64_t shifted(const Node *node, int64_t x) {
    return get(node, x) >> (node->number & 31);
}

static const Node *make(uint32_t depth, uint32_t *seed) {
    static int64_t (*const leaves[])(const Node *, int64_t) = {constant, variable};
    static int64_t (*const inner[])(const Node *, int64_t) = {sum_of, product, either, sum_of, shifted};
    Node *node = &nodes[used++];
    uint32_t choice = next_random(seed);
    node->number = choice % 1000;
    node->evaluate = depth ? inner[choice % COUNT(inner)] : leaves[choice % COUNT(leaves)];
    if (depth) {
        node->left = make(depth - 1, seed);
        node->right = make(depth - 1, seed);
    }
    return node;
}

uint64_t bench_run(uint32_t scale) {
    uint32_t seed = 5;
    uint64_t sum = 0;
    used = 0;
    const Node *root = make(9, &seed);
    for (uint32_t round = 0; round < scale; round++)
        sum = mix(sum, (uint64_t)root->evaluate(root, round));
    return sum;
}
