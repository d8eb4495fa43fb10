// What a store asks of its files beside SQLite. A failure is a negative errno.
#ifndef FC_FILES_H
#define FC_FILES_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdint.h>

// Makes the file if need be and locks it for this process alone, until the descriptor that comes
// back is closed or the process ends, however it ends. -EWOULDBLOCK: another has it.
int32_t fc_file_lock(const uint8_t *_Nonnull __counted_by(length) path __noescape, int32_t length);
void fc_file_unlock(int32_t descriptor);
// Puts `from` in the place of `to`, at once and for good: either the old or the new is there after
// any failure. Both lie in one folder.
int32_t fc_file_replace(const uint8_t *_Nonnull __counted_by(from_length) from __noescape,
                        int32_t from_length,
                        const uint8_t *_Nonnull __counted_by(to_length) to __noescape,
                        int32_t to_length);
int32_t fc_file_remove(const uint8_t *_Nonnull __counted_by(length) path __noescape,
                       int32_t length);
int64_t fc_file_size(const uint8_t *_Nonnull __counted_by(length) path __noescape, int32_t length);
// 1 when both paths lead to one file, 0 when they do not or one of them is not there.
int32_t fc_file_same(const uint8_t *_Nonnull __counted_by(a_length) a __noescape, int32_t a_length,
                     const uint8_t *_Nonnull __counted_by(b_length) b __noescape,
                     int32_t b_length);

#endif
