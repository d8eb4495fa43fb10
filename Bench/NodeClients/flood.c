// node-clients flood PORT PID SIGNER SECONDS RATE SUBSCRIBERS PUBLISHERS FIELDS
//
// So many publishers publish RATE patches a second together, at the moments that the schedule says,
// one field each, to one topic that all subscribers watch and mirror. Stale is, whenever a diff is
// applied, how long ago its newest version was acknowledged; by its oldest version, how long ago
// the first that the reader lacked. At the end all must come to the head, with the server's hash.
//
// The load's own lag is how long it takes from one look at all sockets to the next, waiting apart:
// nothing that comes is noticed later. An acknowledgement counts from when it was noticed.
//
// What is printed, times in milliseconds: staleness by the newest version, median and 99th
// percentile; by the oldest, 99th; acknowledged a second; versions a diff merged; readers that fell
// behind; the load's lag, 99th percentile and greatest; from the last acknowledgement to all hashes
// equal; how many were; processors that the server and the load used.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_FLIGHT = 256 };

static struct client **publishers;
static uint64_t base;
static double *acknowledged_at;
static long versions, acknowledged, equal;
static double last_acknowledged;
static struct histogram newest, oldest, lag;
static uint64_t diffs, merged;
static bool is_begun;

static double age(uint64_t version, double now) {
    uint64_t place = version - base;
    if (version <= base || place >= (uint64_t)versions || acknowledged_at[place] == 0) return 0;
    return now - acknowledged_at[place];
}

static void take_change(struct client *client) {
    if (!is_begun) return;
    double now = seconds();
    note(&newest, age(client->held, now));
    note(&oldest, age(client->held_before + 1, now));
    diffs++;
    merged += client->held - client->held_before;
}

static void take_ack(struct client *client, uint64_t id, uint64_t version) {
    (void)client;
    (void)id;
    acknowledged++;
    last_acknowledged = seconds();
    if (!is_begun) {
        base = version;
    } else if (version - base < (uint64_t)versions) {
        acknowledged_at[version - base] = last_acknowledged;
    }
}

static void take_hash(struct client *client, uint64_t version, const char *hash) {
    char own[17];
    if (version != client->held) return;
    mirror_hash(client->mirror, own);
    if (strcmp(own, hash))
        fail("client %d has %s and should have %s", client->number, own, hash);
    equal++;
}

// The next patches that are due; those of a publisher with too many unanswered wait.
static long publish_due(long sent, long due, int count, int fields) {
    static uint64_t value = 1 << 20;
    for (; sent < due; sent++) {
        char name[16];
        field_name(name, (int)(sent * 7 % fields));
        publish_integer(publishers[sent % count], "flood", name, value++);
        if (sent - acknowledged > (long)count * IN_FLIGHT / 2) return sent + 1;
    }
    return sent;
}

static bool are_all_at(struct client **clients, int count, uint64_t version) {
    for (int i = 0; i < count; i++)
        if (clients[i]->held < version) return false;
    return true;
}

int run_flood(int count, char **words) {
    if (count < 8) return 2;
    int port = atoi(words[0]), pid = atoi(words[1]);
    int subscribers = atoi(words[5]), many = atoi(words[6]), fields = atoi(words[7]);
    struct signer *signer = new_signer(words[2]);
    double length = atof(words[3]), rate = atof(words[4]);
    long total = (long)(length * rate);
    versions = total + 2;
    acknowledged_at = calloc((size_t)versions, sizeof *acknowledged_at);
    on_ack = take_ack;
    publishers = calloc((size_t)many, sizeof *publishers);
    for (int i = 0; i < many; i++) publishers[i] = new_publisher(port, signer, i);
    struct buffer all = {.count = 0};
    begin_publish(publishers[0], &all, "flood");
    put_map(&all, (unsigned)fields);
    for (int i = 0; i < fields; i++) {
        char name[16];
        field_name(name, i);
        put_text(&all, name);
        put_integer(&all, (uint64_t)i);
    }
    send_message(publishers[0], all.bytes, all.count);
    while (!acknowledged) take_turn(100);
    struct client **clients = gather(subscribers, port, true, false, signer, "flood", fields);
    on_change = take_change;
    on_hash = take_hash;
    acknowledged = 0;
    is_begun = true;
    double server = processor_of(pid), load = processor_of(getpid());
    double start = seconds(), looked = start;
    long sent = 0;
    while (acknowledged < total) {
        double now = seconds();
        long due = (long)((now - start) * rate);
        sent = publish_due(sent, due < total ? due : total, many, fields);
        keep_up(clients, subscribers);
        // What waiting would take is not the load's.
        note(&lag, seconds() - looked);
        if (take_turn(0) == 0) take_turn(1), looked = seconds();
        else looked = now;
        if (now - start > length + 30) fail("%ld of %ld were acknowledged", acknowledged, total);
    }
    double spent = last_acknowledged - start, end = last_acknowledged;
    server = (processor_of(pid) - server) / 1e9 / spent;
    load = (processor_of(getpid()) - load) / 1e9 / spent;
    while (!are_all_at(clients, subscribers, base + (uint64_t)total)) {
        take_turn(10);
        if (seconds() - end > 20) fail("not all come to the head");
    }
    for (int i = 0; i < subscribers; i++) ask_hash(clients[i]);
    while (equal < subscribers) {
        take_turn(10);
        if (seconds() - end > 40) fail("%ld have the server's hash", equal);
    }
    uint64_t lags = 0;
    for (int i = 0; i < subscribers; i++) lags += clients[i]->lags;
    printf("%.2f %.2f %.2f %.0f %.1f %lu %.2f %.2f %.2f %ld %.2f %.2f\n",
           quantile(&newest, 0.5) * 1e3, quantile(&newest, 0.99) * 1e3,
           quantile(&oldest, 0.99) * 1e3, (double)total / spent,
           (double)merged / (double)diffs, (unsigned long)lags, quantile(&lag, 0.99) * 1e3,
           lag.greatest * 1e3, (seconds() - end) * 1e3, equal, server, load);
    return 0;
}
