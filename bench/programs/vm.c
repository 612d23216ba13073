/* A bytecode machine with registers and memory of its own, running a sieve and a Collatz count: br_table. */
#include "bench.h"

enum Op { HALT, SET, MOVE, ADD, SUB, MUL, SHIFT, AND, LOAD, STORE, LESS, JUMP, JUMP_IF, JUMP_UNLESS };

typedef struct Instr {
    uint8_t op, to, a, b;
    int32_t immediate;
} Instr;

static const Instr sieve[] = {
    {SET, 1, 0, 0, 2},          /* 0: candidate = 2 */
    {SET, 2, 0, 0, 0},          /* 1: primes = 0 */
    {SET, 7, 0, 0, 1},          /* 2 */
    {LESS, 3, 1, 0, 0},         /* 3: candidate < limit? */
    {JUMP_UNLESS, 0, 3, 0, 16}, /* 4 */
    {LOAD, 4, 1, 0, 0},         /* 5: struck out? */
    {JUMP_IF, 0, 4, 0, 14},     /* 6 */
    {ADD, 2, 2, 7, 0},          /* 7: primes++ */
    {ADD, 5, 1, 1, 0},          /* 8: multiple = 2 candidate */
    {LESS, 3, 5, 0, 0},         /* 9: multiple < limit? */
    {JUMP_UNLESS, 0, 3, 0, 14}, /* 10 */
    {STORE, 0, 5, 7, 0},        /* 11: strike it out */
    {ADD, 5, 5, 1, 0},          /* 12: next multiple */
    {JUMP, 0, 0, 0, 9},         /* 13 */
    {ADD, 1, 1, 7, 0},          /* 14: next candidate */
    {JUMP, 0, 0, 0, 3},         /* 15 */
    {MOVE, 0, 2, 0, 0},         /* 16 */
    {HALT, 0, 0, 0, 0},
};

static const Instr collatz[] = {
    {SET, 1, 0, 0, 0},          /* 0: steps */
    {SET, 7, 0, 0, 1},          /* 1 */
    {LESS, 2, 7, 0, 0},         /* 2: 1 < n? */
    {JUMP_UNLESS, 0, 2, 0, 13}, /* 3 */
    {ADD, 1, 1, 7, 0},          /* 4 */
    {AND, 3, 0, 7, 0},          /* 5 */
    {JUMP_IF, 0, 3, 0, 9},      /* 6 */
    {SHIFT, 0, 0, 0, 1},        /* 7 */
    {JUMP, 0, 0, 0, 2},         /* 8 */
    {SET, 4, 0, 0, 3},          /* 9 */
    {MUL, 0, 0, 4, 0},          /* 10 */
    {ADD, 0, 0, 7, 0},          /* 11 */
    {JUMP, 0, 0, 0, 2},         /* 12 */
    {MOVE, 0, 1, 0, 0},         /* 13 */
    {HALT, 0, 0, 0, 0},
};

static int32_t memory[1 << 13];

static int32_t execute(const Instr *program, int32_t argument) {
    uint32_t r[8] = {(uint32_t)argument};
    const Instr *at = program;
    for (;;) {
        Instr i = *at++;
        switch ((enum Op)i.op) {
        case HALT: return (int32_t)r[0];
        case SET: r[i.to] = (uint32_t)i.immediate; break;
        case MOVE: r[i.to] = r[i.a]; break;
        case ADD: r[i.to] = r[i.a] + r[i.b]; break;
        case SUB: r[i.to] = r[i.a] - r[i.b]; break;
        case MUL: r[i.to] = r[i.a] * r[i.b]; break;
        case SHIFT: r[i.to] = r[i.a] >> i.immediate; break;
        case AND: r[i.to] = r[i.a] & r[i.b]; break;
        case LOAD: r[i.to] = (uint32_t)memory[r[i.a] % COUNT(memory)]; break;
        case STORE: memory[r[i.a] % COUNT(memory)] = (int32_t)r[i.b]; break;
        case LESS: r[i.to] = r[i.a] < r[i.b]; break;
        case JUMP: at = program + i.immediate; break;
        case JUMP_IF: at = r[i.a] ? program + i.immediate : at; break;
        case JUMP_UNLESS: at = r[i.a] ? at : program + i.immediate; break;
        }
    }
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t round = 0; round < scale; round++) {
        for (uint32_t i = 0; i < COUNT(memory); i++)
            memory[i] = 0;
        sum = mix(sum, (uint64_t)execute(sieve, COUNT(memory)));
        for (int32_t n = 1; n < 300; n++)
            sum = mix(sum, (uint64_t)execute(collatz, n + (int32_t)round));
    }
    return sum;
}
