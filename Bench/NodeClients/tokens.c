// Tokens of the clients, each with a name of its own, signed here (RFC 7515, 7518).
#include "clients.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct signer {
    EVP_PKEY *key;
    unsigned char secret[256];
    int secret_count;
};

struct signer *new_signer(const char *path) {
    struct signer *signer = calloc(1, sizeof *signer);
    FILE *file = fopen(path, "r");
    if (!file) fail("no %s", path);
    signer->secret_count = (int)fread(signer->secret, 1, sizeof signer->secret, file);
    if (signer->secret[0] == '-') {
        rewind(file);
        signer->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        if (!signer->key) fail("no key in %s", path);
    }
    fclose(file);
    return signer;
}

static size_t base64url(char *to, const unsigned char *bytes, size_t count) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = 0;
    for (size_t i = 0; i < count; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < count) three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < count) three |= bytes[i + 2];
        for (size_t j = 0; j < (count - i < 3 ? count - i + 1 : 4); j++)
            to[at++] = digits[three >> (18 - 6 * j) & 63];
    }
    to[at] = 0;
    return at;
}

// The two numbers of an ECDSA signature, 32 bytes each, out of their DER.
static void plain_signature(const unsigned char *der, size_t count, unsigned char plain[64]) {
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)count);
    if (!signature) fail("a signature that is none");
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), plain, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), plain + 32, 32);
    ECDSA_SIG_free(signature);
}

char *new_token(struct signer *signer, const char *subject) {
    char head[40], claims[300], token[1024];
    const char *algorithm = signer->key ? "ES256" : "HS256";
    snprintf(head, sizeof head, "{\"alg\":\"%s\",\"typ\":\"JWT\"}", algorithm);
    snprintf(
        claims, sizeof claims,
        "{\"sub\":\"%s\",\"tenant\":\"main\",\"exp\":%ld,"
        "\"topics\":[{\"pattern\":\"**\",\"read\":true,\"write\":true}]}",
        subject, (long)time(NULL) + 3600);
    size_t count = base64url(token, (unsigned char *)head, strlen(head));
    token[count++] = '.';
    count += base64url(token + count, (unsigned char *)claims, strlen(claims));
    unsigned char signature[200];
    size_t length = sizeof signature;
    if (signer->key) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        unsigned char der[200];
        if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, signer->key) != 1 ||
            EVP_DigestSign(context, der, &length, (unsigned char *)token, count) != 1)
            fail("a token cannot be signed");
        EVP_MD_CTX_free(context);
        plain_signature(der, length, signature);
        length = 64;
    } else {
        unsigned some = 0;
        // What stands around a secret in its file is no part of it.
        int secret = signer->secret_count;
        while (secret > 0 && strchr(" \r\n\t", signer->secret[secret - 1])) secret--;
        HMAC(EVP_sha256(), signer->secret, secret, (unsigned char *)token, count, signature, &some);
        length = some;
    }
    token[count++] = '.';
    base64url(token + count, signature, length);
    return strdup(token);
}
