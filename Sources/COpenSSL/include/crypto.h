// Message codes and signatures.
//
// Every function may be called from any thread and leaves OpenSSL's error queue empty.
//
// No pointer may be null, not even beside a length of zero: the callers, which are the two doors
// in Node/Auth, turn empty spans away. Nullable ones would be kinder, but the overload that Swift
// 6.3.1 makes for an optional span beside a second span crashes the compiler when it optimises.
#ifndef FC_CRYPTO_H
#define FC_CRYPTO_H

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FC_HMAC_LENGTH = 32 };

// Fills FC_HMAC_LENGTH bytes, or returns false: out of memory. `out` has no annotation, because a
// mutable span beside two others crashes the compiler as well.
bool fc_hmac_sha256(const uint8_t *_Nonnull __counted_by(key_length) key __noescape,
                    size_t key_length,
                    const uint8_t *_Nonnull __counted_by(length) message __noescape, size_t length,
                    uint8_t *_Nonnull out);

// Takes the same time wherever the difference is. Lengths are not secret.
bool fc_equal(const uint8_t *_Nonnull __counted_by(a_length) a __noescape, size_t a_length,
              const uint8_t *_Nonnull __counted_by(b_length) b __noescape, size_t b_length);

typedef enum {
    FC_KEY_RSA, // 2,048 to 16,384 bits
    FC_KEY_P256,
    FC_KEY_ED25519,
    FC_KEY_OTHER, // a key, and none that we use
} fc_key_kind;

// A public key, never changed once made, so that threads may share it. NULL for what is none.
typedef struct fc_key fc_key;
// PEM of a public key or of a certificate.
fc_key *_Nullable fc_key_from_pem(const uint8_t *_Nonnull __counted_by(length) pem __noescape,
                                  size_t length);
// The parts of a JSON Web Key, big-endian as they stand there.
fc_key *_Nullable fc_key_rsa(const uint8_t *_Nonnull __counted_by(n_length) n __noescape,
                             size_t n_length,
                             const uint8_t *_Nonnull __counted_by(e_length) e __noescape,
                             size_t e_length);
fc_key *_Nullable fc_key_p256(const uint8_t *_Nonnull __counted_by(x_length) x __noescape,
                              size_t x_length,
                              const uint8_t *_Nonnull __counted_by(y_length) y __noescape,
                              size_t y_length);
fc_key *_Nullable fc_key_ed25519(const uint8_t *_Nonnull __counted_by(length) x __noescape,
                                 size_t length);
fc_key_kind fc_key_kind_of(const fc_key *_Nonnull key);
void fc_key_free(fc_key *_Nonnull key);

// Whether the signature is the key's over the message, by the algorithm of its kind: RSA PKCS #1
// v1.5 with SHA-256, ECDSA with SHA-256 (the signature as r and s, 64 bytes), Ed25519. Anything
// else, a key of another kind included, is false.
bool fc_verify(const fc_key *_Nonnull key,
               const uint8_t *_Nonnull __counted_by(length) message __noescape, size_t length,
               const uint8_t *_Nonnull __counted_by(signature_length) signature __noescape,
               size_t signature_length);

#endif
