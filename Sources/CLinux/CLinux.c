#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static socklen_t to_system(fc_address a, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (a.family == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(a.port);
        memcpy(&v4->sin_addr, a.bytes, 4);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(a.port);
    v6->sin6_scope_id = a.scope;
    memcpy(&v6->sin6_addr, a.bytes, 16);
    return sizeof *v6;
}

static void from_system(const struct sockaddr_storage *in, fc_address *a) {
    memset(a, 0, sizeof *a);
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;
        a->family = 4;
        a->port = ntohs(v4->sin_port);
        memcpy(a->bytes, &v4->sin_addr, 4);
    } else if (in->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
        a->family = 6;
        a->port = ntohs(v6->sin6_port);
        a->scope = v6->sin6_scope_id;
        memcpy(a->bytes, &v6->sin6_addr, 16);
    }
}

int32_t fc_set_socket_options(int32_t s, fc_socket_options o) {
    if (o.no_delay) {
        int one = 1;
        if (setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0) return -errno;
    }
    if (o.send_buffer > 0 &&
        setsockopt(s, SOL_SOCKET, SO_SNDBUF, &o.send_buffer, sizeof o.send_buffer) < 0)
        return -errno;
    if (o.receive_buffer > 0 &&
        setsockopt(s, SOL_SOCKET, SO_RCVBUF, &o.receive_buffer, sizeof o.receive_buffer) < 0)
        return -errno;
    if (o.not_sent_low > 0 &&
        setsockopt(s, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &o.not_sent_low, sizeof o.not_sent_low) < 0)
        return -errno;
    return 0;
}

static int32_t fail_closing(int s) {
    int e = errno;
    close(s);
    return -e;
}

int32_t fc_listen(fc_address address, fc_socket_options options, int32_t backlog,
                  int32_t share_port) {
    struct sockaddr_storage system;
    socklen_t length = to_system(address, &system);
    int s = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0) return -errno;
    int one = 1;
    if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0) return fail_closing(s);
    if (share_port && setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0)
        return fail_closing(s);
    // Accepted sockets inherit these, so a connection costs no system call for its options.
    int32_t r = fc_set_socket_options(s, options);
    if (r < 0) {
        close(s);
        return r;
    }
    if (bind(s, (struct sockaddr *)&system, length) < 0) return fail_closing(s);
    if (listen(s, backlog) < 0) return fail_closing(s);
    return s;
}

int32_t fc_accept(int32_t listener, fc_address *peer) {
    for (;;) {
        struct sockaddr_storage system;
        socklen_t length = sizeof system;
        int s = accept4(listener, (struct sockaddr *)&system, &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (s >= 0) {
            from_system(&system, peer);
            return s;
        }
        // The peer went away between its SYN and our accept: somebody else may be waiting.
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return -errno;
    }
}

int32_t fc_connect(fc_address to, fc_address from, fc_socket_options options) {
    struct sockaddr_storage system;
    socklen_t length = to_system(to, &system);
    int s = socket(system.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0) return -errno;
    int32_t r = fc_set_socket_options(s, options);
    if (r < 0) {
        close(s);
        return r;
    }
    if (from.family != 0) {
        struct sockaddr_storage source;
        socklen_t source_length = to_system(from, &source);
        // The port is chosen at connect, so that one address serves 28,000 pairs per target.
        int one = 1;
        setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
        if (bind(s, (struct sockaddr *)&source, source_length) < 0) return fail_closing(s);
    }
    if (connect(s, (struct sockaddr *)&system, length) < 0 && errno != EINPROGRESS &&
        errno != EINTR)
        return fail_closing(s);
    return s;
}

int32_t fc_socket_error(int32_t s) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &length) < 0) return -errno;
    return -error;
}

int32_t fc_local_address(int32_t s, fc_address *address) {
    struct sockaddr_storage system;
    socklen_t length = sizeof system;
    if (getsockname(s, (struct sockaddr *)&system, &length) < 0) return -errno;
    from_system(&system, address);
    return 0;
}

int32_t fc_peer_address(int32_t s, fc_address *address) {
    struct sockaddr_storage system;
    socklen_t length = sizeof system;
    if (getpeername(s, (struct sockaddr *)&system, &length) < 0) return -errno;
    from_system(&system, address);
    return 0;
}

int32_t fc_close(int32_t descriptor) {
    // Linux releases the descriptor even when close is interrupted: never again.
    return close(descriptor) < 0 && errno != EINTR ? -errno : 0;
}

int32_t fc_shut_writing(int32_t s) { return shutdown(s, SHUT_WR) < 0 ? -errno : 0; }

int32_t fc_unacknowledged(int32_t s) {
    int count = 0;
    return ioctl(s, SIOCOUTQ, &count) < 0 ? -errno : count;
}

int64_t fc_receive(int32_t s, uint8_t *buffer, int64_t count) {
    for (;;) {
        ssize_t n = recv(s, buffer, (size_t)count, MSG_DONTWAIT);
        if (n >= 0) return n;
        if (errno != EINTR) return -errno;
    }
}

