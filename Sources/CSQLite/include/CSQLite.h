// SQLite 3 in shapes that Swift calls safely. A connection and its statements belong to one thread
// at a time.
//
// Where nothing else is said, a function returns SQLite's extended result code, 0 for success. No
// pointer may be null, not even beside a length of zero: the doors turn empty spans away (the
// overload that Swift 6.3.1 makes for an optional span beside a second span crashes the compiler
// when it optimises).
#ifndef CSQLITE_H
#define CSQLITE_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "files.h"

typedef struct fc_database fc_database;
typedef struct fc_statement fc_statement;

typedef enum {
    FC_DATABASE_READ,  // it must exist
    FC_DATABASE_WRITE, // it must exist
    FC_DATABASE_MAKE,  // made when it does not exist
} fc_database_use;

// Opens a file through the VFS of that name ("unix" is the system's own). A connection comes back
// even where opening failed, to tell why; only without memory it is NULL.
fc_database *_Nullable fc_database_open(
    const uint8_t *_Nonnull __counted_by(path_length) path __noescape, int32_t path_length,
    const uint8_t *_Nonnull __counted_by(vfs_length) vfs __noescape, int32_t vfs_length,
    fc_database_use use);
// Its statements are freed before it.
void fc_database_close(fc_database *_Nonnull database);
// The code of what failed last, and what SQLite says of it: as many bytes as fit.
int32_t fc_database_code(fc_database *_Nonnull database);
int32_t fc_database_message(fc_database *_Nonnull database,
                            uint8_t *_Nonnull __counted_by(room) text __noescape, int32_t room);
// Runs statements that return nothing of interest.
int32_t fc_database_run(fc_database *_Nonnull database,
                        const uint8_t *_Nonnull __counted_by(length) sql __noescape,
                        int32_t length);
// Whether a transaction is open: some failures end it by themselves.
bool fc_database_in_transaction(fc_database *_Nonnull database);
int64_t fc_database_last_id(fc_database *_Nonnull database);
// How many pages the write-ahead log held after the last commit of this connection.
int32_t fc_database_log_pages(fc_database *_Nonnull database);
// Moves pages from the write-ahead log into the file as far as no reader needs them (passive), or
// waits for readers, and empties the log (truncate).
int32_t fc_database_checkpoint(fc_database *_Nonnull database, bool truncate);
// Copies everything while others go on reading and writing the source.
int32_t fc_database_copy(fc_database *_Nonnull from, fc_database *_Nonnull to);

// NULL when the words are wrong or a table is not there: fc_database_code tells.
fc_statement *_Nullable fc_statement_new(
    fc_database *_Nonnull database, const uint8_t *_Nonnull __counted_by(length) sql __noescape,
    int32_t length);
void fc_statement_free(fc_statement *_Nonnull statement);
// Parameters count from 1. Bytes and texts are copied.
int32_t fc_statement_bind_integer(fc_statement *_Nonnull statement, int32_t place, int64_t value);
int32_t fc_statement_bind_bytes(fc_statement *_Nonnull statement, int32_t place,
                                const uint8_t *_Nonnull __counted_by(length) bytes __noescape,
                                int64_t length);
int32_t fc_statement_bind_text(fc_statement *_Nonnull statement, int32_t place,
                               const uint8_t *_Nonnull __counted_by(length) text __noescape,
                               int64_t length);
int32_t fc_statement_bind_empty_text(fc_statement *_Nonnull statement, int32_t place);
// FC_ROW, FC_DONE, or what went wrong.
enum { FC_ROW = 100, FC_DONE = 101 };
int32_t fc_statement_step(fc_statement *_Nonnull statement);
// Makes it ready for the next use.
void fc_statement_reset(fc_statement *_Nonnull statement);
// Columns count from 0 and are those of the row that the last step gave.
int64_t fc_statement_integer(fc_statement *_Nonnull statement, int32_t column);
// How many there are, and what one holds: 1 an integer, 2 a fraction, 3 a text, 4 bytes, 5 null.
int32_t fc_statement_columns(fc_statement *_Nonnull statement);
int32_t fc_statement_kind(fc_statement *_Nonnull statement, int32_t column);
int64_t fc_statement_length(fc_statement *_Nonnull statement, int32_t column);
// Fills as many bytes of the column as there is room for, and returns how many.
int64_t fc_statement_bytes(fc_statement *_Nonnull statement, int32_t column,
                           uint8_t *_Nonnull __counted_by(room) bytes __noescape, int64_t room);

#endif
