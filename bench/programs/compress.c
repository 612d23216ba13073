/* LZ77 with a chained hash of three bytes, then Huffman codes over its bytes; and all the way back. */
#include "bench.h"

enum { SIZE = 1 << 16, WINDOW = 1 << 15, CHAIN = 16, LEAST = 4, MOST = 255 };
static uint8_t input[SIZE], tokens[SIZE * 2], packed[SIZE * 2], unpacked[SIZE * 2], output[SIZE + MOST];
static int32_t heads[1 << 12], previous[SIZE];

static uint32_t slot(const uint8_t *at) {
    return ((uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2]) * 2654435761u >> 20;
}

/* Tokens: 0 length byte for a literal, else 1 length, distance in two bytes. */
static uint32_t find_matches(void) {
    uint32_t used = 0;
    __builtin_memset(heads, -1, sizeof heads);
    for (int32_t at = 0; at < SIZE;) {
        int32_t best = 0, from = 0, room = SIZE - at < MOST ? SIZE - at : MOST;
        int32_t candidate = room >= LEAST ? heads[slot(input + at)] : -1;
        for (int tries = 0; candidate >= 0 && at - candidate < WINDOW && tries < CHAIN; tries++) {
            int32_t length = 0;
            while (length < room && input[candidate + length] == input[at + length])
                length++;
            if (length > best)
                best = length, from = candidate;
            candidate = previous[candidate];
        }
        bool matched = best >= LEAST;
        tokens[used++] = (uint8_t)(matched ? best : 0);
        tokens[used++] = matched ? (uint8_t)(at - from) : input[at];
        if (matched)
            tokens[used++] = (uint8_t)((at - from) >> 8);
        for (int32_t end = at + (matched ? best : 1); at < end; at++)
            if (at + LEAST <= SIZE) {
                previous[at] = heads[slot(input + at)];
                heads[slot(input + at)] = at;
            }
    }
    return used;
}

static void follow_matches(const uint8_t *from, uint32_t size) {
    uint32_t to = 0;
    for (uint32_t at = 0; at < size;) {
        uint32_t length = from[at++], distance = from[at++];
        if (length == 0) {
            output[to++] = (uint8_t)distance;
            continue;
        }
        distance |= (uint32_t)from[at++] << 8;
        for (uint32_t i = 0; i < length; i++, to++)
            output[to] = output[to - distance];
    }
}

static int32_t weight[511], left[511], right[511];
static uint32_t codes[256];
static uint8_t lengths[256];

/* Joins the two lightest until one is left. → the root */
static int32_t make_tree(const uint8_t *data, uint32_t size) {
    bool alive[511] = {false};
    for (int i = 0; i < 256; i++)
        weight[i] = 1, alive[i] = true;
    for (uint32_t i = 0; i < size; i++)
        weight[data[i]] += 16;
    for (int32_t made = 256; made < 511; made++) {
        int32_t lightest[2] = {-1, -1};
        for (int32_t i = 0; i < made; i++) {
            if (!alive[i])
                continue;
            if (lightest[0] < 0 || weight[i] < weight[lightest[0]])
                lightest[1] = lightest[0], lightest[0] = i;
            else if (lightest[1] < 0 || weight[i] < weight[lightest[1]])
                lightest[1] = i;
        }
        left[made] = lightest[0], right[made] = lightest[1];
        weight[made] = weight[lightest[0]] + weight[lightest[1]];
        alive[lightest[0]] = alive[lightest[1]] = false;
        alive[made] = true;
    }
    return 510;
}

static void make_codes(int32_t node, uint32_t code, uint8_t length) {
    if (node < 256) {
        codes[node] = code;
        lengths[node] = length;
        return;
    }
    make_codes(left[node], code << 1, length + 1);
    make_codes(right[node], code << 1 | 1, length + 1);
}

static uint32_t encode(uint32_t size) {
    uint64_t bits = 0;
    uint32_t held = 0, used = 0;
    for (uint32_t i = 0; i < size; i++) {
        bits = bits << lengths[tokens[i]] | codes[tokens[i]];
        for (held += lengths[tokens[i]]; held >= 8; held -= 8)
            packed[used++] = (uint8_t)(bits >> (held - 8));
    }
    packed[used++] = (uint8_t)(bits << (8 - held));
    return used;
}

static void decode(int32_t root, uint32_t size) {
    uint32_t bit = 0;
    for (uint32_t i = 0; i < size; i++) {
        int32_t node = root;
        for (; node >= 256; bit++)
            node = packed[bit >> 3] >> (7 - (bit & 7)) & 1 ? right[node] : left[node];
        unpacked[i] = (uint8_t)node;
    }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        make_text((char *)input, SIZE, round);
        uint32_t size = find_matches();
        int32_t root = make_tree(tokens, size);
        make_codes(root, 0, 0);
        sum = mix(sum, encode(size));
        decode(root, size);
        follow_matches(unpacked, size);
        sum = mix_bytes(sum, output, SIZE);
        sum += same_bytes(input, output, SIZE);
    }
    return sum;
}
