/* Spheres over a chequered floor, with shadows and reflections: structs of floats by value, recursion. */
#include "bench.h"

typedef struct Vec {
    float x, y, z;
} Vec;

typedef struct Sphere {
    Vec centre;
    float radius, shine;
    Vec colour;
} Sphere;

static const Sphere spheres[] = {{{0, 1, 6}, 1, 0.4f, {1, 0.3f, 0.2f}},
                                 {{2, 0.7f, 4.5f}, 0.7f, 0.2f, {0.2f, 0.8f, 0.3f}},
                                 {{-2, 1.2f, 7}, 1.2f, 0.6f, {0.3f, 0.4f, 1}},
                                 {{-0.8f, 0.4f, 3.6f}, 0.4f, 0.1f, {1, 1, 0.4f}}};

static Vec add(Vec a, Vec b) {
    return (Vec){a.x + b.x, a.y + b.y, a.z + b.z};
}
static Vec times(Vec a, float f) {
    return (Vec){a.x * f, a.y * f, a.z * f};
}
static float dot(Vec a, Vec b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static Vec unit(Vec a) {
    return times(a, 1 / __builtin_sqrtf(dot(a, a)));
}

/* The distance to the nearest sphere along a ray, and which; 0 when there is none. */
static float nearest(Vec from, Vec along, const Sphere **which) {
    float best = 0;
    for (size_t i = 0; i < COUNT(spheres); i++) {
        Vec to = add(spheres[i].centre, times(from, -1));
        float middle = dot(to, along),
              inside = middle * middle - dot(to, to) + spheres[i].radius * spheres[i].radius;
        if (inside < 0)
            continue;
        float distance = middle - __builtin_sqrtf(inside);
        if (distance > 0.001f && (best == 0 || distance < best)) {
            best = distance;
            *which = &spheres[i];
        }
    }
    return best;
}

static Vec trace(Vec from, Vec along, int depth) {
    static const Vec light = {0.5f, 0.7f, -0.5f};
    const Sphere *hit = NULL;
    float distance = nearest(from, along, &hit), shine = 0.15f;
    Vec point, normal = {0, 1, 0}, colour;
    if (distance > 0) {
        point = add(from, times(along, distance));
        normal = unit(add(point, times(hit->centre, -1)));
        colour = hit->colour;
        shine = hit->shine;
    } else if (along.y < -0.001f) {
        point = add(from, times(along, from.y / -along.y));
        int square = (int)(point.x + 1000) + (int)(point.z + 1000);
        colour = square % 2 ? (Vec){0.9f, 0.9f, 0.9f} : (Vec){0.1f, 0.1f, 0.1f};
    } else {
        return (Vec){0.4f, 0.6f, 0.5f + along.y / 2};
    }
    float lit = dot(normal, light);
    if (lit < 0 || nearest(point, light, &hit) > 0)
        lit = 0;
    colour = times(colour, 0.2f + 0.8f * lit);
    if (depth == 0)
        return colour;
    Vec mirrored = add(along, times(normal, -2 * dot(normal, along)));
    return add(times(colour, 1 - shine), times(trace(point, mirrored, depth - 1), shine));
}

uint64_t bench_run(uint32_t scale) {
    uint64_t sum = 0;
    for (uint32_t y = 0; y < scale; y++)
        for (uint32_t x = 0; x < 128; x++) {
            Vec along = {(float)x / 128 - 0.5f, 0.5f - (float)y / (float)scale, 1};
            Vec colour = trace((Vec){0, 1, 0}, unit(along), 3);
            sum = mix(sum, (uint64_t)(colour.x * 255) << 16 | (uint64_t)(colour.y * 255) << 8 |
                               (uint64_t)(colour.z * 255));
        }
    return sum;
}
