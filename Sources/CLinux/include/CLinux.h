#ifndef CLINUX_H
#define CLINUX_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

#include "process.h"
#include "program.h"
#include "service.h"

// Thin doors to the kernel. Every function that can fail returns a negative errno, never -1 with
// errno beside it, and restarts by itself after EINTR. Buffers are annotated so that Swift passes
// spans. A family is 4 or 6; a v4 address fills the first four bytes.

typedef struct fc_address {
    uint8_t bytes[16];
    uint32_t scope;
    uint16_t port;  // in host order
    uint8_t family; // 4, 6, or 0 for none
    uint8_t unused;
} fc_address;

typedef struct fc_socket_options {
    int32_t no_delay;       // TCP_NODELAY when not 0
    int32_t send_buffer;    // SO_SNDBUF in bytes, 0: the system's own
    int32_t receive_buffer; // SO_RCVBUF in bytes, 0: the system's own
    int32_t not_sent_low;   // TCP_NOTSENT_LOWAT in bytes, 0: the system's own
} fc_socket_options;

typedef struct fc_event {
    uint64_t token;
    uint32_t flags;
    uint32_t unused;
} fc_event;

enum { FC_READABLE = 1, FC_WRITABLE = 2, FC_ENDED = 4, FC_FAILED = 8 };

// sockets
int32_t fc_listen(fc_address address, fc_socket_options options, int32_t backlog,
                  int32_t share_port);
int32_t fc_accept(int32_t listener, fc_address *peer);
int32_t fc_connect(fc_address to, fc_address from, fc_socket_options options);
int32_t fc_socket_error(int32_t socket);
int32_t fc_local_address(int32_t socket, fc_address *address);
int32_t fc_peer_address(int32_t socket, fc_address *address);
int32_t fc_set_socket_options(int32_t socket, fc_socket_options options);
int32_t fc_close(int32_t descriptor);
int32_t fc_shut_writing(int32_t socket);
// Bytes taken to send that the peer has not acknowledged.
int32_t fc_unacknowledged(int32_t socket);
int64_t fc_receive(int32_t socket, uint8_t *__counted_by(count) buffer __noescape, int64_t count);
int64_t fc_send(int32_t socket, const uint8_t *__counted_by(count) buffer __noescape,
                int64_t count);

// readiness
int32_t fc_epoll_create(void);
int32_t fc_epoll_add(int32_t epoll, int32_t descriptor, uint64_t token, uint32_t flags);
int32_t fc_epoll_change(int32_t epoll, int32_t descriptor, uint64_t token, uint32_t flags);
// Waits at most `nanoseconds` (negative: for ever), fills at most `count` events.
int32_t fc_epoll_wait(int32_t epoll, fc_event *__counted_by(count) events __noescape, int32_t count,
                      int64_t nanoseconds);

// waking a loop from another thread
int32_t fc_event_descriptor(void);
int32_t fc_event_post(int32_t descriptor);
int32_t fc_event_clear(int32_t descriptor);

// the clock, names, randomness, threads
uint64_t fc_monotonic_nanoseconds(void);
int32_t fc_parse_address(const uint8_t *__counted_by(count) text __noescape, int32_t count,
                         fc_address *address);
// Blocks: ask before a loop runs, or on a thread that may wait. At most one address, v4 first.
int32_t fc_resolve(const uint8_t *__counted_by(count) name __noescape, int32_t count,
                   fc_address *address);
int32_t fc_random(uint8_t *__counted_by(count) buffer __noescape, int32_t count);
int32_t fc_thread_start(void (*body)(void *), void *context, uint64_t *thread);
int32_t fc_thread_join(uint64_t thread);
int32_t fc_pin_thread(int32_t cpu);

#endif
