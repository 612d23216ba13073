/* An SQLite session:   sqlite FILE ROWS. Creates the file, inserts, opens it again and queries. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static sqlite3 *database;

static void check(int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
        exit(1);
    }
}

static int print_row(void *unused, int count, char **values, char **names) {
    (void)unused, (void)names;
    for (int i = 0; i < count; i++)
        printf("%s%s", i ? "|" : "", values[i] ? values[i] : "NULL");
    putchar('\n');
    return 0;
}

static void run(const char *sql) {
    check(sqlite3_exec(database, sql, print_row, NULL, NULL));
}

static void insert(int rows) {
    sqlite3_stmt *statement;
    check(sqlite3_prepare_v2(database, "INSERT INTO t VALUES (?, ?, ?)", -1, &statement, NULL));
    for (int i = 0; i < rows; i++) {
        char text[32];
        snprintf(text, sizeof text, "row %d", i);
        sqlite3_bind_int(statement, 1, i);
        sqlite3_bind_int(statement, 2, (int)(i * 7919LL % 10007));
        sqlite3_bind_text(statement, 3, text, -1, SQLITE_TRANSIENT);
        check(sqlite3_step(statement));
        check(sqlite3_reset(statement));
    }
    check(sqlite3_finalize(statement));
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    check(sqlite3_open(argv[1], &database));
    run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, name TEXT)");
    run("BEGIN");
    insert(atoi(argv[2]));
    run("COMMIT");
    run("CREATE INDEX by_n ON t (n)");
    check(sqlite3_close(database));
    check(sqlite3_open(argv[1], &database));
    run("SELECT count(*), sum(n), min(name), max(name) FROM t");
    run("SELECT id, name FROM t WHERE n = 42 ORDER BY id LIMIT 3");
    run("BEGIN; DELETE FROM t WHERE n > 100; ROLLBACK; SELECT count(*) FROM t");
    run("DELETE FROM t WHERE n >= 5000; VACUUM; SELECT count(*) FROM t; PRAGMA integrity_check");
    check(sqlite3_close(database));
    return 0;
}
