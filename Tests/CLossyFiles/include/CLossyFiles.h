// Files that lose power: an SQLite VFS, "lossy", over the system's own. What is written stays in
// memory until it is synced; at a crash a part of what was not synced reaches the disk, by a seed,
// and every open file is dead. What counts as a step is a write, a truncation or a sync.
//
// One connection to a file at a time, and all tests that use it one after another.
#ifndef CLOSSYFILES_H
#define CLOSSYFILES_H

#include <stdbool.h>
#include <stdint.h>

// Makes the VFS known to SQLite; 0 for success. Once is enough, more does no harm.
int32_t fc_lossy_register(void);
// A new life: files may be opened again, and `steps` steps later power is lost (negative: never).
void fc_lossy_begin(uint64_t seed, int64_t steps);
// The step `steps` from now fails once with SQLite's `code` and does nothing.
void fc_lossy_fail(int64_t steps, int32_t code);
// Loses power now.
void fc_lossy_crash(void);
bool fc_lossy_crashed(void);
// Steps since the last life began.
int64_t fc_lossy_steps(void);

#endif
