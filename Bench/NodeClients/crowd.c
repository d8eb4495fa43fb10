// Many clients that do the same.
#include "clients.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct client *new_client(
    int number, int port, bool speaks, bool tls, struct signer *signer
) {
    struct client *client = dial(port, speaks, tls);
    client->number = number;
    if (!speaks) return client;
    char name[32];
    snprintf(name, sizeof name, "user %d", number);
    snprintf(client->instance, sizeof client->instance, "%08lx%08x", random(), number);
    client->token = new_token(signer, name);
    return client;
}

static bool is_there(const struct client *client) {
    if (!client->subscribes) return client->state == OPEN;
    return client->is_seated && client->is_whole;
}

struct client **gather(
    int count, int port, bool speaks, bool tls, struct signer *signer, const char *topic, int fields
) {
    need_descriptors(count + 200);
    struct client **clients = calloc((size_t)count, sizeof *clients);
    int begun = 0, there = 0;
    double patience = seconds() + 120;
    while (there < count) {
        for (; begun < count && begun < there + 256; begun++) {
            struct client *client = new_client(begun, port, speaks, tls, signer);
            client->subscribes = speaks && topic;
            // A topic for all, or with a %d one for each.
            if (topic && strstr(topic, "%d"))
                snprintf(client->topic, sizeof client->topic, "own/%d", begun);
            else if (topic)
                snprintf(client->topic, sizeof client->topic, "%s", topic);
            if (fields) client->mirror = new_mirror(fields);
            clients[begun] = client;
        }
        take_turn(100);
        while (there < count && clients[there] && is_there(clients[there])) there++;
        if (seconds() > patience) fail("%d of %d clients came", there, count);
    }
    return clients;
}

struct client *new_publisher(int port, struct signer *signer, int number) {
    struct client *publisher = new_client(100000 + number, port, true, false, signer);
    await_open(publisher);
    return publisher;
}

void await_open(struct client *client) {
    double patience = seconds() + 10;
    while (client->state != OPEN) {
        take_turn(100);
        if (seconds() > patience) fail("client %d does not come in", client->number);
    }
}

void keep_up(struct client **clients, int count) {
    static double next;
    double now = seconds();
    if (now < next) return;
    next = now + 0.5;
    for (int i = 0; i < count; i++) {
        struct client *client = clients[i];
        if (client->state != OPEN || !client->speaks || client->heard == client->told) continue;
        // A third of the time for which anything may be unconfirmed (L9).
        if (now - client->unsaid_since > 2.5) say_seen(client);
    }
}
