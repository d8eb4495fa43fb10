// The load of the transport's rows.
//
// Fan-out: opens so many WebSockets, then measures rounds.
// One connection more is the trigger: a frame on it makes the server send one frame to each of the
// others. `window` triggers are outstanding at any time; a round is over when every connection has
// received its frame's bytes. What is printed: the server's processor time per delivery in
// nanoseconds (from its schedstat, so system time and the loopback's soft interrupts are in it),
// and deliveries per second.
//
//     transport-load PORT PID CONNECTIONS ROUNDS WINDOW FRAME_BYTES
//
// Handshakes: opens so many WebSockets, 64 at a time, and ends each as soon as it is open. What is
// printed: the server's processor time per WebSocket, accepting and closing included.
//
//     transport-load handshakes PORT PID COUNT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "transport-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double cpu_of(int pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) fail("the server's tasks");
    double sum = 0;
    struct dirent *task;
    while ((task = readdir(tasks))) {
        if (task->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, task->d_name);
        FILE *file = fopen(path, "r");
        unsigned long long ran = 0;
        if (file && fscanf(file, "%llu", &ran) == 1) sum += (double)ran;
        if (file) fclose(file);
    }
    closedir(tasks);
    return sum;
}

static const char request[] = "GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static int connect_socket(int port, int flags) {
    int s = socket(AF_INET, SOCK_STREAM | flags, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (s < 0 || (connect(s, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS))
        fail("connect");
    int one = 1;
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

static int open_socket(int port) {
    int s = connect_socket(port, 0);
    if (send(s, request, strlen(request), 0) < 0) fail("request");
    // To the end of the head and not a byte further.
    char last[4] = {0};
    while (memcmp(last, "\r\n\r\n", 4)) {
        memmove(last, last + 1, 3);
        if (recv(s, last + 3, 1, 0) != 1) fail("answer");
    }
    return s;
}

static void begin_handshake(int epoll, int port) {
    int s = connect_socket(port, SOCK_NONBLOCK);
    struct epoll_event event = {.events = EPOLLOUT, .data.fd = s};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, s, &event) < 0) fail("epoll");
}

// The answer comes in one piece: it is short, and sent at once.
static void handshakes(int port, int pid, long count) {
    int epoll = epoll_create1(0);
    long begun = 0, done = 0, warm = count / 10;
    double cpu = 0;
    for (; begun < 64; begun++) begin_handshake(epoll, port);
    struct epoll_event events[64];
    while (done < count + warm) {
        int n = epoll_wait(epoll, events, 64, 10000);
        if (n <= 0) fail("nothing comes");
        for (int i = 0; i < n; i++) {
            int s = events[i].data.fd;
            if (events[i].events & EPOLLOUT) {
                if (send(s, request, sizeof request - 1, 0) < 0) fail("request");
                struct epoll_event event = {.events = EPOLLIN, .data.fd = s};
                epoll_ctl(epoll, EPOLL_CTL_MOD, s, &event);
                continue;
            }
            char answer[1024];
            ssize_t got = recv(s, answer, sizeof answer, 0);
            if (got < 12 || memcmp(answer, "HTTP/1.1 101", 12)) fail("answer");
            if (memcmp(answer + got - 4, "\r\n\r\n", 4)) fail("an answer in pieces");
            close(s);
            if (++done == warm) cpu = cpu_of(pid);
            if (begun++ < count + warm) begin_handshake(epoll, port);
        }
    }
    printf("%.1f\n", (cpu_of(pid) - cpu) / (double)count);
}

int main(int count, char **words) {
    if (count == 5 && !strcmp(words[1], "handshakes")) {
        handshakes(atoi(words[2]), atoi(words[3]), atol(words[4]));
        return 0;
    }
    if (count != 7) return 2;
    int port = atoi(words[1]), pid = atoi(words[2]), connections = atoi(words[3]);
    long rounds = atol(words[4]);
    int window = atoi(words[5]), frame = atoi(words[6]);
    int epoll = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
        int s = open_socket(port);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = s};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, s, &event) < 0) fail("epoll");
    }
    int trigger = open_socket(port);
    static const unsigned char pull[7] = {0x82, 0x81, 0, 0, 0, 0, 1};

    double cpu = 0, start = 0;
    long warm = rounds / 10 + 1, sent = 0;
    long long received = 0;
    const long long per_round = (long long)connections * frame;
    static char buffer[1 << 18];
    struct epoll_event events[1024];
    for (; sent < window; sent++)
        if (send(trigger, pull, sizeof pull, 0) != sizeof pull) fail("trigger");
    long done = 0;
    while (done < rounds + warm) {
        int n = epoll_wait(epoll, events, 1024, 10000);
        if (n <= 0) fail("nothing comes");
        for (int i = 0; i < n; i++) {
            ssize_t got = recv(events[i].data.fd, buffer, sizeof buffer, 0);
            if (got <= 0) fail("a connection ended");
            received += got;
        }
        while (received >= (done + 1) * per_round) {
            done++;
            if (done == warm) {
                cpu = cpu_of(pid);
                start = seconds();
            }
            if (send(trigger, pull, sizeof pull, 0) != sizeof pull) fail("trigger");
        }
    }
    double deliveries = (double)(done - warm) * connections;
    printf("%.1f %.0f\n", (cpu_of(pid) - cpu) / deliveries, deliveries / (seconds() - start));
    return 0;
}
