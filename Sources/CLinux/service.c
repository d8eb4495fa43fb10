#define _GNU_SOURCE
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int32_t fc_notify(const uint8_t *name, int32_t name_length, const uint8_t *text, int32_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (name_length < 2 || name_length >= (int32_t)sizeof address.sun_path) return -ENAMETOOLONG;
    if (name[0] != '/' && name[0] != '@') return -EINVAL;
    memcpy(address.sun_path, name, (size_t)name_length);
    if (name[0] == '@') address.sun_path[0] = 0;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)name_length);
    // The name of a file ends with a zero, that of an abstract socket does not.
    if (name[0] == '/') size += 1;
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (s < 0) return -errno;
    ssize_t sent;
    do sent = sendto(s, text, (size_t)length, MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    while (sent < 0 && errno == EINTR);
    int32_t result = sent < 0 ? -errno : 0;
    close(s);
    return result;
}

int32_t fc_take_listener(int32_t descriptor) {
    int type = 0, listens = 0, domain = 0;
    socklen_t size = sizeof type;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) < 0) return -errno;
    size = sizeof listens;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0) return -errno;
    size = sizeof domain;
    if (getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0) return -errno;
    if (type != SOCK_STREAM || !listens) return -EINVAL;
    if (domain != AF_INET && domain != AF_INET6) return -EAFNOSUPPORT;
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    if (fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) return -errno;
    return 0;
}

int32_t fc_duplicate(int32_t descriptor) {
    int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}