int64_t fc_send(int32_t s, const uint8_t *buffer, int64_t count) {
    for (;;) {
        ssize_t n = send(s, buffer, (size_t)count, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) return n;
        if (errno != EINTR) return -errno;
    }
}

int32_t fc_epoll_create(void) {
    int e = epoll_create1(EPOLL_CLOEXEC);
    return e < 0 ? -errno : e;
}

static int32_t control(int32_t epoll, int operation, int32_t descriptor, uint64_t token,
                       uint32_t flags) {
    struct epoll_event event = {0};
    if (flags & FC_READABLE) event.events |= EPOLLIN | EPOLLRDHUP;
    if (flags & FC_WRITABLE) event.events |= EPOLLOUT;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, descriptor, &event) < 0 ? -errno : 0;
}

int32_t fc_epoll_add(int32_t epoll, int32_t descriptor, uint64_t token, uint32_t flags) {
    return control(epoll, EPOLL_CTL_ADD, descriptor, token, flags);
}

int32_t fc_epoll_change(int32_t epoll, int32_t descriptor, uint64_t token, uint32_t flags) {
    return control(epoll, EPOLL_CTL_MOD, descriptor, token, flags);
}

int32_t fc_epoll_wait(int32_t epoll, fc_event *events, int32_t count, int64_t nanoseconds) {
    struct epoll_event ready[512];
    if (count > 512) count = 512;
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int n = epoll_pwait2(epoll, ready, count, nanoseconds < 0 ? NULL : &time, NULL);
    if (n < 0) return errno == EINTR ? 0 : -errno;
    for (int i = 0; i < n; i++) {
        uint32_t from = ready[i].events, to = 0;
        if (from & EPOLLIN) to |= FC_READABLE;
        if (from & EPOLLOUT) to |= FC_WRITABLE;
        if (from & EPOLLRDHUP) to |= FC_ENDED;
        if (from & (EPOLLERR | EPOLLHUP)) to |= FC_FAILED;
        events[i].token = ready[i].data.u64;
        events[i].flags = to;
        events[i].unused = 0;
    }
    return n;
}

int32_t fc_event_descriptor(void) {
    int e = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return e < 0 ? -errno : e;
}

int32_t fc_event_post(int32_t descriptor) {
    uint64_t one = 1;
    // EAGAIN means that the counter is full: the reader is being woken already.
    return write(descriptor, &one, sizeof one) < 0 && errno != EAGAIN ? -errno : 0;
}

int32_t fc_event_clear(int32_t descriptor) {
    uint64_t sum;
    return read(descriptor, &sum, sizeof sum) < 0 && errno != EAGAIN ? -errno : 0;
}

uint64_t fc_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int32_t fc_parse_address(const uint8_t *text, int32_t count, fc_address *address) {
    char copy[INET6_ADDRSTRLEN + 1];
    memset(address, 0, sizeof *address);
    if (count <= 0 || count >= (int32_t)sizeof copy) return -EINVAL;
    memcpy(copy, text, (size_t)count);
    copy[count] = 0;
    if (inet_pton(AF_INET, copy, address->bytes) == 1) {
        address->family = 4;
        return 0;
    }
    if (inet_pton(AF_INET6, copy, address->bytes) == 1) {
        address->family = 6;
        return 0;
    }
    return -EINVAL;
}

int32_t fc_resolve(const uint8_t *name, int32_t count, fc_address *address) {
    char copy[256];
    memset(address, 0, sizeof *address);
    if (count <= 0 || count >= (int32_t)sizeof copy) return -EINVAL;
    memcpy(copy, name, (size_t)count);
    copy[count] = 0;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(copy, NULL, &hints, &found) != 0) return -ENOENT;
    for (int family = 0; family < 2 && address->family == 0; family++)
        for (struct addrinfo *a = found; a && address->family == 0; a = a->ai_next)
            if (a->ai_family == (family == 0 ? AF_INET : AF_INET6)) {
                struct sockaddr_storage system = {0};
                memcpy(&system, a->ai_addr, a->ai_addrlen);
                from_system(&system, address);
            }
    freeaddrinfo(found);
    return address->family == 0 ? -ENOENT : 0;
}

int32_t fc_random(uint8_t *buffer, int32_t count) {
    int32_t done = 0;
    while (done < count) {
        ssize_t n = getrandom(buffer + done, (size_t)(count - done), 0);
        if (n < 0 && errno != EINTR) return -errno;
        if (n > 0) done += (int32_t)n;
    }
    return 0;
}

struct start {
    void (*body)(void *);
    void *context;
};

static void *run(void *argument) {
    struct start start = *(struct start *)argument;
    free(argument);
    start.body(start.context);
    return NULL;
}

int32_t fc_thread_start(void (*body)(void *), void *context, uint64_t *thread) {
    struct start *start = malloc(sizeof *start);
    if (!start) return -ENOMEM;
    start->body = body;
    start->context = context;
    pthread_t created;
    int r = pthread_create(&created, NULL, run, start);
    if (r != 0) {
        free(start);
        return -r;
    }
    *thread = (uint64_t)created;
    return 0;
}

int32_t fc_thread_join(uint64_t thread) { return -pthread_join((pthread_t)thread, NULL); }

int32_t fc_pin_thread(int32_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return -pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}
