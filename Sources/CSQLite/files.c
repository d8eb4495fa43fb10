#define _GNU_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int path_of(char path[PATH_MAX], const uint8_t *bytes, int32_t length) {
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    memcpy(path, bytes, (size_t)length);
    path[length] = 0;
    return 0;
}

int32_t fc_file_lock(const uint8_t *bytes, int32_t length) {
    char path[PATH_MAX];
    int failure = path_of(path, bytes, length);
    if (failure) return failure;
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return -errno;
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    failure = -errno;
    close(descriptor);
    return failure;
}

void fc_file_unlock(int32_t descriptor) {
    // Closing alone would leave it locked while a child that was forked just now has it too.
    flock(descriptor, LOCK_UN);
    close(descriptor);
}

static int settle(const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    int result = fsync(descriptor) < 0 ? -errno : 0;
    close(descriptor);
    return result;
}

int32_t fc_file_replace(const uint8_t *from, int32_t from_length, const uint8_t *to,
                        int32_t to_length) {
    char old[PATH_MAX], now[PATH_MAX];
    int result = path_of(old, from, from_length);
    if (!result) result = path_of(now, to, to_length);
    if (!result) result = settle(old, O_RDONLY);
    if (result) return result;
    if (rename(old, now) < 0) return -errno;
    char *end = strrchr(now, '/');
    if (!end) return settle(".", O_RDONLY | O_DIRECTORY);
    end[end == now] = 0;
    return settle(now, O_RDONLY | O_DIRECTORY);
}

int32_t fc_file_remove(const uint8_t *bytes, int32_t length) {
    char path[PATH_MAX];
    int failure = path_of(path, bytes, length);
    if (failure) return failure;
    return unlink(path) < 0 ? -errno : 0;
}

int64_t fc_file_size(const uint8_t *bytes, int32_t length) {
    char path[PATH_MAX];
    struct stat status;
    int failure = path_of(path, bytes, length);
    if (failure) return failure;
    return stat(path, &status) < 0 ? -errno : status.st_size;
}

int32_t fc_file_same(const uint8_t *a, int32_t a_length, const uint8_t *b, int32_t b_length) {
    char one[PATH_MAX], other[PATH_MAX];
    struct stat first, second;
    if (path_of(one, a, a_length) || path_of(other, b, b_length)) return 0;
    if (stat(one, &first) < 0 || stat(other, &second) < 0) return 0;
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}
