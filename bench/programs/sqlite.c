/* A session with SQLite, in memory: inserts, indexes, joins, groups, updates, deletes. The amalgamation is
 * fetched (harness/build.py); it gets a heap of its own and no operating system, so nothing is imported. */
#define SQLITE_OS_OTHER            1
#define SQLITE_THREADSAFE          0
#define SQLITE_ENABLE_MEMSYS5      1
#define SQLITE_ZERO_MALLOC         1
#define SQLITE_OMIT_LOAD_EXTENSION 1
#define SQLITE_OMIT_LOCALTIME      1
#define SQLITE_OMIT_WAL            1
#define SQLITE_OMIT_DEPRECATED     1
#define SQLITE_OMIT_SHARED_CACHE   1
#define SQLITE_DEFAULT_MEMSTATUS   0
#define SQLITE_TEMP_STORE          3
#include <sqlite3.c>

#include "bench.h"

static uint8_t heap[16 << 20];

/* What SQLite asks of a system when all is in memory: that there is one. */
static int refuse_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs, (void)name, (void)flags, (void)out;
    file->pMethods = NULL;
    return SQLITE_CANTOPEN;
}
static int give_name(sqlite3_vfs *vfs, const char *name, int size, char *out) {
    (void)vfs;
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}
static int give_random(sqlite3_vfs *vfs, int size, char *out) {
    (void)vfs;
    memset(out, 42, (size_t)size);
    return size;
}
static int give_time(sqlite3_vfs *vfs, sqlite3_int64 *time) {
    (void)vfs;
    *time = 0;
    return SQLITE_OK;
}

int sqlite3_os_init(void) {
    static sqlite3_vfs vfs = {.iVersion = 2,
                              .szOsFile = sizeof(sqlite3_file),
                              .mxPathname = 64,
                              .zName = "none",
                              .xOpen = refuse_open,
                              .xFullPathname = give_name,
                              .xRandomness = give_random,
                              .xCurrentTimeInt64 = give_time};
    return sqlite3_vfs_register(&vfs, 1);
}
int sqlite3_os_end(void) {
    return SQLITE_OK;
}

/* Runs a statement `times` times with its number and a random number bound; sums up all that it answers. */
static uint64_t execute(sqlite3 *db, const char *sql, int times, uint32_t *seed) {
    sqlite3_stmt *statement;
    uint64_t sum = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return mix_bytes(0, sqlite3_errmsg(db), text_size(sqlite3_errmsg(db)));
    for (int i = 0; i < times; i++) {
        sqlite3_bind_int(statement, 1, i);
        sqlite3_bind_int(statement, 2, (int)(next_random(seed) % 100000));
        while (sqlite3_step(statement) == SQLITE_ROW)
            for (int k = 0; k < sqlite3_column_count(statement); k++) {
                const void *text = sqlite3_column_text(statement, k);
                sum = mix_bytes(sum, text ? text : "", (size_t)sqlite3_column_bytes(statement, k));
            }
        sqlite3_reset(statement);
    }
    return sum + (uint64_t)sqlite3_finalize(statement);
}

uint64_t bench_run(uint32_t scale) {
    static const struct {
        const char *sql;
        int times; /* 0: `scale` times */
    } session[] = {
        {"CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, town INTEGER, pay REAL)", 1},
        {"CREATE TABLE towns(id INTEGER PRIMARY KEY, name TEXT UNIQUE)", 1},
        {"BEGIN", 1},
        {"INSERT INTO towns VALUES(?1, 'town ' || ?1 || '-' || ?2)", 50},
        {"INSERT INTO people VALUES(?1, printf('%x%05d', ?2, ?2), ?2 % 50, ?2 / 7.0)", 0},
        {"COMMIT", 1},
        {"CREATE INDEX by_name ON people(name)", 1},
        {"SELECT name, pay FROM people WHERE id = ?2 % 1000", 0},
        {"SELECT count(*), name FROM people WHERE name BETWEEN printf('%x', ?2) AND printf('%xz', ?2)", 0},
        {"SELECT t.name, count(*), sum(p.pay), max(p.name) FROM people p JOIN towns t ON t.id = p.town "
         "GROUP BY t.id ORDER BY 3 DESC LIMIT 10 + ?1 - ?1",
         3},
        {"SELECT name FROM people WHERE name LIKE '%a' || (?2 % 10) || '%' ORDER BY name DESC LIMIT 5 + ?1 - "
         "?1",
         3},
        {"UPDATE people SET pay = pay * 1.5, name = upper(name) WHERE town = ?1 AND pay < ?2", 50},
        {"DELETE FROM people WHERE id % 7 = ?1 AND town <> ?2", 3},
        {"SELECT count(*), total(pay), min(name), group_concat(DISTINCT town) FROM people WHERE ?1 < ?2 + 1",
         1},
    };
    uint32_t seed = 1;
    uint64_t sum = 0;
    sqlite3 *db;
    sqlite3_config(SQLITE_CONFIG_HEAP, heap, (int)sizeof heap, 64);
    sum = mix(sum,
              (uint64_t)sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL));
    for (size_t i = 0; i < COUNT(session); i++)
        sum = mix(sum, execute(db, session[i].sql, session[i].times ? session[i].times : (int)scale, &seed));
    sum = mix(sum, (uint64_t)sqlite3_close(db));
    sqlite3_shutdown();
    return sum;
}
