// node-clients slow PORT PID ADMIN_PORT READERS VERSIONS BYTES SIGNER
//
// Readers stop reading, and stay so for at least so many versions and so many bytes of diffs, which
// another reader receives and counts. Then they wake: each must be told that it lagged, get one
// diff, and have the server's hash. What is printed: the server's resident bytes for each of them
// beyond what it had before, the kernel's for each connection, how many the metric says lagged,
// how many versions and bytes they slept through, and how many came out right.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS = 1000, CHANGED = 120 };

static long acknowledged;
static uint64_t head;
static int equal;

static void take_ack(struct client *client, uint64_t id, uint64_t version) {
    (void)client;
    (void)id;
    acknowledged++;
    head = version;
}

static void take_hash(struct client *client, uint64_t version, const char *hash) {
    char own[17];
    if (version != client->held || version != head) return;
    mirror_hash(client->mirror, own);
    if (!strcmp(own, hash)) equal++;
}

// Some fields of the thousand, others each time.
static void publish(struct client *publisher, long round, int count) {
    struct buffer buffer = {.count = 0};
    long before = acknowledged;
    begin_publish(publisher, &buffer, "slow");
    put_map(&buffer, (unsigned)count);
    for (int i = 0; i < count; i++) {
        char name[16];
        field_name(name, (int)((round * CHANGED + i) % FIELDS));
        put_text(&buffer, name);
        put_integer(&buffer, (1 << 20) + (uint64_t)round);
    }
    send_message(publisher, buffer.bytes, buffer.count);
    while (acknowledged == before)
        if (take_turn(10000) <= 0) fail("no answer comes");
}

static void await_all(struct client **clients, int count) {
    double patience = seconds() + 20;
    for (int i = 0; i < count;) {
        if (clients[i]->held >= head) {
            i++;
            continue;
        }
        take_turn(100);
        keep_up(clients, count);
        if (seconds() > patience)
            fail("client %d holds %lu of %lu", i, (unsigned long)clients[i]->held,
                 (unsigned long)head);
    }
}

static void settle(struct client **clients, int count, double time) {
    for (double end = seconds() + time; seconds() < end; keep_up(clients, count)) take_turn(100);
}

int run_slow(int count, char **words) {
    if (count < 7) return 2;
    int port = atoi(words[0]), pid = atoi(words[1]), readers = atoi(words[3]), right = 0;
    long versions = atol(words[4]), bytes = atol(words[5]), slept = 0;
    struct signer *signer = new_signer(words[6]);
    on_ack = take_ack;
    on_hash = take_hash;
    struct client *publisher = new_publisher(port, signer, 0);
    publish(publisher, 0, FIELDS);
    struct client **clients = gather(readers, port, true, false, signer, "slow", FIELDS);
    struct client **witness = gather(1, port, true, false, signer, "slow", FIELDS);
    // Everybody has read a while: queues and tables are as large as they get.
    for (long round = 1; round < 200; round++) {
        publish(publisher, round, CHANGED);
        await_all(clients, readers);
    }
    settle(clients, readers, 3);
    double before = resident_of(pid), lagged = metric(atoi(words[2]), "fieldcast_lagging_total");
    for (int i = 0; i < readers; i++) {
        say_seen(clients[i]);
        stop_reading(clients[i]);
    }
    uint64_t heard = witness[0]->heard;
    for (; slept < versions || witness[0]->heard - heard < (uint64_t)bytes; slept++) {
        publish(publisher, 200 + slept, CHANGED);
        await_all(witness, 1);
    }
    settle(witness, 1, 3);
    double resident = (resident_of(pid) - before) / readers, kernel = kernel_send_bytes(port);
    lagged = metric(atoi(words[2]), "fieldcast_lagging_total") - lagged;
    unsigned long passed = (unsigned long)(witness[0]->heard - heard);
    for (int i = 0; i < readers; i++) read_again(clients[i]);
    await_all(clients, readers);
    for (int i = 0; i < readers; i++) {
        right += clients[i]->lags == 1 && clients[i]->diffs_since_lag == 1 &&
                 clients[i]->snapshots == 1;
        ask_hash(clients[i]);
    }
    settle(clients, readers, 2);
    printf("%.0f %.0f %.0f %ld %lu %d\n", resident, kernel, lagged, slept, passed,
           right < equal ? right : equal);
    return 0;
}
