// The peer of `probe.receipt.limit`: a bare reader, which is to say what reading alone costs.
//
// It opens so many WebSockets, sends on each the flight that it was given (open, authenticate,
// subscribe, framed and masked), and then reads with epoll and recv, as plainly as can be. Of each
// message it looks at the length and the kind, confirms what it received as the protocol wants, and
// does nothing else: nothing is decoded, kept, timed or compared. Printed is its processor time in
// nanoseconds for each diff, from the SKIPth diff on.
//
// Like the probe it publishes from the same thread, so that both are fed alike however busy the
// machine is: on one connection more, RATE times a second, the frame PUBLISH, in which the words
// 0x1111111111111111 (the id) and 0x2222222222222222 (the values) are counted up.
//
//     probe-peer PORT CONNECTIONS RATE SKIP DIFFS SUBSCRIBER(hex) PUBLISHER(hex) PUBLISH(hex)
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, CONFIRM_BYTES = 16 * 1024, KIND_DIFF = 11, KIND_SEEN = 19 };

typedef struct {
    int fd;
    uint64_t position, confirmed;
    // The beginning of a frame whose end has not come.
    uint8_t *rest;
    size_t rest_length;
} client;

static void fail(const char *what) {
    fprintf(stderr, "probe-peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double cpu_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int open_socket(int port) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s < 0 || connect(s, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
    int one = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    char request[512];
    int length = snprintf(
        request, sizeof request,
        "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Protocol: fieldcast.v1.msgpack\r\n\r\n",
        port);
    if (send(s, request, (size_t)length, 0) != length) fail("request");
    char last[4] = {0};
    while (memcmp(last, "\r\n\r\n", 4)) {
        memmove(last, last + 1, 3);
        if (recv(s, last + 3, 1, 0) != 1) fail("answer");
    }
    return s;
}

// [19, position], masked with zeros.
static void confirm(client *c) {
    uint8_t frame[6 + 11] = {0x82, 0x80 | 11, 0, 0, 0, 0, 0x92, KIND_SEEN, 0xcf};
    for (int i = 0; i < 8; i++) frame[9 + i] = (uint8_t)(c->position >> (56 - 8 * i));
    if (send(c->fd, frame, sizeof frame, MSG_NOSIGNAL) != sizeof frame) fail("confirm");
    c->confirmed = c->position;
}

// Walks over whole frames; returns how many bytes they were.
static size_t walk(client *c, const uint8_t *bytes, size_t count, uint64_t *diffs) {
    size_t at = 0;
    while (count - at >= 2) {
        size_t head = 2, length = bytes[at + 1] & 0x7f;
        if (length == 126) {
            if (count - at < 4) break;
            head = 4;
            length = (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        } else if (length == 127) {
            if (count - at < 10) break;
            head = 10;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | bytes[at + (size_t)i];
        }
        if (count - at - head < length) break;
        const uint8_t *message = bytes + at + head;
        if (length >= 2 && message[0] >> 4 == 9 && message[1] == KIND_DIFF) ++*diffs;
        if ((bytes[at] & 0x0f) == 2) c->position += length;
        at += head + length;
    }
    return at;
}

static uint8_t *bytes_of(const char *hex, size_t *length) {
    *length = strlen(hex) / 2;
    uint8_t *bytes = malloc(*length + 1);
    for (size_t i = 0; i < *length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (uint8_t)strtoul(digits, 0, 16);
    }
    return bytes;
}

static void say(client *c, const char *hex) {
    size_t length;
    uint8_t *bytes = bytes_of(hex, &length);
    if (send(c->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length) fail("flight");
    free(bytes);
}

enum { WORDS = 8 };
static uint8_t *publish, *words[WORDS];
static size_t publish_length;
static int word_count;

// Finds the words that are to be counted up.
static void prepare(const char *hex) {
    publish = bytes_of(hex, &publish_length);
    for (size_t i = 0; i + 8 <= publish_length && word_count < WORDS; i++) {
        if (memcmp(publish + i, "\x11\x11\x11\x11\x11\x11\x11\x11", 8) &&
            memcmp(publish + i, "\x22\x22\x22\x22\x22\x22\x22\x22", 8))
            continue;
        words[word_count++] = publish + i;
        i += 7;
    }
}

static void publish_next(client *c, uint64_t turn) {
    for (int w = 0; w < word_count; w++)
        for (int i = 0; i < 8; i++) words[w][i] = (uint8_t)(turn >> (56 - 8 * i));
    if (send(c->fd, publish, publish_length, MSG_NOSIGNAL) != (ssize_t)publish_length)
        fail("publish");
}

int main(int argc, char **argv) {
    if (argc != 9) {
        fprintf(stderr, "usage: probe-peer PORT CONNECTIONS RATE SKIP DIFFS SUBSCRIBER "
                        "PUBLISHER PUBLISH\n");
        return 2;
    }
    int port = atoi(argv[1]), connections = atoi(argv[2]);
    double rate = atof(argv[3]);
    uint64_t skip = strtoull(argv[4], 0, 10), wanted = strtoull(argv[5], 0, 10);
    prepare(argv[8]);
    client *clients = calloc((size_t)connections + 1, sizeof *clients);
    client *publisher = &clients[connections];
    int epoll = epoll_create1(0);
    for (int i = 0; i <= connections; i++) {
        clients[i].fd = open_socket(port);
        say(&clients[i], argv[i < connections ? 6 : 7]);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, clients[i].fd, &event) < 0) fail("epoll");
    }
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec every = {.it_interval.tv_nsec = (long)(1e9 / rate)};
    every.it_value.tv_sec = 1;
    struct epoll_event tick = {.events = EPOLLIN};
    if (timerfd_settime(timer, 0, &every, 0) < 0 ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &tick) < 0)
        fail("timer");
    static uint8_t buffer[READ_BYTES];
    static struct epoll_event events[1024];
    uint64_t diffs = 0, first = 0, turn = 0;
    double began = -1;
    while (1) {
        int count = epoll_wait(epoll, events, 1024, -1);
        for (int e = 0; e < count; e++) {
            client *c = events[e].data.ptr;
            if (!c) {
                uint64_t due = 0;
                if (read(timer, &due, sizeof due) != sizeof due) due = 0;
                while (due--) publish_next(publisher, ++turn + 1);
                continue;
            }
            if (c->rest_length) memcpy(buffer, c->rest, c->rest_length);
            ssize_t got = recv(c->fd, buffer + c->rest_length, READ_BYTES - c->rest_length,
                               MSG_DONTWAIT);
            if (got < 0 && errno == EAGAIN) continue;
            if (got <= 0) fail("the server hung up");
            size_t have = c->rest_length + (size_t)got;
            size_t used = walk(c, buffer, have, &diffs);
            c->rest_length = have - used;
            if (c->rest_length) {
                c->rest = realloc(c->rest, c->rest_length);
                memcpy(c->rest, buffer + used, c->rest_length);
            }
            if (c->position - c->confirmed >= CONFIRM_BYTES) confirm(c);
        }
        if (began < 0 && diffs >= skip) {
            began = cpu_nanoseconds();
            first = diffs;
        }
        if (began >= 0 && diffs - first >= wanted) {
            printf("%f\n", (cpu_nanoseconds() - began) / (double)(diffs - first));
            return 0;
        }
    }
}
