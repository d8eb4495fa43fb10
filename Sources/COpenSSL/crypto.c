#include "crypto.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <limits.h>
#include <string.h>

bool fc_hmac_sha256(const uint8_t *key, size_t key_length, const uint8_t *message, size_t length,
                    uint8_t *out) {
    if (key_length > INT_MAX) return false;
    return HMAC(EVP_sha256(), key, (int)key_length, message, length, out, NULL) != NULL;
}

bool fc_equal(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length) {
    return a_length == b_length && CRYPTO_memcmp(a, b, a_length) == 0;
}

// fc_key is OpenSSL's EVP_PKEY under a name of ours; nothing is wrapped.
static EVP_PKEY *unwrap(const fc_key *key) { return (EVP_PKEY *)key; }
static fc_key *wrap(EVP_PKEY *key) {
    ERR_clear_error();
    return (fc_key *)key;
}

fc_key *fc_key_from_pem(const uint8_t *pem, size_t length) {
    if (length > INT_MAX) return NULL;
    EVP_PKEY *key = NULL;
    BIO *input = BIO_new_mem_buf(pem, (int)length);
    if (input != NULL) {
        key = PEM_read_bio_PUBKEY(input, NULL, NULL, NULL);
        BIO_free(input);
    }
    if (key == NULL && (input = BIO_new_mem_buf(pem, (int)length)) != NULL) {
        X509 *certificate = PEM_read_bio_X509(input, NULL, NULL, NULL);
        if (certificate != NULL) key = X509_get_pubkey(certificate);
        X509_free(certificate);
        BIO_free(input);
    }
    return wrap(key);
}

static EVP_PKEY *key_from_parameters(const char *type, OSSL_PARAM_BLD *builder) {
    EVP_PKEY *key = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (parameters != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return key;
}

fc_key *fc_key_rsa(const uint8_t *n, size_t n_length, const uint8_t *e, size_t e_length) {
    // 16,384 bits: beyond, a check takes long enough to be a weapon.
    if (n_length > 2048 || e_length > 8) return NULL;
    EVP_PKEY *key = NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_length, NULL);
    BIGNUM *exponent = BN_bin2bn(e, (int)e_length, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (modulus != NULL && exponent != NULL && builder != NULL &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1) {
        key = key_from_parameters("RSA", builder);
    }
    OSSL_PARAM_BLD_free(builder);
    BN_free(exponent);
    BN_free(modulus);
    return wrap(key);
}

fc_key *fc_key_p256(const uint8_t *x, size_t x_length, const uint8_t *y, size_t y_length) {
    if (x_length != 32 || y_length != 32) return NULL;
    uint8_t point[65] = {4}; // uncompressed
    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    EVP_PKEY *key = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 65) == 1) {
        key = key_from_parameters("EC", builder); // refuses a point that is not on the curve
    }
    OSSL_PARAM_BLD_free(builder);
    return wrap(key);
}

fc_key *fc_key_ed25519(const uint8_t *x, size_t x_length) {
    if (x_length != 32) return NULL;
    return wrap(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, x_length));
}

fc_key_kind fc_key_kind_of(const fc_key *wrapped) {
    EVP_PKEY *key = unwrap(wrapped);
    if (EVP_PKEY_is_a(key, "RSA")) {
        int bits = EVP_PKEY_get_bits(key);
        return bits >= 2048 && bits <= 16384 ? FC_KEY_RSA : FC_KEY_OTHER;
    }
    if (EVP_PKEY_is_a(key, "ED25519")) return FC_KEY_ED25519;
    char group[32] = "";
    if (EVP_PKEY_is_a(key, "EC") &&
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
        strcmp(group, "prime256v1") == 0) {
        return FC_KEY_P256;
    }
    return FC_KEY_OTHER;
}

void fc_key_free(fc_key *key) { EVP_PKEY_free(unwrap(key)); }

static bool verify(EVP_PKEY *key, const EVP_MD *type, const uint8_t *message, size_t length,
                   const uint8_t *signature, size_t signature_length) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = context != NULL &&
                 EVP_DigestVerifyInit(context, NULL, type, NULL, key) == 1 &&
                 EVP_DigestVerify(context, signature, signature_length, message, length) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}

// OpenSSL wants r and s in DER, a JSON Web Signature has them side by side.
static bool verify_p256(EVP_PKEY *key, const uint8_t *message, size_t length,
                        const uint8_t *signature) {
    bool right = false;
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    if (r != NULL && s != NULL && pair != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; // the pair's now
        uint8_t der[80], *end = der;
        int der_length = i2d_ECDSA_SIG(pair, NULL);
        if (der_length > 0 && der_length <= (int)sizeof der &&
            i2d_ECDSA_SIG(pair, &end) == der_length) {
            right = verify(key, EVP_sha256(), message, length, der, (size_t)der_length);
        }
    }
    ECDSA_SIG_free(pair);
    BN_free(s);
    BN_free(r);
    return right;
}

bool fc_verify(const fc_key *wrapped, const uint8_t *message, size_t length,
               const uint8_t *signature, size_t signature_length) {
    EVP_PKEY *key = unwrap(wrapped);
    if (signature_length == 0) return false;
    switch (fc_key_kind_of(wrapped)) {
    case FC_KEY_RSA:
        return verify(key, EVP_sha256(), message, length, signature, signature_length);
    case FC_KEY_P256:
        return signature_length == 64 && verify_p256(key, message, length, signature);
    case FC_KEY_ED25519:
        return verify(key, NULL, message, length, signature, signature_length);
    case FC_KEY_OTHER:
        break;
    }
    return false;
}
