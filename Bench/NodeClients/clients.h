// Clients of a node, or of a peer that broadcasts, many in one thread: the load of the node's rows.
// They keep to the protocol (spec/), and say what they received as often as it wants (L9); beside
// that they do as little as they can, so that what is measured is the server.
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// MARK: Clients (connections.c)

struct mirror;

struct client {
    int socket, port, number;
    SSL *tls;
    enum { CONNECTING, SECURING, UPGRADING, OPEN, CLOSED } state;
    bool speaks;     // Fieldcast in MessagePack; otherwise what comes is only counted
    bool subscribes; // as soon as it is open, with a cursor if it has one
    const char *token;
    char topic[32], instance[24];
    // What came and is no whole frame yet.
    unsigned char *rest;
    size_t rest_count;
    // Bytes of messages received, and how many of them the server was told of (L9).
    uint64_t heard, told;
    double unsaid_since;
    // What it holds of its one subscription.
    uint64_t view, held, verdict;
    uint64_t held_before; // the last diff
    bool is_whole, is_seated;
    char epoch[40], print[40];
    struct mirror *mirror;
    uint64_t publishes, lags, diffs_since_lag, snapshots;
};

struct client *dial(int port, bool speaks, bool tls);
// Connects again, with what it holds.
void dial_again(struct client *client);
// Ends a connection as a cut does: by a reset.
void cut(struct client *client);
void stop_reading(struct client *client);
void read_again(struct client *client);
void send_message(struct client *client, const void *bytes, size_t count);
// Waits for so many milliseconds at most and takes what came; how many connections had something.
int take_turn(int milliseconds);

// What a row does with what its clients are told; whatever is null is nobody's business.
extern void (*on_open)(struct client *);
extern void (*on_raw)(struct client *, size_t count);         // a frame of a peer
extern void (*on_change)(struct client *);                    // it holds another version
extern void (*on_ack)(struct client *, uint64_t id, uint64_t version);
extern void (*on_hash)(struct client *, uint64_t version, const char *hash);

extern uint64_t received_bytes; // of frames, heads included

// MARK: The protocol (messages.c)

struct buffer {
    unsigned char bytes[16384];
    size_t count;
};
void put_array(struct buffer *, unsigned count);
void put_map(struct buffer *, unsigned count);
void put_integer(struct buffer *, uint64_t);
void put_text(struct buffer *, const char *);
void put_nil(struct buffer *);
void put_bytes(struct buffer *, const void *, size_t);

void say_hello(struct client *);
void say_seen(struct client *);
void ask_hash(struct client *);
// A publish of what is put behind its head; the head wants the map of `set` to follow.
uint64_t begin_publish(struct client *, struct buffer *, const char *topic);
void publish_integer(struct client *, const char *topic, const char *field, uint64_t value);
void publish_file(struct client *, const char *topic, const char *path);
void receive_message(struct client *, const unsigned char *, size_t);

// MARK: Mirrors (mirror.c): documents of so many fields with integers, named "f 0", "f 1" …

struct mirror *new_mirror(int fields);
void free_mirror(struct mirror *);
struct reader {
    const unsigned char *at, *end;
};
uint64_t read_integer(struct reader *);
size_t read_text(struct reader *, const char **);
unsigned read_array(struct reader *);
unsigned read_map(struct reader *);
bool take_nil(struct reader *);
void skip(struct reader *);
void mirror_document(struct mirror *, struct reader *);
void mirror_names(struct mirror *, struct reader *);
void mirror_diff(struct mirror *, struct reader *, unsigned fields_left);
void mirror_hash(const struct mirror *, char hash[17]);
void field_name(char name[16], int field);

// MARK: Tokens (tokens.c)

// Signed with a secret of text, or with a private key in PEM where the file begins with a dash.
struct signer;
struct signer *new_signer(const char *path);
char *new_token(struct signer *, const char *subject);

// MARK: The machine (machine.c)

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
double seconds(void);
// What a server's threads used, in nanoseconds; its resident bytes.
double processor_of(int pid);
double resident_of(int pid);
// The mean over a port's connections of the kernel's bytes for what was sent and not taken.
double kernel_send_bytes(int port);
// What a metric of the operator's listener says.
double metric(int port, const char *name);
void need_descriptors(int count);

// A histogram of times: exact to one part in 64.
struct histogram {
    uint64_t buckets[64 * 40];
    uint64_t count;
    double greatest;
};
void note(struct histogram *, double seconds);
double quantile(const struct histogram *, double);

// MARK: The rows

int run_fanout(int count, char **words);
int run_latency(int count, char **words);
int run_flood(int count, char **words);
int run_idle(int count, char **words);
int run_slow(int count, char **words);
int run_resume(int count, char **words);

// Connects so many, at most 256 at a time, and waits until all are seated and hold a snapshot.
struct client **gather(
    int count, int port, bool speaks, bool tls, struct signer *, const char *topic, int fields);
// One that publishes to what others read.
struct client *new_publisher(int port, struct signer *, int number);
void await_open(struct client *);
// Says what the time wants to be said; to be called often.
void keep_up(struct client **clients, int count);
