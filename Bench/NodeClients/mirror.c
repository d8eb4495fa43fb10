// What a client holds of a document whose fields are all integers, and its hash (D40 to D42).
#include "clients.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

struct mirror {
    int fields;
    uint64_t *values;
    // By alias: the field, or -1.
    int16_t aliases[4096];
};

void field_name(char name[16], int field) { snprintf(name, 16, "f %d", field); }

struct mirror *new_mirror(int fields) {
    struct mirror *mirror = malloc(sizeof *mirror);
    mirror->fields = fields;
    mirror->values = calloc((size_t)fields, sizeof *mirror->values);
    memset(mirror->aliases, 0xff, sizeof mirror->aliases);
    return mirror;
}

void free_mirror(struct mirror *mirror) {
    free(mirror->values);
    free(mirror);
}

// MARK: Reading MessagePack

static inline unsigned char next(struct reader *reader) {
    if (reader->at >= reader->end) fail("a message that ends too early");
    return *reader->at++;
}

static inline uint64_t big(struct reader *reader, int bytes) {
    uint64_t value = 0;
    if (reader->end - reader->at < bytes) fail("a message that ends too early");
    for (int i = 0; i < bytes; i++) value = value << 8 | *reader->at++;
    return value;
}

uint64_t read_integer(struct reader *reader) {
    unsigned char head = next(reader);
    if (head < 0x80) return head;
    if (head >= 0xcc && head <= 0xcf) return big(reader, 1 << (head - 0xcc));
    fail("%02x where an integer should be", head);
}

size_t read_text(struct reader *reader, const char **text) {
    unsigned char head = next(reader);
    size_t count = 0;
    if (head >> 5 == 5)
        count = head & 31;
    else if (head >= 0xd9 && head <= 0xdb)
        count = big(reader, 1 << (head - 0xd9));
    else
        fail("%02x where a text should be", head);
    if ((size_t)(reader->end - reader->at) < count) fail("a message that ends too early");
    *text = (const char *)reader->at;
    reader->at += count;
    return count;
}

unsigned read_array(struct reader *reader) {
    unsigned char head = next(reader);
    if (head >> 4 == 9) return head & 15;
    if (head == 0xdc || head == 0xdd) return (unsigned)big(reader, head == 0xdc ? 2 : 4);
    fail("%02x where a list should be", head);
}

unsigned read_map(struct reader *reader) {
    unsigned char head = next(reader);
    if (head >> 4 == 8) return head & 15;
    if (head == 0xde || head == 0xdf) return (unsigned)big(reader, head == 0xde ? 2 : 4);
    fail("%02x where a map should be", head);
}

bool take_nil(struct reader *reader) {
    if (reader->at < reader->end && *reader->at == 0xc0) {
        reader->at++;
        return true;
    }
    return false;
}

void skip(struct reader *reader) {
    unsigned char head = next(reader);
    uint64_t bytes = 0, parts = 0;
    if (head >> 4 == 8) parts = 2 * (head & 15u);
    else if (head >> 4 == 9) parts = head & 15;
    else if (head >> 5 == 5) bytes = head & 31;
    else if (head >= 0xc4 && head <= 0xc6) bytes = big(reader, 1 << (head - 0xc4));
    else if (head >= 0xc7 && head <= 0xc9) bytes = 1 + big(reader, 1 << (head - 0xc7));
    else if (head == 0xca) bytes = 4;
    else if (head == 0xcb) bytes = 8;
    else if (head >= 0xcc && head <= 0xcf) bytes = 1u << (head - 0xcc);
    else if (head >= 0xd0 && head <= 0xd3) bytes = 1u << (head - 0xd0);
    else if (head >= 0xd4 && head <= 0xd8) bytes = 1 + (1u << (head - 0xd4));
    else if (head >= 0xd9 && head <= 0xdb) bytes = big(reader, 1 << (head - 0xd9));
    else if (head == 0xdc || head == 0xdd) parts = big(reader, head == 0xdc ? 2 : 4);
    else if (head == 0xde || head == 0xdf) parts = 2 * big(reader, head == 0xde ? 2 : 4);
    if ((uint64_t)(reader->end - reader->at) < bytes) fail("a message that ends too early");
    reader->at += bytes;
    for (uint64_t i = 0; i < parts; i++) skip(reader);
}

// MARK: Frames

static int field_of(struct mirror *mirror, const char *name, size_t count) {
    int field = 0;
    if (count < 3 || memcmp(name, "f ", 2)) fail("a field %.*s", (int)count, name);
    for (size_t i = 2; i < count; i++) field = field * 10 + (name[i] - '0');
    if (field < 0 || field >= mirror->fields) fail("a field %.*s", (int)count, name);
    return field;
}

void mirror_document(struct mirror *mirror, struct reader *reader) {
    unsigned count = read_map(reader);
    for (unsigned i = 0; i < count; i++) {
        const char *name;
        size_t length = read_text(reader, &name);
        mirror->values[field_of(mirror, name, length)] = read_integer(reader);
    }
}

