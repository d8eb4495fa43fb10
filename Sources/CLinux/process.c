#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

uint64_t fc_wall_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void kept(sigset_t *set) {
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

int32_t fc_hold_signals(void) {
    sigset_t set;
    kept(&set);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGPIPE, &ignore, NULL) != 0) return -errno;
    return -sigprocmask(SIG_BLOCK, &set, NULL);
}

int32_t fc_await_signal(int64_t nanoseconds) {
    sigset_t set;
    kept(&set);
    struct timespec time = {
        .tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    for (;;) {
        int number = nanoseconds < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &time);
        if (number == SIGHUP) return FC_SIGNAL_RELOAD;
        if (number > 0) return FC_SIGNAL_END;
        if (errno == EAGAIN) return 0;
        if (errno != EINTR) return -errno;
    }
}

int32_t fc_process_id(void) { return (int32_t)getpid(); }

int64_t fc_environment(uint8_t *buffer, size_t capacity) {
    size_t length = 0;
    for (char **entry = environ; entry != NULL && *entry != NULL; entry++) {
        size_t size = strlen(*entry) + 1;
        if (length + size <= capacity) memcpy(buffer + length, *entry, size);
        length += size;
    }
    return (int64_t)length;
}

int32_t fc_write(int32_t descriptor, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return -errno;
        bytes += written;
        length -= (size_t)written;
    }
    return 0;
}

int64_t fc_read_file(const char *path, uint8_t *buffer, size_t capacity) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    size_t total = 0;
    int64_t result = 0;
    for (;;) {
        uint8_t spare;
        ssize_t got = total < capacity ? read(file, buffer + total, capacity - total)
                                       : read(file, &spare, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) result = -errno;
        if (got > 0 && total == capacity) result = -EFBIG;
        if (got <= 0 || result < 0) break;
        total += (size_t)got;
    }
    close(file);
    return result < 0 ? result : (int64_t)total;
}

int32_t fc_await_readable(int32_t descriptor) {
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    while (poll(&entry, 1, -1) < 0) {
        if (errno != EINTR) return -errno;
    }
    return 0;
}

void fc_exit(int32_t code) { exit(code); }
