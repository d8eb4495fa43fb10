// The messages of the protocol that these clients say and are told, in MessagePack.
#include "clients.h"

#include <stdio.h>
#include <string.h>

void (*on_change)(struct client *);
void (*on_ack)(struct client *, uint64_t, uint64_t);
void (*on_hash)(struct client *, uint64_t, const char *);

// MARK: Writing

void put_bytes(struct buffer *buffer, const void *bytes, size_t count) {
    if (buffer->count + count > sizeof buffer->bytes) fail("a message that is too long");
    memcpy(buffer->bytes + buffer->count, bytes, count);
    buffer->count += count;
}

static void put_head(struct buffer *buffer, unsigned char head, uint64_t value, int bytes) {
    unsigned char all[9] = {head};
    for (int i = 0; i < bytes; i++) all[1 + i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
    put_bytes(buffer, all, 1 + (size_t)bytes);
}

void put_array(struct buffer *buffer, unsigned count) {
    put_head(buffer, (unsigned char)(0x90 | count), 0, 0);
}

void put_map(struct buffer *buffer, unsigned count) {
    if (count < 16) return put_head(buffer, (unsigned char)(0x80 | count), 0, 0);
    put_head(buffer, 0xde, count, 2);
}

void put_integer(struct buffer *buffer, uint64_t value) {
    if (value < 128) return put_head(buffer, (unsigned char)value, 0, 0);
    if (value < 1 << 8) return put_head(buffer, 0xcc, value, 1);
    if (value < 1 << 16) return put_head(buffer, 0xcd, value, 2);
    if (value < 1ull << 32) return put_head(buffer, 0xce, value, 4);
    put_head(buffer, 0xcf, value, 8);
}

void put_text(struct buffer *buffer, const char *text) {
    size_t count = strlen(text);
    if (count < 32)
        put_head(buffer, (unsigned char)(0xa0 | count), 0, 0);
    else
        put_head(buffer, 0xda, count, 2);
    put_bytes(buffer, text, count);
}

void put_nil(struct buffer *buffer) { put_head(buffer, 0xc0, 0, 0); }

static void say(struct client *client, struct buffer *buffer) {
    send_message(client, buffer->bytes, buffer->count);
    buffer->count = 0;
}

void say_hello(struct client *client) {
    struct buffer buffer = {.count = 0};
    put_array(&buffer, 4);
    put_integer(&buffer, 1);
    put_integer(&buffer, 1);
    put_nil(&buffer);
    put_text(&buffer, client->instance);
    say(client, &buffer);
    put_array(&buffer, 2);
    put_integer(&buffer, 3);
    put_text(&buffer, client->token);
    say(client, &buffer);
    if (!client->subscribes) return;
    put_array(&buffer, client->is_whole ? 6 : 3);
    put_integer(&buffer, 6);
    put_integer(&buffer, 1);
    put_text(&buffer, client->topic);
    if (client->is_whole) {
        put_nil(&buffer);
        put_nil(&buffer);
        put_array(&buffer, 3);
        put_text(&buffer, client->epoch);
        put_integer(&buffer, client->held);
        put_text(&buffer, client->print);
    }
    say(client, &buffer);
}

void say_seen(struct client *client) {
    struct buffer buffer = {.count = 0};
    put_array(&buffer, 2);
    put_integer(&buffer, 19);
    put_integer(&buffer, client->heard);
    client->told = client->heard;
    say(client, &buffer);
}

void ask_hash(struct client *client) {
    struct buffer buffer = {.count = 0};
    put_array(&buffer, 2);
    put_integer(&buffer, 23);
    put_integer(&buffer, client->view);
    say(client, &buffer);
}

uint64_t begin_publish(struct client *client, struct buffer *buffer, const char *topic) {
    put_array(buffer, 4);
    put_integer(buffer, 14);
    put_integer(buffer, ++client->publishes);
    put_text(buffer, topic);
    return client->publishes;
}

void publish_integer(
    struct client *client, const char *topic, const char *field, uint64_t value
) {
    struct buffer buffer = {.count = 0};
    begin_publish(client, &buffer, topic);
    put_map(&buffer, 1);
    put_text(&buffer, field);
    put_integer(&buffer, value);
    say(client, &buffer);
}

void publish_file(struct client *client, const char *topic, const char *path) {
    struct buffer buffer = {.count = 0};
    unsigned char bytes[8192];
    FILE *file = fopen(path, "r");
    if (!file) fail("no %s", path);
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    begin_publish(client, &buffer, topic);
    put_bytes(&buffer, bytes, count);
    say(client, &buffer);
}

// MARK: Reading

static void copy_text(struct reader *reader, char to[40]) {
    const char *text;
    size_t count = read_text(reader, &text);
    if (count > 39) fail("an epoch or print of %zu bytes", count);
    memcpy(to, text, count);
    to[count] = 0;
}

static void subscribed(struct client *client, struct reader *reader) {
    read_integer(reader);
    client->view = read_integer(reader);
    client->verdict = read_integer(reader);
    read_integer(reader);
    read_array(reader);
    copy_text(reader, client->epoch);
    uint64_t head = read_integer(reader);
    copy_text(reader, client->print);
    client->is_seated = true;
    if (client->verdict == 2) client->is_whole = false;
    if (client->verdict == 0 && client->held != head) fail("continued, and not at the head");
    // An absent topic has no snapshot.
    if (client->verdict == 2 && !client->epoch[0]) client->is_whole = true;
    if (client->verdict == 0 && on_change) on_change(client);
}

static void snapshot(struct client *client, struct reader *reader, unsigned fields) {
    if (read_integer(reader) != client->view) return;
    copy_text(reader, client->epoch);
    client->held = read_integer(reader);
    if (fields > 4 && !take_nil(reader)) {
        if (client->mirror)
            mirror_document(client->mirror, reader);
        else
            skip(reader);
    }
    if (fields > 5) skip(reader);
    bool has_hash = fields > 6 && !take_nil(reader);
    if (has_hash) skip(reader);
    if (fields > 7 && client->mirror) mirror_names(client->mirror, reader);
    client->snapshots++;
    if (!has_hash) return;
    client->is_whole = true;
    if (on_change) on_change(client);
}

static void diff(struct client *client, struct reader *reader, unsigned fields) {
    if (read_integer(reader) != client->view || !client->is_whole) return;
    uint64_t to = read_integer(reader), from = to - read_integer(reader);
    if (to <= client->held) return;
    if (from > client->held)
        fail("client %d holds %lu and was sent a diff from %lu", client->number,
             (unsigned long)client->held, (unsigned long)from);
    if (client->mirror) mirror_diff(client->mirror, reader, fields - 4);
    client->held_before = client->held;
    client->held = to;
    client->diffs_since_lag++;
    if (on_change) on_change(client);
}

void receive_message(struct client *client, const unsigned char *bytes, size_t count) {
    struct reader reader = {bytes, bytes + count};
    if (client->heard == client->told) client->unsaid_since = seconds();
    client->heard += count;
    unsigned fields = read_array(&reader);
    uint64_t code = read_integer(&reader);
    switch (code) {
    case 7: subscribed(client, &reader); break;
    case 10: snapshot(client, &reader, fields); break;
    case 11: diff(client, &reader, fields); break;
    case 17: {
        uint64_t id = read_integer(&reader), version = read_integer(&reader);
        if (on_ack) on_ack(client, id, version);
        break;
    }
    case 20: {
        struct buffer pong = {.count = 0};
        put_array(&pong, 3);
        put_integer(&pong, 21);
        put_integer(&pong, read_integer(&reader));
        put_integer(&pong, client->heard);
        client->told = client->heard;
        say(client, &pong);
        break;
    }
    case 23: {
        read_integer(&reader);
        uint64_t version = read_integer(&reader);
        char hash[40];
        copy_text(&reader, hash);
        if (on_hash) on_hash(client, version, hash);
        break;
    }
    case 24:
        client->lags++;
        client->diffs_since_lag = 0;
        break;
    case 2:
    case 4:
    case 21: break;
    default: {
        if (fields > 1) read_integer(&reader);
        uint64_t reason = fields > 2 ? read_integer(&reader) : 0;
        fail("client %d was told %lu, %lu", client->number, (unsigned long)code,
             (unsigned long)reason);
    }
    }
    // A quarter of what may be unconfirmed (L9).
    if (client->heard - client->told >= 16384 && client->state == OPEN) say_seen(client);
}