// Whether any definition told something new.
static bool take_names(struct mirror *mirror, struct reader *reader) {
    bool is_new = false;
    unsigned count = take_nil(reader) ? 0 : read_array(reader) / 2;
    for (unsigned i = 0; i < count; i++) {
        uint64_t alias = read_integer(reader);
        const char *name;
        size_t length = read_text(reader, &name);
        int16_t field = (int16_t)field_of(mirror, name, length);
        if (alias >= 4096) fail("alias %lu", (unsigned long)alias);
        is_new |= mirror->aliases[alias] != field;
        mirror->aliases[alias] = field;
    }
    return is_new;
}

void mirror_names(struct mirror *mirror, struct reader *reader) { take_names(mirror, reader); }

static bool is_integer(const struct reader *reader) {
    return reader->at < reader->end && (*reader->at < 0x80 || (*reader->at & 0xfc) == 0xcc);
}

// An integer where at least nine bytes are left.
static inline uint64_t quick_integer(const unsigned char **at) {
    const unsigned char *bytes = *at;
    uint32_t four;
    if (bytes[0] < 0x80) return (*at)++, bytes[0];
    switch (bytes[0]) {
    case 0xcc: return *at += 2, bytes[1];
    case 0xcd: return *at += 3, (uint64_t)bytes[1] << 8 | bytes[2];
    case 0xce: return memcpy(&four, bytes + 1, 4), *at += 5, __builtin_bswap32(four);
    default: fail("%02x where a small integer should be", bytes[0]);
    }
}

// False where an alias is not known yet: its definition comes behind. Nearly all of a flood's load
// is here: twenty million fields a second.
static bool take_sets(struct mirror *mirror, struct reader *reader) {
    unsigned count = take_nil(reader) ? 0 : read_array(reader) / 2, i = 0;
    bool is_known = true;
    for (; i < count && reader->end - reader->at >= 18 && is_integer(reader); i++) {
        uint64_t alias = quick_integer(&reader->at), value = quick_integer(&reader->at);
        int field = alias < 4096 ? mirror->aliases[alias] : -1;
        if (field >= 0)
            mirror->values[field] = value;
        else
            is_known = false;
    }
    for (; i < count; i++) {
        int field;
        if (is_integer(reader)) {
            uint64_t alias = read_integer(reader);
            field = alias < 4096 ? mirror->aliases[alias] : -1;
        } else {
            const char *name;
            size_t length = read_text(reader, &name);
            field = field_of(mirror, name, length);
        }
        uint64_t value = read_integer(reader);
        if (field >= 0) mirror->values[field] = value;
        is_known &= field >= 0;
    }
    return is_known;
}

void mirror_diff(struct mirror *mirror, struct reader *reader, unsigned fields_left) {
    if (fields_left == 0) return;
    struct reader again = *reader;
    bool is_known = take_sets(mirror, reader);
    if (fields_left > 1 && !take_nil(reader) && read_array(reader) > 0) fail("a field was removed");
    bool is_new = fields_left > 2 && take_names(mirror, reader);
    // Definitions count before the paths that stand in front of them.
    if ((is_new || !is_known) && !take_sets(mirror, &again)) fail("an alias that nobody defined");
}

// MARK: The hash

static uint32_t rotated(uint32_t x, int bits) { return x << bits | x >> (32 - bits); }

static uint32_t murmur(const unsigned char *bytes, size_t count, uint32_t seed) {
    uint32_t h = seed;
    for (size_t i = 0; i <= count / 4; i++) {
        uint32_t k = 0;
        size_t left = count - 4 * i < 4 ? count - 4 * i : 4;
        for (size_t j = 0; j < left; j++) k |= (uint32_t)bytes[4 * i + j] << 8 * j;
        k = rotated(k * 0xcc9e2d51, 15) * 0x1b873593;
        h ^= k;
        if (left == 4) h = rotated(h, 13) * 5 + 0xe6546b64;
    }
    h ^= (uint32_t)count;
    h = (h ^ h >> 16) * 0x85ebca6b;
    h = (h ^ h >> 13) * 0xc2b2ae35;
    return h ^ h >> 16;
}

void mirror_hash(const struct mirror *mirror, char hash[17]) {
    uint32_t lanes[2] = {0, 0};
    for (int field = 0; field < mirror->fields; field++) {
        char name[16];
        field_name(name, field);
        unsigned char bytes[40] = {0};
        size_t count = strlen(name);
        bytes[3] = (unsigned char)count;
        memcpy(bytes + 4, name, count);
        bytes[4 + count] = 0xcb;
        double value = (double)mirror->values[field];
        uint64_t bits;
        memcpy(&bits, &value, 8);
        for (int i = 0; i < 8; i++)
            bytes[5 + count + (size_t)i] = (unsigned char)(bits >> 8 * (7 - i));
        lanes[0] += murmur(bytes, 13 + count, 0x9747b28c);
        lanes[1] += murmur(bytes, 13 + count, 0x2545f491);
    }
    snprintf(hash, 17, "%08x%08x", lanes[0], lanes[1]);
}
