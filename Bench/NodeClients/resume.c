// node-clients resume PORT CLIENTS PATCHES_A_SECOND SIGNER FIXTURE
//
// All clients are cut at once while patches flow, and come back as the specification wants it: each
// after a random part of a second (S11), with its own token and its cursor. What is printed: the
// seconds from the cut until 99 of 100 hold the newest acknowledged version, the same for all, and
// how many of them needed a snapshot.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t head;

static void take_ack(struct client *client, uint64_t id, uint64_t version) {
    (void)client;
    (void)id;
    head = version;
}

static int at_head(struct client **clients, int count) {
    int there = 0;
    for (int i = 0; i < count; i++)
        there += clients[i]->state == OPEN && clients[i]->is_seated && clients[i]->is_whole &&
                 clients[i]->held >= head;
    return there;
}

static void flow(struct client *publisher, double rate) {
    static double next;
    static uint64_t value = 1000;
    double now = seconds();
    if (now < next) return;
    next = (next == 0 ? now : next) + 1 / rate;
    publish_integer(publisher, "desk/metrics", "chatsActive", value++);
}

int run_resume(int count, char **words) {
    if (count < 5) return 2;
    int port = atoi(words[0]), many = atoi(words[1]);
    double rate = atof(words[2]), most = 0, all = 0;
    struct signer *signer = new_signer(words[3]);
    on_ack = take_ack;
    struct client *publisher = new_publisher(port, signer, 0);
    publish_file(publisher, "desk/metrics", words[4]);
    struct client **clients = gather(many, port, true, false, signer, "desk/metrics", 0);
    for (double end = seconds() + 2; seconds() < end;) {
        flow(publisher, rate);
        take_turn(10);
        keep_up(clients, many);
    }
    double *due = calloc((size_t)many, sizeof *due), start = seconds();
    uint64_t before = head;
    for (int i = 0; i < many; i++) {
        cut(clients[i]);
        clients[i]->snapshots = 0;
        due[i] = start + (double)random() / RAND_MAX;
    }
    for (int begun = 0; all == 0;) {
        double now = seconds();
        flow(publisher, rate);
        for (int i = 0; begun < many && i < many; i++)
            if (clients[i]->state == CLOSED && due[i] <= now) {
                dial_again(clients[i]);
                begun++;
            }
        take_turn(1);
        keep_up(clients, many);
        if (begun < many) continue;
        int there = at_head(clients, many);
        if (most == 0 && there >= many - many / 100) most = seconds() - start;
        if (there == many) all = seconds() - start;
        if (seconds() - start > 60) fail("%d of %d are at the head", there, many);
    }
    if (head <= before + 1) fail("no patches flowed");
    unsigned long snapshots = 0;
    for (int i = 0; i < many; i++) snapshots += clients[i]->snapshots;
    printf("%.3f %.3f %lu\n", most, all, snapshots);
    return 0;
}
