// Raw DEFLATE (RFC 1951) by zlib, a whole message at a time. A coder belongs to one thread.
//
// No input is ever empty, so none is nullable: Swift's overload for an optional span beside a
// second span crashes the compiler when optimising (6.3.1).
#ifndef CZLIB_H
#define CZLIB_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct fc_deflater fc_deflater;
typedef struct fc_inflater fc_inflater;

// NULL when zlib refuses the parameters or has no memory. Window bits: 9 to 15.
fc_deflater *_Nullable fc_deflater_new(int32_t level, int32_t window_bits, int32_t memory_level);
void fc_deflater_free(fc_deflater *_Nonnull deflater);
// The most that one message of `count` bytes can become.
int64_t fc_deflate_bound(fc_deflater *_Nonnull deflater, int64_t count);
// Compresses a message and flushes to a byte (RFC 7692 section 7.2.1), forgetting what came before.
// Returns the bytes written, with the 00 00 ff ff at their end; negative when they did not fit.
int64_t fc_deflate(fc_deflater *_Nonnull deflater,
                   const uint8_t *_Nonnull __counted_by(count) input __noescape, int64_t count,
                   uint8_t *_Nonnull __counted_by(room) output __noescape, int64_t room);

fc_inflater *_Nullable fc_inflater_new(void);
void fc_inflater_free(fc_inflater *_Nonnull inflater);
void fc_inflater_reset(fc_inflater *_Nonnull inflater);

enum { FC_INFLATE_BROKEN = -1 };
typedef struct fc_inflated {
    int64_t used;    // of the input
    int64_t written; // of the output, or FC_INFLATE_BROKEN
    bool between;    // two blocks: the last is whole, the next has not begun
    bool final;      // the block just ended said that it was the last
} fc_inflated;
// Goes on decompressing at byte `from`, which may be the end; call again while it uses input or
// fills the output.
fc_inflated fc_inflate(fc_inflater *_Nonnull inflater,
                       const uint8_t *_Nonnull __counted_by(count) input __noescape, int64_t count,
                       int64_t from, uint8_t *_Nonnull __counted_by(room) output __noescape,
                       int64_t room);

#endif
