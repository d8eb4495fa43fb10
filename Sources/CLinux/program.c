#define _GNU_SOURCE
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

int32_t fc_write_file(const uint8_t *path, int32_t path_length, const uint8_t *bytes,
                      size_t length) {
    char name[PATH_MAX];
    if (path_length <= 0 || path_length >= (int32_t)sizeof name) return -ENAMETOOLONG;
    memcpy(name, path, (size_t)path_length);
    name[path_length] = 0;
    if (strlen(name) != (size_t)path_length) return -EINVAL;
    int file;
    do file = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    while (file < 0 && errno == EINTR);
    if (file < 0) return -errno;
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            int code = errno;
            close(file);
            return -code;
        }
        bytes += written;
        length -= (size_t)written;
    }
    return close(file) < 0 ? -errno : 0;
}

int32_t fc_terminal_size(int32_t file) {
    struct winsize size;
    if (ioctl(file, TIOCGWINSZ, &size) < 0) return -errno;
    int columns = size.ws_col ? size.ws_col : 80, rows = size.ws_row ? size.ws_row : 24;
    return (columns & 0x7fff) << 16 | (rows & 0xffff);
}

uint64_t fc_cpu_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

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
