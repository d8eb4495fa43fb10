// An io_uring for one loop: multishot accept and receive into a ring of buffers, sends submitted
// together. A ring belongs to the thread that made it.
//
// What completes carries back the 64-bit name it was submitted under.
#ifndef CURING_H
#define CURING_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct fc_uring fc_uring;

// NULL where the system has no io_uring for us, or lacks what is used here; `error` is then the
// errno. `buffers` is a power of two.
fc_uring *_Nullable fc_uring_new(int32_t entries, int32_t buffers, int32_t buffer_bytes,
                                 int32_t *_Nonnull error);
void fc_uring_free(fc_uring *_Nonnull ring);

// Goes on until cancelled or failed; each completion says whether more follow.
void fc_uring_accept(fc_uring *_Nonnull ring, int32_t listener, uint64_t name);
void fc_uring_receive(fc_uring *_Nonnull ring, int32_t socket, uint64_t name);
void fc_uring_poll_readable(fc_uring *_Nonnull ring, int32_t descriptor, uint64_t name);
// Once.
void fc_uring_poll_writable(fc_uring *_Nonnull ring, int32_t socket, uint64_t name);
// Once, when the connection breaks.
void fc_uring_poll_broken(fc_uring *_Nonnull ring, int32_t socket, uint64_t name);
void fc_uring_cancel(fc_uring *_Nonnull ring, uint64_t name);

// Sends without waiting for room. Completes only when not everything was taken. The bytes must
// stay where they are until the ring has been submitted.
void fc_uring_send(fc_uring *_Nonnull ring, int32_t socket,
                   const uint8_t *_Nonnull bytes, int64_t count, uint64_t name);
int32_t fc_uring_submit(fc_uring *_Nonnull ring);
// Submits, and waits at most so long (negative: for ever) for a completion.
int32_t fc_uring_wait(fc_uring *_Nonnull ring, int64_t nanoseconds);

typedef struct fc_completion {
    uint64_t name;
    int32_t result;
    int32_t buffer; // -1: none
    bool more;
} fc_completion;
// Takes the next completion; false when there is none.
bool fc_uring_next(fc_uring *_Nonnull ring, fc_completion *_Nonnull completion);
// Lets the system work off what it has put off until we ask for completions; takes none.
void fc_uring_work(fc_uring *_Nonnull ring);
// Fetches completions that found no room before; false when there were none.
bool fc_uring_recover(fc_uring *_Nonnull ring);

// A received buffer, lent until it is given back.
uint8_t *_Nonnull fc_uring_buffer(fc_uring *_Nonnull ring, int32_t buffer);
void fc_uring_give_back(fc_uring *_Nonnull ring, int32_t buffer);

#endif
