/* The outer planets' orbits, symplectic steps: floating point with square roots and divisions. */
#include "bench.h"

typedef struct Body {
    double x[3], v[3], mass;
} Body;

enum { BODIES = 5 };
static const double sun_mass = 39.47841760435743; /* 4 pi squared */
static const Body start[BODIES] = {
    {{0, 0, 0}, {0, 0, 0}, 1},
    {{4.84143144, -1.16032004, -0.10362204}, {0.60632639, 2.81198684, -0.02521836}, 0.000954792},
    {{8.34336671, 4.12479856, -0.40352341}, {-1.01077435, 1.82566237, 0.00841576}, 0.000285886},
    {{12.89436956, -15.11115140, -0.22330758}, {1.08279100, 0.86871301, -0.01083263}, 0.0000436624},
    {{15.37969711, -25.91931460, 0.17925877}, {0.97909073, 0.59469899, -0.03475595}, 0.0000515139}};
static Body bodies[BODIES];

static void step(double dt) {
    for (int i = 0; i < BODIES; i++)
        for (int j = i + 1; j < BODIES; j++) {
            double d[3], squared = 0;
            for (int k = 0; k < 3; k++) {
                d[k] = bodies[i].x[k] - bodies[j].x[k];
                squared += d[k] * d[k];
            }
            double pull = dt / (squared * __builtin_sqrt(squared));
            for (int k = 0; k < 3; k++) {
                bodies[i].v[k] -= d[k] * bodies[j].mass * pull;
                bodies[j].v[k] += d[k] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            bodies[i].x[k] += dt * bodies[i].v[k];
}

uint64_t bench_run(uint32_t scale) {
    for (int i = 0; i < BODIES; i++) {
        bodies[i] = start[i];
        bodies[i].mass *= sun_mass;
    }
    for (uint32_t round = 0; round < scale; round++)
        step(0.01);
    uint64_t sum = 0;
    for (int i = 0; i < BODIES; i++)
        for (int k = 0; k < 3; k++)
            sum = mix_double(sum, bodies[i].x[k]);
    return sum;
}
