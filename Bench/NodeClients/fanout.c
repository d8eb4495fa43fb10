// node-clients fanout PORT PID CONNECTIONS ROUNDS SIGNER FIXTURE [tls]
// node-clients fanout PORT PID CONNECTIONS ROUNDS peer BYTES [tls]
//
// Rounds: one publisher changes one field of the fixture's document, or has the peer broadcast so
// many bytes as that makes, and a round is over when everybody has it. What is printed: the
// server's processor time for each delivery in nanoseconds (from its schedstat, so system time and
// the loopback's soft interrupts are in it), deliveries a second, and bytes of a delivery, frame
// included.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct client *publisher;
static bool is_begun;
static long deliveries;

static void count_change(struct client *client) {
    (void)client;
    deliveries += is_begun;
}

static void count_raw(struct client *client, size_t bytes) {
    (void)client;
    (void)bytes;
    deliveries += is_begun;
}

// The same bytes as the node's diff: [11, 1, version, 1, [alias, value]]. A peer that makes its
// message itself is sent the value alone.
static void have_broadcast(long round, long bytes) {
    struct buffer buffer = {.count = 0};
    if (bytes > 0) {
        put_array(&buffer, 5);
        put_integer(&buffer, 11);
        put_integer(&buffer, 1);
        put_integer(&buffer, 2 + (uint64_t)round);
        put_integer(&buffer, 1);
        put_array(&buffer, 2);
        put_integer(&buffer, 10);
    }
    put_integer(&buffer, 1000 + (uint64_t)round % 30000);
    send_message(publisher, buffer.bytes, buffer.count);
}

static void begin_round(long round, long bytes) {
    if (publisher->speaks)
        publish_integer(publisher, "desk/metrics", "chatsActive", 1000 + (uint64_t)round % 30000);
    else
        have_broadcast(round, bytes);
}

int run_fanout(int count, char **words) {
    if (count < 6) return 2;
    int port = atoi(words[0]), pid = atoi(words[1]), connections = atoi(words[2]);
    long rounds = atol(words[3]), warm = rounds / 10 + 1, done = 0;
    bool tls = count > 6 && !strcmp(words[6], "tls"), speaks = strcmp(words[4], "peer") != 0;
    struct signer *signer = speaks ? new_signer(words[4]) : NULL;
    long bytes = speaks ? 0 : atol(words[5]);
    if (speaks && tls) {
        // Its publisher too: all of a server's connections are alike.
        publisher = *gather(1, port, true, true, signer, NULL, 0);
    } else if (speaks) {
        publisher = new_publisher(port, signer, 0);
    }
    if (speaks) publish_file(publisher, "desk/metrics", words[5]);
    struct client **clients =
        gather(connections, port, speaks, tls, signer, speaks ? "desk/metrics" : NULL, 0);
    if (!speaks) {
        publisher = dial(port, false, tls);
        await_open(publisher);
    }
    on_change = count_change;
    on_raw = count_raw;
    // What came for the snapshots and answers is no delivery.
    for (double quiet = seconds() + 0.2; seconds() < quiet;) take_turn(50);
    is_begun = true;
    double processor = 0, start = 0;
    uint64_t before = 0;
    begin_round(0, bytes);
    while (done < rounds + warm) {
        if (take_turn(10000) <= 0) fail("nothing comes");
        keep_up(clients, connections);
        if (deliveries < (done + 1) * connections) continue;
        if (++done == warm) {
            processor = processor_of(pid);
            start = seconds();
            before = received_bytes;
        }
        if (done < rounds + warm) begin_round(done, bytes);
    }
    double total = (double)(done - warm) * connections;
    printf("%.1f %.0f %.2f\n", (processor_of(pid) - processor) / total,
           total / (seconds() - start), (double)(received_bytes - before) / total);
    return 0;
}
