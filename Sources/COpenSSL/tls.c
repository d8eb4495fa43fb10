#include "tls.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct fc_tls_context {
    SSL_CTX *ssl;
};

struct fc_tls {
    SSL *ssl;
    // Input: the caller's, for the time of one call.
    const uint8_t *in;
    size_t in_left;
    // Output: ours, only while something is in it.
    uint8_t *out;
    size_t out_count, out_room;
};

// --- the BIO ----------------------------------------------------------------------------------

static int bio_read(BIO *bio, char *to, int count) {
    fc_tls *t = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!t || t->in_left == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t n = (size_t)count < t->in_left ? (size_t)count : t->in_left;
    memcpy(to, t->in, n);
    t->in += n;
    t->in_left -= n;
    return (int)n;
}

static int bio_write(BIO *bio, const char *from, int count) {
    fc_tls *t = BIO_get_data(bio);
    if (!t || count < 0) return -1;
    size_t need = t->out_count + (size_t)count;
    if (need > t->out_room) {
        size_t room = need < 512 ? 512 : need + need / 2;
        uint8_t *more = realloc(t->out, room);
        if (!more) return -1;
        t->out = more;
        t->out_room = room;
    }
    memcpy(t->out + t->out_count, from, (size_t)count);
    t->out_count = need;
    return count;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int bio_create(BIO *bio) {
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *method;
static pthread_once_t method_once = PTHREAD_ONCE_INIT;

static void make_method(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fieldcast");
    if (!method) return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_create(method, bio_create);
}

// --- contexts ---------------------------------------------------------------------------------

static const uint8_t http11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
static const uint8_t served[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1',
                                 8, 'h', 't', 't', 'p', '/', '1', '.', '0'};

// A client that names no protocol of ours gets none, and then HTTP/1.1 all the same.
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_length,
                           const unsigned char *in, unsigned int in_length, void *unused) {
    (void)ssl;
    (void)unused;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_length, served, sizeof served, in, in_length) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static fc_tls_context *new_context(const SSL_METHOD *of) {
    fc_tls_context *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->ssl = SSL_CTX_new(of);
    if (!c->ssl) {
        free(c);
        return NULL;
    }
    SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION);
    SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    // Record buffers go when they are empty: most connections are silent most of the time.
    SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
    return c;
}

void fc_tls_context_free(fc_tls_context *c) {
    SSL_CTX_free(c->ssl);
    free(c);
}

static fc_tls_context *fail(fc_tls_context *c, fc_tls_fault fault, fc_tls_fault *out) {
    ERR_clear_error();
    if (c) fc_tls_context_free(c);
    *out = fault;
    return NULL;
}

