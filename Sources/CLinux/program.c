#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int32_t fc_file_open(const uint8_t *path, int32_t count, int32_t writing) {
    char name[PATH_MAX];
    if (count <= 0 || count >= (int32_t)sizeof name) return -ENAMETOOLONG;
    memcpy(name, path, (size_t)count);
    name[count] = 0;
    if (strlen(name) != (size_t)count) return -EINVAL;
    int flags = writing ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY;
    int file;
    do file = open(name, flags | O_CLOEXEC, 0644);
    while (file < 0 && errno == EINTR);
    return file < 0 ? -errno : file;
}

int64_t fc_file_read(int32_t file, uint8_t *buffer, int64_t count) {
    ssize_t n;
    do n = read(file, buffer, (size_t)count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int64_t fc_file_write(int32_t file, const uint8_t *buffer, int64_t count) {
    ssize_t n;
    do n = write(file, buffer, (size_t)count);
    while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : n;
}

int32_t fc_terminal_size(int32_t file) {
    struct winsize size;
    if (ioctl(file, TIOCGWINSZ, &size) < 0) return -errno;
    int columns = size.ws_col ? size.ws_col : 80, rows = size.ws_row ? size.ws_row : 24;
    return (columns & 0x7fff) << 16 | (rows & 0xffff);
}

static uint64_t nanoseconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t fc_wall_nanoseconds(void) { return nanoseconds(CLOCK_REALTIME); }
uint64_t fc_cpu_nanoseconds(void) { return nanoseconds(CLOCK_PROCESS_CPUTIME_ID); }

int64_t fc_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur;
}

static volatile sig_atomic_t interrupted;

static void note(int signal) {
    (void)signal;
    interrupted = 1;
}

int32_t fc_note_interrupts(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESETHAND;
    if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
        return -errno;
    return 0;
}

int32_t fc_interrupted(void) { return interrupted; }

void fc_exit(int32_t status) { exit(status); }
