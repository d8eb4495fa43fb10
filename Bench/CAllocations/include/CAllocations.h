// How often a piece of work asks for memory. Linking this replaces malloc and its kin by functions
// that count, while they are asked to, and then do what the C library does.
#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

#include <stdint.h>

// Counts the calling thread's allocations from here on.
void fc_allocations_begin(void);
// How many there were since; stops counting.
uint64_t fc_allocations_end(void);
// False under a sanitizer, which has an allocator of its own.
int32_t fc_allocations_are_counted(void);

#endif
