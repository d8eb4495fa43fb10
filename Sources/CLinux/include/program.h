#ifndef FIELDCAST_PROGRAM_H
#define FIELDCAST_PROGRAM_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

// What a program that measures asks of the system: its terminal, its own limits and use. As
// everywhere here a failure is a negative errno.

// Makes a file, or empties it, and writes all of `bytes`. The path need not end in zero.
int32_t fc_write_file(const uint8_t *__counted_by(path_length) path __noescape,
                      int32_t path_length, const uint8_t *__counted_by(length) bytes __noescape,
                      size_t length);

// The columns of a terminal in the upper half, its rows in the lower; negative when it is none.
int32_t fc_terminal_size(int32_t file);

// Processor time of this process, user and system.
uint64_t fc_cpu_nanoseconds(void);
// Raises the limit of open descriptors as far as it goes and returns it.
int64_t fc_descriptor_limit(void);

// From here on SIGINT and SIGTERM are noted, and the second one ends the program as usual.
int32_t fc_note_interrupts(void);
int32_t fc_interrupted(void);

#endif
