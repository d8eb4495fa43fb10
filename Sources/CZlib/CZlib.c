#include "CZlib.h"

#include <stdlib.h>
#include <zlib.h>

struct fc_deflater {
    z_stream stream;
};

struct fc_inflater {
    z_stream stream;
};

fc_deflater *fc_deflater_new(int32_t level, int32_t window_bits, int32_t memory_level) {
    fc_deflater *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    if (deflateInit2(&d->stream, level, Z_DEFLATED, -window_bits, memory_level,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        free(d);
        return NULL;
    }
    return d;
}

void fc_deflater_free(fc_deflater *d) {
    deflateEnd(&d->stream);
    free(d);
}

int64_t fc_deflate_bound(fc_deflater *d, int64_t count) {
    // Beside the bound of the data itself, an empty stored block from the flush.
    return (int64_t)deflateBound(&d->stream, (uLong)count) + 16;
}

int64_t fc_deflate(fc_deflater *d, const uint8_t *input, int64_t count, uint8_t *output,
                   int64_t room) {
    z_stream *s = &d->stream;
    if (count > UINT32_MAX || room > UINT32_MAX || deflateReset(s) != Z_OK) return -1;
    s->next_in = (Bytef *)input;
    s->avail_in = (uInt)count;
    s->next_out = output;
    s->avail_out = (uInt)room;
    int result = deflate(s, Z_SYNC_FLUSH);
    int64_t written = room - s->avail_out;
    int whole = result == Z_OK && s->avail_in == 0 && s->avail_out > 0;
    s->next_in = s->next_out = NULL;
    s->avail_in = s->avail_out = 0;
    return whole ? written : -1;
}

fc_inflater *fc_inflater_new(void) {
    fc_inflater *i = calloc(1, sizeof *i);
    if (!i) return NULL;
    // The largest window reads what was written with any.
    if (inflateInit2(&i->stream, -15) != Z_OK) {
        free(i);
        return NULL;
    }
    return i;
}

void fc_inflater_free(fc_inflater *i) {
    inflateEnd(&i->stream);
    free(i);
}

void fc_inflater_reset(fc_inflater *i) { inflateReset(&i->stream); }

fc_inflated fc_inflate(fc_inflater *i, const uint8_t *input, int64_t count, int64_t from,
                       uint8_t *output, int64_t room) {
    z_stream *s = &i->stream;
    fc_inflated outcome = {0, FC_INFLATE_BROKEN, false, false};
    if (from < 0 || from > count || count > UINT32_MAX || room > UINT32_MAX) return outcome;
    s->next_in = (Bytef *)input + from;
    s->avail_in = (uInt)(count - from);
    s->next_out = output;
    s->avail_out = (uInt)room;
    int result = inflate(s, Z_SYNC_FLUSH);
    outcome.used = count - from - s->avail_in;
    // Z_BUF_ERROR is no error: there was nothing to do, or no room to do it.
    if (result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END)
        outcome.written = room - s->avail_out;
    // The one flag that zlib sets between two blocks.
    outcome.between = result == Z_STREAM_END || (s->data_type & 128) != 0;
    outcome.final = result == Z_STREAM_END;
    // A final block may be followed by others, which may refer to what came before it
    // (RFC 7692 section 7.2.3.4): the window stays.
    if (result == Z_STREAM_END && inflateResetKeep(s) != Z_OK) outcome.written = FC_INFLATE_BROKEN;
    s->next_in = s->next_out = NULL;
    s->avail_in = s->avail_out = 0;
    return outcome;
}
