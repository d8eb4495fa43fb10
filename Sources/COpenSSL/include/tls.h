// TLS 1.2 and 1.3 without sockets: bytes of the wire go in and come out, and so do plain ones.
//
// Instead of OpenSSL's memory BIOs a session has one of ours, which reads from the caller's buffer
// and writes into one that lives only while something is in it: an idle connection then holds what
// OpenSSL itself needs and nothing else.
//
// A context may be shared by threads. A session belongs to one thread.
#ifndef FC_TLS_H
#define FC_TLS_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct fc_tls_context fc_tls_context;
typedef struct fc_tls fc_tls;

// Why a context was not made.
typedef enum {
    FC_TLS_OK,
    FC_TLS_NO_MEMORY,
    FC_TLS_BAD_CERTIFICATE, // no PEM certificate, or a broken chain behind it
    FC_TLS_BAD_KEY,         // no PEM private key
    FC_TLS_MISMATCH,        // the key is not the certificate's
} fc_tls_fault;

// A server's: its certificate with the chain behind it, and the private key, both PEM.
fc_tls_context *_Nullable fc_tls_server_context(
    const uint8_t *_Nonnull __counted_by(chain_count) chain __noescape, int64_t chain_count,
    const uint8_t *_Nonnull __counted_by(key_count) key __noescape, int64_t key_count,
    fc_tls_fault *_Nonnull fault);
// A client's that trusts the system's authorities, or those of a PEM file's text when it is given.
fc_tls_context *_Nullable fc_tls_client_context(
    const uint8_t *_Nonnull __counted_by(count) authorities __noescape, int64_t count,
    bool trusts_system, fc_tls_fault *_Nonnull fault);
void fc_tls_context_free(fc_tls_context *_Nonnull context);

// A session. A client names the server (NUL-terminated): for SNI, and for the certificate to prove.
fc_tls *_Nullable fc_tls_new_server(fc_tls_context *_Nonnull context);
fc_tls *_Nullable fc_tls_new_client(fc_tls_context *_Nonnull context,
                                    const uint8_t *_Nonnull __counted_by(count) name __noescape,
                                    int64_t count);
void fc_tls_free(fc_tls *_Nonnull tls);

typedef enum {
    FC_TLS_MORE,   // more bytes of the wire are needed
    FC_TLS_OPEN,   // the handshake is done
    FC_TLS_ENDED,  // the peer said goodbye
    FC_TLS_BROKEN, // and what to say about it is in the output
} fc_tls_state;

// Goes on with the handshake, without input: what a client starts with.
fc_tls_state fc_tls_start(fc_tls *_Nonnull tls);

typedef struct fc_tls_step {
    int64_t used;  // of the wire's bytes
    int64_t plain; // written to `plain`
    fc_tls_state state;
} fc_tls_step;
// Reads bytes of the wire from `from` on into plain ones. Call again while `plain` comes out full.
fc_tls_step fc_tls_read(fc_tls *_Nonnull tls,
                        const uint8_t *_Nonnull __counted_by(count) wire __noescape, int64_t count,
                        int64_t from, uint8_t *_Nonnull __counted_by(room) plain __noescape,
                        int64_t room);
// Seals plain bytes: all of them or none. False before the handshake is done, or when broken.
bool fc_tls_write(fc_tls *_Nonnull tls,
                  const uint8_t *_Nonnull __counted_by(count) plain __noescape, int64_t count);
// Says goodbye.
void fc_tls_goodbye(fc_tls *_Nonnull tls);

// What is to go out on the wire: how much, and taken out (all of it, into room for that much).
int64_t fc_tls_output_count(const fc_tls *_Nonnull tls);
void fc_tls_take_output(fc_tls *_Nonnull tls,
                        uint8_t *_Nonnull __counted_by(room) output __noescape, int64_t room);

#endif
