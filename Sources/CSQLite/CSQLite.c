#include "CSQLite.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct fc_database {
    sqlite3 *handle;
    int opening; // the code of a failed opening, where there is no handle to ask
    int log_pages;
};

struct fc_statement {
    sqlite3_stmt *handle;
};

static char *copy_of(const uint8_t *text, int32_t length) {
    char *copy = malloc((size_t)length + 1);
    if (!copy) return NULL;
    memcpy(copy, text, (size_t)length);
    copy[length] = 0;
    return copy;
}

static int note_log_pages(void *context, sqlite3 *handle, const char *name, int pages) {
    (void)handle;
    (void)name;
    ((fc_database *)context)->log_pages = pages;
    return SQLITE_OK;
}

fc_database *fc_database_open(const uint8_t *path, int32_t path_length, const uint8_t *vfs,
                              int32_t vfs_length, fc_database_use use) {
    fc_database *database = calloc(1, sizeof *database);
    char *file = copy_of(path, path_length), *layer = copy_of(vfs, vfs_length);
    if (!database || !file || !layer) {
        free(database);
        free(file);
        free(layer);
        return NULL;
    }
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    flags |= use == FC_DATABASE_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (use == FC_DATABASE_MAKE) flags |= SQLITE_OPEN_CREATE;
    database->opening = sqlite3_open_v2(file, &database->handle, flags, layer);
    if (database->handle) {
        sqlite3_busy_timeout(database->handle, 1000);
        // Replaces the automatic checkpoint: the store has a schedule of its own.
        sqlite3_wal_hook(database->handle, note_log_pages, database);
    }
    free(file);
    free(layer);
    return database;
}

void fc_database_close(fc_database *database) {
    sqlite3_close(database->handle);
    free(database);
}

int32_t fc_database_code(fc_database *database) {
    if (!database->handle || database->opening) return database->opening;
    return sqlite3_extended_errcode(database->handle);
}

int32_t fc_database_message(fc_database *database, uint8_t *text, int32_t room) {
    const char *message = database->handle ? sqlite3_errmsg(database->handle)
                                           : sqlite3_errstr(database->opening);
    size_t length = strlen(message);
    if (length > (size_t)room) length = (size_t)room;
    memcpy(text, message, length);
    return (int32_t)length;
}

int32_t fc_database_run(fc_database *database, const uint8_t *sql, int32_t length) {
    char *words = copy_of(sql, length);
    if (!words) return SQLITE_NOMEM;
    int code = sqlite3_exec(database->handle, words, NULL, NULL, NULL);
    free(words);
    return code;
}

bool fc_database_in_transaction(fc_database *database) {
    return !sqlite3_get_autocommit(database->handle);
}

int64_t fc_database_last_id(fc_database *database) {
    return sqlite3_last_insert_rowid(database->handle);
}

int32_t fc_database_log_pages(fc_database *database) { return database->log_pages; }

int32_t fc_database_checkpoint(fc_database *database, bool truncate) {
    int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    return sqlite3_wal_checkpoint_v2(database->handle, NULL, mode, NULL, NULL);
}

int32_t fc_database_copy(fc_database *from, fc_database *to) {
    sqlite3_backup *copy = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (!copy) return sqlite3_extended_errcode(to->handle);
    // All in one step reads one state of the source, however much is written to it meanwhile.
    int code = sqlite3_backup_step(copy, -1);
    int end = sqlite3_backup_finish(copy);
    if (code == SQLITE_DONE) return end;
    return code == SQLITE_OK ? SQLITE_BUSY : code;
}

fc_statement *fc_statement_new(fc_database *database, const uint8_t *sql, int32_t length) {
    fc_statement *statement = calloc(1, sizeof *statement);
    if (!statement) return NULL;
    int code = sqlite3_prepare_v3(database->handle, (const char *)sql, length,
                                  SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL);
    if (code == SQLITE_OK && statement->handle) return statement;
    free(statement);
    return NULL;
}

void fc_statement_free(fc_statement *statement) {
    sqlite3_finalize(statement->handle);
    free(statement);
}

int32_t fc_statement_bind_integer(fc_statement *statement, int32_t place, int64_t value) {
    return sqlite3_bind_int64(statement->handle, place, value);
}

int32_t fc_statement_bind_bytes(fc_statement *statement, int32_t place, const uint8_t *bytes,
                                int64_t length) {
    return sqlite3_bind_blob64(statement->handle, place, bytes, (sqlite3_uint64)length,
                               SQLITE_TRANSIENT);
}

int32_t fc_statement_bind_text(fc_statement *statement, int32_t place, const uint8_t *text,
                               int64_t length) {
    return sqlite3_bind_text64(statement->handle, place, (const char *)text,
                               (sqlite3_uint64)length, SQLITE_TRANSIENT, SQLITE_UTF8);
}

int32_t fc_statement_bind_empty_text(fc_statement *statement, int32_t place) {
    return sqlite3_bind_text(statement->handle, place, "", 0, SQLITE_STATIC);
}

int32_t fc_statement_step(fc_statement *statement) { return sqlite3_step(statement->handle); }

void fc_statement_reset(fc_statement *statement) {
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
}

int64_t fc_statement_integer(fc_statement *statement, int32_t column) {
    return sqlite3_column_int64(statement->handle, column);
}

int32_t fc_statement_columns(fc_statement *statement) {
    return sqlite3_data_count(statement->handle);
}

int32_t fc_statement_kind(fc_statement *statement, int32_t column) {
    return sqlite3_column_type(statement->handle, column);
}

int64_t fc_statement_length(fc_statement *statement, int32_t column) {
    // The bytes first: asking for the length alone may turn a text into another encoding.
    sqlite3_column_blob(statement->handle, column);
    return sqlite3_column_bytes(statement->handle, column);
}

int64_t fc_statement_bytes(fc_statement *statement, int32_t column, uint8_t *bytes,
                           int64_t room) {
    const void *from = sqlite3_column_blob(statement->handle, column);
    int64_t length = sqlite3_column_bytes(statement->handle, column);
    if (length > room) length = room;
    if (from && length > 0) memcpy(bytes, from, (size_t)length);
    return from ? length : 0;
}
