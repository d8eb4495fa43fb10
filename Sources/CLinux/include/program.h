#ifndef FC_PROGRAM_H
#define FC_PROGRAM_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

// What a program asks of the system beside its sockets: files, the terminal, its own limits and
// use. As everywhere here a failure is a negative errno.

// Files. A path need not end in zero. Writing makes the file and empties it.
int32_t fc_file_open(const uint8_t *__counted_by(count) path __noescape, int32_t count,
                     int32_t writing);
int64_t fc_file_read(int32_t file, uint8_t *__counted_by(count) buffer __noescape, int64_t count);
int64_t fc_file_write(int32_t file, const uint8_t *__counted_by(count) buffer __noescape,
                      int64_t count);

// The columns of a terminal in the upper half, its rows in the lower; negative when it is none.
int32_t fc_terminal_size(int32_t file);

uint64_t fc_wall_nanoseconds(void);
// Processor time of this process, user and system.
uint64_t fc_cpu_nanoseconds(void);
// Raises the limit of open descriptors as far as it goes and returns it.
int64_t fc_descriptor_limit(void);
// From here on SIGINT and SIGTERM are noted, and the second one ends the program as usual.
int32_t fc_note_interrupts(void);
int32_t fc_interrupted(void);
void fc_exit(int32_t status) __attribute__((noreturn));

#endif