fc_tls_context *fc_tls_server_context(const uint8_t *chain, int64_t chain_count, const uint8_t *key,
                                      int64_t key_count, fc_tls_fault *fault) {
    fc_tls_context *c = new_context(TLS_server_method());
    if (!c) return fail(c, FC_TLS_NO_MEMORY, fault);
    SSL_CTX_set_alpn_select_cb(c->ssl, choose_protocol, NULL);
    SSL_CTX_set_options(c->ssl, SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(c->ssl, 1);

    BIO *text = BIO_new_mem_buf(chain, (int)chain_count);
    X509 *leaf = text ? PEM_read_bio_X509_AUX(text, NULL, NULL, NULL) : NULL;
    int good = leaf && SSL_CTX_use_certificate(c->ssl, leaf) == 1;
    X509_free(leaf);
    while (good) {
        X509 *next = PEM_read_bio_X509(text, NULL, NULL, NULL);
        if (!next) break;
        if (SSL_CTX_add0_chain_cert(c->ssl, next) != 1) {
            X509_free(next);
            good = 0;
        }
    }
    // The end of the text is the only good reason to have found no more.
    unsigned long end = ERR_peek_last_error();
    if (good && end && ERR_GET_REASON(end) != PEM_R_NO_START_LINE) good = 0;
    ERR_clear_error();
    BIO_free(text);
    if (!good) return fail(c, FC_TLS_BAD_CERTIFICATE, fault);

    text = BIO_new_mem_buf(key, (int)key_count);
    EVP_PKEY *private = text ? PEM_read_bio_PrivateKey(text, NULL, NULL, NULL) : NULL;
    BIO_free(text);
    if (!private) return fail(c, FC_TLS_BAD_KEY, fault);
    good = SSL_CTX_use_PrivateKey(c->ssl, private) == 1 && SSL_CTX_check_private_key(c->ssl) == 1;
    EVP_PKEY_free(private);
    if (!good) return fail(c, FC_TLS_MISMATCH, fault);
    *fault = FC_TLS_OK;
    return c;
}

fc_tls_context *fc_tls_client_context(const uint8_t *authorities, int64_t count, bool trusts_system,
                                      fc_tls_fault *fault) {
    fc_tls_context *c = new_context(TLS_client_method());
    if (!c) return fail(c, FC_TLS_NO_MEMORY, fault);
    SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_alpn_protos(c->ssl, http11, sizeof http11);
    if (trusts_system) {
        SSL_CTX_set_default_verify_paths(c->ssl);
    } else {
        BIO *text = BIO_new_mem_buf(authorities, (int)count);
        X509_STORE *store = SSL_CTX_get_cert_store(c->ssl);
        int found = 0;
        X509 *next;
        while (text && (next = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
            found += X509_STORE_add_cert(store, next) == 1;
            X509_free(next);
        }
        BIO_free(text);
        if (!found) return fail(c, FC_TLS_BAD_CERTIFICATE, fault);
    }
    ERR_clear_error();
    *fault = FC_TLS_OK;
    return c;
}

// --- sessions ---------------------------------------------------------------------------------

static fc_tls *new_session(fc_tls_context *c) {
    pthread_once(&method_once, make_method);
    fc_tls *t = calloc(1, sizeof *t);
    SSL *ssl = SSL_new(c->ssl);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (!t || !ssl || !bio) {
        BIO_free(bio);
        SSL_free(ssl);
        free(t);
        ERR_clear_error();
        return NULL;
    }
    BIO_set_data(bio, t);
    SSL_set_bio(ssl, bio, bio);
    t->ssl = ssl;
    return t;
}

fc_tls *fc_tls_new_server(fc_tls_context *c) {
    fc_tls *t = new_session(c);
    if (t) SSL_set_accept_state(t->ssl);
    return t;
}

fc_tls *fc_tls_new_client(fc_tls_context *c, const uint8_t *name, int64_t count) {
    char copy[256];
    if (count <= 0 || count >= (int64_t)sizeof copy) return NULL;
    memcpy(copy, name, (size_t)count);
    copy[count] = 0;
    fc_tls *t = new_session(c);
    if (!t) return NULL;
    SSL_set_connect_state(t->ssl);
    X509_VERIFY_PARAM *verify = SSL_get0_param(t->ssl);
    // An address is proven by an address in the certificate, and is no name for SNI.
    if (X509_VERIFY_PARAM_set1_ip_asc(verify, copy) != 1) {
        ERR_clear_error();
        if (SSL_set_tlsext_host_name(t->ssl, copy) != 1 || SSL_set1_host(t->ssl, copy) != 1) {
            fc_tls_free(t);
            return NULL;
        }
    }
    return t;
}

void fc_tls_free(fc_tls *t) {
    SSL_free(t->ssl);
    free(t->out);
    free(t);
}

static fc_tls_state state_of(fc_tls *t, int result) {
    int error = SSL_get_error(t->ssl, result);
    ERR_clear_error();
    switch (error) {
    case SSL_ERROR_NONE: return FC_TLS_OPEN;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return SSL_is_init_finished(t->ssl) ? FC_TLS_OPEN : FC_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN: return FC_TLS_ENDED;
    default: return FC_TLS_BROKEN;
    }
}

fc_tls_state fc_tls_start(fc_tls *t) {
    ERR_clear_error();
    return state_of(t, SSL_do_handshake(t->ssl));
}

fc_tls_step fc_tls_read(fc_tls *t, const uint8_t *wire, int64_t count, int64_t from, uint8_t *plain,
                        int64_t room) {
    fc_tls_step step = {0, 0, FC_TLS_MORE};
    if (from < 0 || from > count) {
        step.state = FC_TLS_BROKEN;
        return step;
    }
    t->in = wire + from;
    t->in_left = (size_t)(count - from);
    ERR_clear_error();
    for (;;) {
        int want = (int)(room - step.plain > 16384 ? 16384 : room - step.plain);
        if (want == 0) {
            step.state = FC_TLS_OPEN;
            break;
        }
        int n = SSL_read(t->ssl, plain + step.plain, want);
        if (n > 0) {
            step.plain += n;
            continue;
        }
        step.state = state_of(t, n);
        break;
    }
    step.used = count - from - (int64_t)t->in_left;
    t->in = NULL;
    t->in_left = 0;
    return step;
}

bool fc_tls_write(fc_tls *t, const uint8_t *plain, int64_t count) {
    if (!SSL_is_init_finished(t->ssl) || count <= 0 || count > INT32_MAX) return false;
    ERR_clear_error();
    int n = SSL_write(t->ssl, plain, (int)count);
    if (n == count) return true;
    ERR_clear_error();
    return false;
}

void fc_tls_goodbye(fc_tls *t) {
    if (!SSL_is_init_finished(t->ssl)) return;
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}

int64_t fc_tls_output_count(const fc_tls *t) { return (int64_t)t->out_count; }

void fc_tls_take_output(fc_tls *t, uint8_t *output, int64_t room) {
    size_t n = t->out_count < (size_t)room ? t->out_count : (size_t)room;
    memcpy(output, t->out, n);
    free(t->out);
    t->out = NULL;
    t->out_count = t->out_room = 0;
}
