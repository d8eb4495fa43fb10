// node-clients latency PORT PID PEER_PORT PEER_PID CONNECTIONS PATCHES SIGNER FIXTURE
//
// So many patches a side in turns: one of ours, one of the peer's. Each is timed from the moment it
// is published until the last of all clients has it; before that both servers rest for five
// milliseconds. They share a processor, so the one that is not asked is stopped: the peer's
// loop looks around a thousand times a second even when nothing happens.
// What is printed: our median and 99th percentile in microseconds, and the peer's.
#include "clients.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static long ours, theirs;

static void count_change(struct client *client) {
    (void)client;
    ours++;
}

static void count_raw(struct client *client, size_t bytes) {
    (void)client;
    (void)bytes;
    theirs++;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void broadcast(struct client *trigger, long round) {
    struct buffer buffer = {.count = 0};
    put_array(&buffer, 5);
    put_integer(&buffer, 11);
    put_integer(&buffer, 1);
    put_integer(&buffer, 2 + (uint64_t)round);
    put_integer(&buffer, 1);
    put_array(&buffer, 2);
    put_integer(&buffer, 10);
    put_integer(&buffer, 1000 + (uint64_t)round % 30000);
    send_message(trigger, buffer.bytes, buffer.count);
}

int run_latency(int count, char **words) {
    if (count < 8) return 2;
    int port = atoi(words[0]), peer = atoi(words[2]), connections = atoi(words[4]);
    int pids[2] = {atoi(words[1]), atoi(words[3])};
    long patches = atol(words[5]), warm = patches / 10;
    struct signer *signer = new_signer(words[6]);
    struct client *publisher = new_publisher(port, signer, 0);
    publish_file(publisher, "desk/metrics", words[7]);
    struct client **clients = gather(connections, port, true, false, signer, "desk/metrics", 0);
    gather(connections, peer, false, false, NULL, NULL, 0);
    struct client *trigger = dial(peer, false, false);
    await_open(trigger);
    for (double quiet = seconds() + 0.2; seconds() < quiet;) take_turn(50);
    on_change = count_change;
    on_raw = count_raw;
    double *times[2] = {
        calloc((size_t)patches, sizeof(double)), calloc((size_t)patches, sizeof(double))};
    for (long round = 0; round < 2 * (patches + warm); round++) {
        bool is_ours = round % 2 == 0;
        long *received = is_ours ? &ours : &theirs;
        kill(pids[is_ours], SIGSTOP);
        kill(pids[!is_ours], SIGCONT);
        for (double rest = seconds() + 0.005; seconds() < rest;) take_turn(1);
        *received = 0;
        double start = seconds();
        if (is_ours)
            publish_integer(
                publisher, "desk/metrics", "chatsActive", 1000 + (uint64_t)(round / 2) % 30000);
        else
            broadcast(trigger, round / 2);
        while (*received < connections)
            if (take_turn(10000) <= 0) fail("nothing comes");
        long place = round / 2 - warm;
        if (place >= 0) times[is_ours ? 0 : 1][place] = seconds() - start;
        keep_up(clients, connections);
    }
    kill(pids[0], SIGCONT);
    kill(pids[1], SIGCONT);
    for (int side = 0; side < 2; side++) {
        qsort(times[side], (size_t)patches, sizeof(double), ascending);
        printf("%.1f %.1f%s", times[side][patches / 2] * 1e6,
               times[side][patches * 99 / 100] * 1e6, side ? "\n" : " ");
    }
    return 0;
}
