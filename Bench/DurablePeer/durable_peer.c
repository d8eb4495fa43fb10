// The peer of `node.publish.durable`: what a program that stores each change by itself reaches.
//
// Rules it keeps (rule 36): one thread, one row a transaction, prepared statements, no server and
// no encoding at all; write-ahead log and `synchronous=FULL` as the node's store has; a row has a
// topic's number, a version, and bytes of the length that the node writes for such a patch. Its
// write-ahead log moves into the file every PAGES pages, 4,000 being its own best of 1,000, 4,000
// and 16,000 on the machine where the row was first taken.
//
//     durable-peer FILE SECONDS
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sqlite3 *database;

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) == SQLITE_OK) return;
    fprintf(stderr, "durable-peer: %s: %s\n", sql, sqlite3_errmsg(database));
    exit(1);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK) return statement;
    fprintf(stderr, "durable-peer: %s: %s\n", sql, sqlite3_errmsg(database));
    exit(1);
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "durable-peer: %s\n", sqlite3_errmsg(database));
        exit(1);
    }
    sqlite3_reset(statement);
}

int main(int count, char **words) {
    if (count != 3) return 2;
    if (sqlite3_open(words[1], &database) != SQLITE_OK) return 1;
    const char *pages = getenv("PAGES");
    char limit[64];
    snprintf(limit, sizeof limit, "PRAGMA wal_autocheckpoint=%d", pages ? atoi(pages) : 4000);
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("PRAGMA secure_delete=OFF");
    run(limit);
    run("CREATE TABLE log (topic INTEGER, version INTEGER, change BLOB, "
        "PRIMARY KEY (topic, version)) WITHOUT ROWID");
    sqlite3_stmt *begin = prepare("BEGIN IMMEDIATE"), *commit = prepare("COMMIT");
    sqlite3_stmt *insert = prepare("INSERT INTO log VALUES (?, ?, ?)");
    unsigned char change[90];
    memset(change, 'x', sizeof change);
    double length = atof(words[2]), start = seconds(), warm = start + 1;
    long done = 0;
    for (long version = 1;; version++) {
        step(begin);
        sqlite3_bind_int64(insert, 1, version % 64);
        sqlite3_bind_int64(insert, 2, version);
        sqlite3_bind_blob(insert, 3, change, sizeof change, SQLITE_STATIC);
        step(insert);
        step(commit);
        double now = seconds();
        if (warm > 0) {
            if (now < warm) continue;
            warm = 0;
            start = now;
            continue;
        }
        done++;
        if (now - start >= length) {
            printf("%.1f\n", (double)done / (now - start));
            return 0;
        }
    }
}
