// Sockets, TLS, the WebSocket handshake and its frames.
#define _GNU_SOURCE
#include "clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void (*on_open)(struct client *);
void (*on_raw)(struct client *, size_t);
uint64_t received_bytes;

static int epoll = -1;
static SSL_CTX *context;

static void watch(struct client *client, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    if (epoll_ctl(epoll, how, client->socket, &event) < 0) fail("epoll: %s", strerror(errno));
}

static void begin(struct client *client) {
    if (epoll < 0) epoll = epoll_create1(0);
    int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)client->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s < 0 || (connect(s, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS))
        fail("connect: %s", strerror(errno));
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    client->socket = s;
    client->state = CONNECTING;
    client->rest_count = 0;
    client->heard = client->told = 0;
    client->is_seated = false;
    watch(client, EPOLLOUT, EPOLL_CTL_ADD);
}

struct client *dial(int port, bool speaks, bool tls) {
    struct client *client = calloc(1, sizeof *client);
    client->port = port;
    client->speaks = speaks;
    if (tls && !context) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        // Both sides of a row are to seal alike.
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    }
    if (tls) client->tls = SSL_new(context);
    begin(client);
    return client;
}

void dial_again(struct client *client) {
    if (client->state != CLOSED) fail("it is connected");
    begin(client);
}

void cut(struct client *client) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(client->socket);
    client->state = CLOSED;
    free(client->rest);
    client->rest = NULL;
    client->rest_count = 0;
}

void stop_reading(struct client *client) { watch(client, 0, EPOLL_CTL_MOD); }
void read_again(struct client *client) { watch(client, EPOLLIN, EPOLL_CTL_MOD); }

static void send_bytes(struct client *client, const void *bytes, size_t count) {
    if (client->tls) {
        if (SSL_write(client->tls, bytes, (int)count) != (int)count) fail("TLS: not all was taken");
        return;
    }
    ssize_t sent = send(client->socket, bytes, count, MSG_NOSIGNAL);
    if (sent != (ssize_t)count)
        fail("client %d: send: %s", client->number, sent < 0 ? strerror(errno) : "not all taken");
}

// Masked with zeros, which leaves the bytes as they are.
void send_message(struct client *client, const void *bytes, size_t count) {
    unsigned char frame[sizeof((struct buffer *)0)->bytes + 8];
    size_t at = 2;
    frame[0] = 0x82;
    if (count > sizeof frame - 8) fail("a message of %zu bytes", count);
    if (count < 126) {
        frame[1] = 0x80 | (unsigned char)count;
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (unsigned char)(count >> 8);
        frame[3] = (unsigned char)count;
        at = 4;
    }
    memset(frame + at, 0, 4);
    memcpy(frame + at + 4, bytes, count);
    send_bytes(client, frame, at + 4 + count);
}

static void upgrade(struct client *client) {
    char request[300];
    int count = snprintf(
        request, sizeof request,
        "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
        client->speaks ? "Sec-WebSocket-Protocol: fieldcast.v1.msgpack\r\n" : "");
    send_bytes(client, request, (size_t)count);
    client->state = UPGRADING;
    watch(client, EPOLLIN, EPOLL_CTL_MOD);
}

static void secure(struct client *client) {
    if (!client->tls) return upgrade(client);
    if (client->state == CONNECTING) {
        SSL_set_fd(client->tls, client->socket);
        SSL_set_connect_state(client->tls);
        client->state = SECURING;
    }
    int done = SSL_do_handshake(client->tls);
    if (done == 1) return upgrade(client);
    int want = SSL_get_error(client->tls, done);
    if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
        fail("TLS: %s", ERR_error_string(ERR_get_error(), NULL));
    watch(client, want == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD);
}

// Whole frames of `count` bytes; how many bytes they were.
static size_t take_frames(struct client *client, const unsigned char *bytes, size_t count) {
    size_t at = 0;
    while (count - at >= 2 && client->state == OPEN) {
        size_t head = 2, length = bytes[at + 1];
        if (length == 126) head = 4;
        if (length == 127) head = 10;
        if (count - at < head) break;
        if (length >= 126) {
            length = 0;
            for (size_t i = 2; i < head; i++) length = length << 8 | bytes[at + i];
        }
        if (count - at < head + length) break;
        const unsigned char *payload = bytes + at + head;
        int kind = bytes[at] & 15;
        if (!(bytes[at] & 0x80)) fail("a message in pieces");
        if (kind == 8)
            fail("client %d was closed: %d %.*s", client->number,
                 length > 1 ? payload[0] << 8 | payload[1] : 0,
                 length > 2 ? (int)length - 2 : 0, payload + 2);
        received_bytes += head + length;
        at += head + length;
        if (kind > 2) continue;
        if (client->speaks)
            receive_message(client, payload, length);
        else if (on_raw)
            on_raw(client, length);
    }
    return at;
}

static void take_bytes(struct client *client, const unsigned char *bytes, size_t count) {
    size_t taken = 0;
    if (client->state == UPGRADING) {
        const unsigned char *end = memmem(bytes, count, "\r\n\r\n", 4);
        if (end) {
            if (count < 12 || memcmp(bytes, "HTTP/1.1 101", 12)) fail("%.*s", (int)count, bytes);
            taken = (size_t)(end + 4 - bytes);
            client->state = OPEN;
            if (client->speaks) say_hello(client);
            if (on_open) on_open(client);
        }
    }
    if (client->state == OPEN) taken += take_frames(client, bytes + taken, count - taken);
    if (client->state == CLOSED) return;
    if (count > taken) {
        client->rest = realloc(client->rest, count - taken);
        memmove(client->rest, bytes + taken, count - taken);
    } else {
        free(client->rest);
        client->rest = NULL;
    }
    client->rest_count = count - taken;
}

static void receive(struct client *client) {
    static unsigned char buffer[1 << 20];
    do {
        size_t before = client->rest_count;
        memcpy(buffer, client->rest, before);
        ssize_t got =
            client->tls
                ? SSL_read(client->tls, buffer + before, (int)(sizeof buffer - before))
                : recv(client->socket, buffer + before, sizeof buffer - before, 0);
        if (got <= 0) {
            if (client->tls && SSL_get_error(client->tls, (int)got) == SSL_ERROR_WANT_READ) return;
            if (!client->tls && got < 0 && errno == EAGAIN) return;
            fail("client %d was cut: %s", client->number, got < 0 ? strerror(errno) : "end");
        }
        take_bytes(client, buffer, before + (size_t)got);
    } while (client->tls && client->state != CLOSED && SSL_pending(client->tls));
}

enum { EVENTS = 8192 };

int take_turn(int milliseconds) {
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, milliseconds);
    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;
        switch (client->state) {
        case CONNECTING: {
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &size);
            if (error) fail("client %d: connect: %s", client->number, strerror(error));
            secure(client);
            break;
        }
        case SECURING: secure(client); break;
        case UPGRADING:
        case OPEN: receive(client); break;
        case CLOSED: break;
        }
    }
    return count;
}
