#include "native/openssl_layers.h"

#include <assert.h>
#include <string.h>

/* The running digest is copied on each recognised cell: SHA_CTX lies inline and is copied as a struct, which EVP_MD_CTX
 * does not offer. OpenSSL 3.0 marks it deprecated; asking for the 1.1 interface keeps it. */
#define OPENSSL_API_COMPAT 10100
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/check.h"
#include "wire/relay_cell.h"

struct layer {
    EVP_CIPHER_CTX *cipher;
    SHA_CTX digest;        /* over all cells sealed or recognized so far */
    uint8_t tag[SHA1_LEN]; /* its value after the last of them */
};
static_assert(sizeof(struct layer) <= OPENSSL_LAYER_SIZE, "provider.h: layer_size");

/* Written once by openssl_layers_setup(), read by all threads afterwards. */
static EVP_CIPHER *aes_128_ctr;

void openssl_layers_setup(void) {
    aes_128_ctr = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
    CHECK(aes_128_ctr);
}

void openssl_layer_init(void *object, enum layer_role role, const struct layer_keys *keys) {
    static const uint8_t iv[16]; /* tor-spec 5.5: starts at zero */
    struct layer *layer = object;
    (void)role; /* the cipher is its own inverse */
    CHECK(keys->kind == LAYER_TOR1);
    layer->cipher = EVP_CIPHER_CTX_new();
    CHECK(layer->cipher);
    CHECK(EVP_EncryptInit_ex2(layer->cipher, aes_128_ctr, keys->cipher, iv, NULL) == 1);
    CHECK(SHA1_Init(&layer->digest) == 1);
    CHECK(SHA1_Update(&layer->digest, keys->digest, sizeof(keys->digest)) == 1);
    memset(layer->tag, 0, sizeof(layer->tag));
}

void openssl_layer_fini(void *object) {
    struct layer *layer = object;
    EVP_CIPHER_CTX_free(layer->cipher); /* wipes the key */
    OPENSSL_cleanse(layer, sizeof(*layer));
}

void openssl_layer_crypt(void *object, struct crypt_cell *cells, size_t n, struct work *work) {
    struct layer *layer = object;
    for (size_t i = 0; i < n; i++) {
        int written;
        CHECK(EVP_EncryptUpdate(layer->cipher, cells[i].to, &written, cells[i].from, CELL_BODY_LEN) == 1);
        CHECK(written == CELL_BODY_LEN);
    }
    work->aes_bytes += n * CELL_BODY_LEN;
    work->crypt_runs++;
}

/* Running digest and its value after body, whose digest field counts as zero (tor-spec 6.1). */
static SHA_CTX digest_after(const SHA_CTX *before, const uint8_t *body, uint8_t value_out[static SHA1_LEN],
                            struct work *work) {
    static const uint8_t zeros[RELAY_DIGEST_LEN];
    const size_t rest = RELAY_DIGEST_OFFSET + RELAY_DIGEST_LEN;
    SHA_CTX after = *before;
    CHECK(SHA1_Update(&after, body, RELAY_DIGEST_OFFSET) == 1);
    CHECK(SHA1_Update(&after, zeros, sizeof(zeros)) == 1);
    CHECK(SHA1_Update(&after, body + rest, CELL_BODY_LEN - rest) == 1);
    SHA_CTX last = after;
    CHECK(SHA1_Final(value_out, &last) == 1);
    work->digest_bytes += CELL_BODY_LEN;
    return after;
}

bool openssl_layer_recognize(void *object, const struct crypt_cell *cell, struct work *work) {
    const uint8_t *body = cell->to;
    if (load_u16(body + RELAY_RECOGNIZED_OFFSET) != 0)
        return false;
    struct layer *layer = object;
    uint8_t value[SHA1_LEN];
    SHA_CTX after = digest_after(&layer->digest, body, value, work);
    if (!bytes_equal_const_time(value, body + RELAY_DIGEST_OFFSET, RELAY_DIGEST_LEN))
        return false; /* one in 65,536 cells of others: the running digest stays as it was */
    layer->digest = after;
    memcpy(layer->tag, value, sizeof(value));
    return true;
}

void openssl_layer_originate(void *object, struct crypt_cell *cell, struct work *work) {
    struct layer *layer = object;
    uint8_t *body = cell->to;
    if (cell->from != cell->to)
        memcpy(body, cell->from, CELL_BODY_LEN);
    CHECK(load_u16(body + RELAY_RECOGNIZED_OFFSET) == 0);
    layer->digest = digest_after(&layer->digest, body, layer->tag, work);
    memcpy(body + RELAY_DIGEST_OFFSET, layer->tag, RELAY_DIGEST_LEN);
    openssl_layer_crypt(layer, &(struct crypt_cell){.from = body, .to = body}, 1, work);
}

void openssl_layer_tag(const void *object, uint8_t out[static TAG_LEN_MAX]) {
    const struct layer *layer = object;
    memcpy(out, layer->tag, SHA1_LEN);
}

/* The key schedule lies behind OpenSSL's own pointers, out of reach; our part of the way to it halves the wait. */
void openssl_layer_prefetch(const void *object) {
    const struct layer *layer = object;
    __builtin_prefetch(layer);
    __builtin_prefetch((const uint8_t *)object + 64);
}
