#include "CAllocations.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

// The C library's own, which it exports under these names as well.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Thread_local bool counting;
static _Thread_local uint64_t count;

void fc_allocations_begin(void) {
    count = 0;
    counting = true;
}

uint64_t fc_allocations_end(void) {
    counting = false;
    return count;
}

// A sanitizer has an allocator of its own, and nothing is counted then.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FC_NOTHING_COUNTED 1
#endif
#endif

#ifdef FC_NOTHING_COUNTED

int32_t fc_allocations_are_counted(void) { return 0; }

#else

int32_t fc_allocations_are_counted(void) { return 1; }

void *malloc(size_t size) {
    count += counting;
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count += counting;
    return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
    count += counting;
    return __libc_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count += counting;
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    count += counting;
    void *made = __libc_memalign(alignment, size);
    if (made == NULL) return ENOMEM;
    *block = made;
    return 0;
}

#endif
