#ifndef FIELDCAST_PROCESS_H
#define FIELDCAST_PROCESS_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

// What a program needs of its process: the wall's time, the signals that ask it to end, and its
// standard output.

// Nanoseconds since 1970 in UTC.
uint64_t fc_wall_nanoseconds(void);

enum { FC_SIGNAL_END = 1, FC_SIGNAL_RELOAD = 2 };

// Keeps the signals that ask a program to end (SIGINT, SIGTERM) or to read its files again (SIGHUP)
// for fc_await_signal, in this thread and in those it starts later; ignores SIGPIPE. 0 or a
// negative errno.
int32_t fc_hold_signals(void);

// Waits for one of them, at most so long (negative: for ever): one of the above, 0 when none came,
// or a negative errno.
int32_t fc_await_signal(int64_t nanoseconds);

int32_t fc_process_id(void);

// The environment, entry by entry, each with a zero behind it, as far as it fits; how long it is.
int64_t fc_environment(uint8_t *__counted_by(capacity) buffer __noescape, size_t capacity);

// Writes all of it to descriptor 1 or 2; 0 or a negative errno.
int32_t fc_write(int32_t descriptor, const uint8_t *__counted_by(length) bytes __noescape,
                 size_t length);

// Reads a file of at most `capacity` bytes; its length, or a negative errno (EFBIG: it is longer).
int64_t fc_read_file(const char *path, uint8_t *__counted_by(capacity) buffer __noescape,
                     size_t capacity);

// Ends the process.
_Noreturn void fc_exit(int32_t code);

// Waits until a descriptor can be read; 0 or a negative errno.
int32_t fc_await_readable(int32_t descriptor);

#endif
