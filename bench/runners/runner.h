/* The runners' side of the protocol of harness/engines.py: a command a line in, a reply a line out.
 *
 *   read PATH     read the file into memory → "WALL CPU"
 *   load -        decode, validate and whatever the engine does then → "WALL CPU"
 *   validate -    decode and validate only, where an engine can be asked that → "WALL CPU"
 *   run SCALE     call bench_run, instantiating first where that was not done yet → "WALL CPU CHECKSUM"
 *   first EXPORT  instantiate with imports that trap and call → "WALL CPU"
 *
 * Times are nanoseconds of the command alone. A failed command is answered "error TEXT". */
#ifndef BENCH_RUNNER_H
#define BENCH_RUNNER_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool refuse(const char *why) {
    printf("error %s\n", why);
    return false;
}

static int64_t time_of(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int serve(bool read(const char *path), bool load(void), bool run(uint32_t scale, uint64_t *checksum),
                 bool first(const char *name)) {
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *argument = line + strcspn(line, " ");
        if (*argument)
            *argument++ = 0;
        uint64_t checksum = 0;
        int64_t wall = time_of(CLOCK_MONOTONIC), cpu = time_of(CLOCK_THREAD_CPUTIME_ID);
        bool ok;
        if (strcmp(line, "read") == 0)
            ok = read(argument);
        else if (strcmp(line, "load") == 0)
            ok = load();
        else if (strcmp(line, "run") == 0)
            ok = run((uint32_t)strtoul(argument, NULL, 10), &checksum);
        else
            ok = first(argument);
        cpu = time_of(CLOCK_THREAD_CPUTIME_ID) - cpu;
        wall = time_of(CLOCK_MONOTONIC) - wall;
        if (ok)
            printf("%" PRId64 " %" PRId64 " %016" PRIx64 "\n", wall, cpu, checksum);
        fflush(stdout);
    }
    return 0;
}

#endif
