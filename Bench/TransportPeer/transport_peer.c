// The peer of the fan-out rows: what a bare loop in C costs for the same deliveries.
//
// Rules it keeps (rule 36): it answers an upgrade with a fixed text and parses nothing; each
// trigger of seven bytes sends one fixed frame of 122 bytes to every other connection; sockets
// have TCP_NODELAY and the system's own buffers, as ours; `uring` prepares a send for each
// connection with the flags that make successes silent and submits in batches of BATCH, `send`
// calls send() for each. No queue, no partial sends (the load never lets them happen). BATCH is its
// own best of 64, 256, 1024 and 4096 on the machine where the row was first taken.
//
//     transport-peer uring|send PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 20000, FRAME = 122 };

static int sockets[MOST], upgraded[MOST], count;
static unsigned char frame[FRAME];
static struct io_uring ring;

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n"
                             "connection: Upgrade\r\n"
                             "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static void fan_out_send(int except) {
    for (int i = 0; i < count; i++)
        if (sockets[i] != except) send(sockets[i], frame, FRAME, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void fan_out_uring(int except) {
    for (int i = 0; i < count; i++) {
        if (sockets[i] == except) continue;
        struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);
        if (!sqe) {
            io_uring_submit(&ring);
            sqe = io_uring_get_sqe(&ring);
        }
        io_uring_prep_send(sqe, sockets[i], frame, FRAME,
                           MSG_DONTWAIT | MSG_NOSIGNAL | MSG_WAITALL);
        sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
    }
    io_uring_submit(&ring);
}

int main(int words, char **word) {
    if (words != 3) return 2;
    int uses_ring = strcmp(word[1], "uring") == 0;
    const char *batch = getenv("BATCH");
    if (uses_ring && io_uring_queue_init(batch ? (unsigned)atoi(batch) : 4096, &ring,
                                         IORING_SETUP_SINGLE_ISSUER) < 0)
        return 1;
    frame[0] = 0x82;
    frame[1] = FRAME - 2;
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(word[2]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0 || listen(listener, 4096) < 0) {
        return 1;
    }
    puts("ready");
    fflush(stdout);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = MOST}, events[512];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.u32 == MOST) {
                if (count == MOST) return 1;
                sockets[count] = accept(listener, NULL, NULL);
                event.data.u32 = (uint32_t)count;
                epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[count++], &event);
                continue;
            }
            uint32_t k = events[i].data.u32;
            char buffer[4096];
            ssize_t got = recv(sockets[k], buffer, sizeof buffer, 0);
            if (got <= 0) return 0;
            if (!upgraded[k]) {
                upgraded[k] = 1;
                send(sockets[k], answer, sizeof answer - 1, MSG_NOSIGNAL);
                continue;
            }
            for (ssize_t pulls = got / 7; pulls > 0; pulls--)
                uses_ring ? fan_out_uring(sockets[k]) : fan_out_send(sockets[k]);
        }
    }
}
