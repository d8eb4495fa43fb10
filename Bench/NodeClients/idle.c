// node-clients idle PORT PID CONNECTIONS shared|own SIGNER
//
// Opens so many, each with one subscription: all to one topic, or each to one of its own, which is
// made before and changed once when all are there, so that every buffer was used. What is printed
// thirty seconds later: the server's resident bytes, and the kernel's for each connection.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long acknowledged, changed;

static void count_ack(struct client *client, uint64_t id, uint64_t version) {
    (void)client;
    (void)id;
    (void)version;
    acknowledged++;
}

static void count_change(struct client *client) {
    (void)client;
    changed++;
}

static void publish_all(struct client *publisher, int topics, bool own, uint64_t value) {
    long before = acknowledged;
    for (int i = 0; i < topics; i++) {
        char topic[32];
        snprintf(topic, sizeof topic, own ? "own/%d" : "all", i);
        publish_integer(publisher, topic, "waiting", value);
        while (acknowledged < before + i + 1 - 100)
            if (take_turn(10000) <= 0) fail("no answer comes");
    }
    while (acknowledged < before + topics)
        if (take_turn(10000) <= 0) fail("no answer comes");
}

int run_idle(int count, char **words) {
    if (count < 5) return 2;
    int port = atoi(words[0]), pid = atoi(words[1]), connections = atoi(words[2]);
    bool own = !strcmp(words[3], "own");
    struct signer *signer = new_signer(words[4]);
    int topics = own ? connections : 1;
    on_ack = count_ack;
    struct client *publisher = new_publisher(port, signer, 0);
    publish_all(publisher, topics, own, 1);
    struct client **clients =
        gather(connections, port, true, false, signer, own ? "own/%d" : "all", 0);
    on_change = count_change;
    publish_all(publisher, topics, own, 2);
    while (changed < connections)
        if (take_turn(10000) <= 0) fail("%ld of %d were told", changed, connections);
    for (double end = seconds() + 30; seconds() < end;) {
        take_turn(100);
        keep_up(clients, connections);
    }
    printf("%.0f %.0f\n", resident_of(pid), kernel_send_bytes(port));
    return 0;
}
