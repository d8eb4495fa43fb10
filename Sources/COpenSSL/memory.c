// Where OpenSSL's large blocks lie.
//
// A handshake needs some 30 KB for a moment, most of it in four blocks of 4 to 20 KB: its message
// buffer, its output buffer, a record in and a record out. From the common heap they are cut out
// between the small blocks that a connection keeps for its life, and when thousands of clients come
// back at the same time the heap stays three times as large as what is in it, for ever: 45 KB of
// resident memory for each idle connection instead of 16.
//
// So they have a range of addresses of their own, in places of one size. A place that is given back
// is taken again first; when enough of those are warm its pages go back to the system. Whatever
// does not fit goes to the common heap.
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FC_COMMON_HEAP_ONLY 1 // so that the sanitizer sees every block
#endif
#endif

#ifndef FC_COMMON_HEAP_ONLY

enum {
    BUFFER = 4096,      // of a BIO
    LEAST = 8 * 1024,   // what lies between the two is a session itself, which stays
    PLACE = 24 * 1024,  // the largest that is common is a record with its head and its seal
    PLACES = 80 * 1024, // for 16,000 handshakes at once; 1.9 GiB of addresses, no memory
    WARM = 32,          // places kept with their pages
};

static uint8_t *range;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t warm[WARM], cold[PLACES], warm_count, cold_count, untouched;

static bool is_ours(const void *block) {
    uintptr_t at = (uintptr_t)block, from = (uintptr_t)range;
    return range && at >= from && at - from < (uintptr_t)PLACES * PLACE;
}

static void *take(void) {
    int64_t place = -1;
    pthread_mutex_lock(&lock);
    if (warm_count > 0)
        place = warm[--warm_count];
    else if (cold_count > 0)
        place = cold[--cold_count];
    else if (untouched < PLACES)
        place = untouched++;
    pthread_mutex_unlock(&lock);
    return place < 0 ? NULL : range + place * PLACE;
}

static void give_back(void *block) {
    uint32_t place = (uint32_t)(((uint8_t *)block - range) / PLACE);
    pthread_mutex_lock(&lock);
    bool keeps = warm_count < WARM;
    if (keeps) warm[warm_count++] = place;
    pthread_mutex_unlock(&lock);
    if (keeps) return;
    madvise(block, PLACE, MADV_DONTNEED);
    pthread_mutex_lock(&lock);
    cold[cold_count++] = place;
    pthread_mutex_unlock(&lock);
}

static bool is_large(size_t size) { return size == BUFFER || (size >= LEAST && size <= PLACE); }

static void *allocate(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    if (size == 0) return NULL;
    void *block = range && is_large(size) ? take() : NULL;
    return block ? block : malloc(size);
}

static void release(void *block, const char *file, int line) {
    (void)file;
    (void)line;
    if (is_ours(block))
        give_back(block);
    else
        free(block);
}

static void *resize(void *block, size_t size, const char *file, int line) {
    if (!block) return allocate(size, file, line);
    if (size == 0) {
        release(block, file, line);
        return NULL;
    }
    if (!is_ours(block)) return realloc(block, size);
    if (size <= PLACE) return block;
    void *larger = malloc(size);
    if (!larger) return NULL;
    memcpy(larger, block, PLACE);
    release(block, file, line);
    return larger;
}

// Before `main`: OpenSSL takes this only before its first allocation. Where it comes too late, or
// the system gives no range, OpenSSL works from the common heap.
__attribute__((constructor)) static void begin(void) {
    void *got = mmap(NULL, (size_t)PLACES * PLACE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) return;
    range = got;
    if (CRYPTO_set_mem_functions(allocate, resize, release) == 1) return;
    munmap(got, (size_t)PLACES * PLACE);
    range = NULL;
}

#endif
