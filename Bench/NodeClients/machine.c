// What the machine and the server say of themselves.
#define _GNU_SOURCE
#include "clients.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void fail(const char *format, ...) {
    va_list words;
    va_start(words, format);
    fputs("node-clients: ", stderr);
    vfprintf(stderr, format, words);
    fputc('\n', stderr);
    va_end(words);
    exit(1);
}

double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double processor_of(int pid) {
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks) fail("the server is gone");
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

double resident_of(int pid) {
    char path[64], line[200];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    if (!file) fail("the server is gone");
    double bytes = 0;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6)) bytes = atof(line + 6) * 1024;
    fclose(file);
    return bytes;
}

// `w` is what the kernel keeps in a socket's queue, overhead included, `t` what is on its way.
double kernel_send_bytes(int port) {
    char command[100], line[1000];
    snprintf(command, sizeof command, "ss -tmnH state established sport = :%d", port);
    FILE *list = popen(command, "r");
    if (!list) fail("no ss");
    double sum = 0;
    int count = 0;
    while (fgets(line, sizeof line, list)) {
        char *memory = strstr(line, "skmem:(");
        if (!memory) continue;
        char *sent = strstr(memory, ",t"), *queued = strstr(memory, ",w");
        if (!sent || !queued) continue;
        double t = atof(sent + 2), w = atof(queued + 2);
        sum += t > w ? t : w;
        count++;
    }
    pclose(list);
    if (!count) fail("ss lists no connection of port %d", port);
    return sum / count;
}

double metric(int port, const char *name) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int s = socket(AF_INET, SOCK_STREAM, 0);
    static const char request[] =
        "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    static char answer[1 << 17];
    if (connect(s, (struct sockaddr *)&to, sizeof to) < 0 ||
        send(s, request, sizeof request - 1, 0) < 0)
        fail("the operator's listener does not answer");
    size_t count = 0;
    ssize_t got;
    while ((got = recv(s, answer + count, sizeof answer - 1 - count, 0)) > 0) count += (size_t)got;
    close(s);
    answer[count] = 0;
    char line[100];
    snprintf(line, sizeof line, "\n%s ", name);
    char *found = strstr(answer, line);
    if (!found) fail("no metric %s", name);
    return atof(found + strlen(line));
}

void need_descriptors(int count) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= (rlim_t)count) return;
    limit.rlim_cur = limit.rlim_max < (rlim_t)count ? limit.rlim_max : (rlim_t)count;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < (rlim_t)count) fail("ulimit -n %d is wanted", count);
}

// MARK: Histograms, of nanoseconds

void note(struct histogram *histogram, double time) {
    if (time > histogram->greatest) histogram->greatest = time;
    uint64_t value = time <= 0 ? 0 : (uint64_t)(time * 1e9);
    int shift = 0;
    while (value >> shift >= 128) shift++;
    // Below 128 each value has a bucket; above, each power of two has 64.
    uint64_t place = shift == 0 ? value : 64 * (uint64_t)shift + (value >> shift);
    if (place >= sizeof histogram->buckets / sizeof *histogram->buckets) return;
    histogram->buckets[place]++;
    histogram->count++;
}

double quantile(const struct histogram *histogram, double part) {
    uint64_t wanted = (uint64_t)(part * (double)histogram->count), seen = 0;
    for (uint64_t i = 0; i < sizeof histogram->buckets / sizeof *histogram->buckets; i++) {
        seen += histogram->buckets[i];
        if (seen <= wanted) continue;
        if (i < 128) return (double)i / 1e9;
        uint64_t shift = (i - 64) / 64, digits = i - 64 * shift;
        return (double)((digits << shift) + (1ull << shift) / 2) / 1e9;
    }
    return histogram->greatest;
}
