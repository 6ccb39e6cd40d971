#include "crypt/symbolic.h"

#include <assert.h>
#include <string.h>

#include "base/check.h"
#include "crypt/symbolic_layers.h"
#include "crypt/symbolic_mix.h"

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

/* Hashes: one word of state that swallows eight bytes at a time, wherever the parts begin and end. */

struct hash {
    uint64_t state;
    uint64_t length;
    uint8_t pending[8];
};

enum purpose {
    SHA1 = 1,
    SHA256,
    HMAC,
    ED25519_PUBLIC,
    ED25519_SIGNATURE,
    RSA_SIGNATURE,
    X509,
    SHA3,
    SHAKE,
    AES256
};

static struct hash hash_init(enum purpose purpose) {
    return (struct hash){.state = symbolic_mix((uint64_t)purpose * SYMBOLIC_STEP)};
}

static void hash_swallow(struct hash *hash, const uint8_t word[static 8]) {
    hash->state = symbolic_mix(hash->state ^ symbolic_load(word)) + SYMBOLIC_STEP;
}

static void hash_add(struct hash *hash, struct span bytes) {
    const uint8_t *next = bytes.data;
    size_t left = bytes.length;
    while (left > 0) {
        size_t taken = 1;
        if (hash->length % 8 == 0 && left >= 8) {
            hash_swallow(hash, next);
            taken = 8;
        } else {
            hash->pending[hash->length % 8] = *next;
            if (hash->length % 8 == 7)
                hash_swallow(hash, hash->pending);
        }
        hash->length += taken;
        next += taken;
        left -= taken;
    }
}

static void hash_finish(const struct hash *hash, uint8_t *out, size_t length) {
    uint8_t last[8] = {0};
    memcpy(last, hash->pending, hash->length % 8);
    uint64_t state = symbolic_mix(symbolic_mix(hash->state ^ symbolic_load(last)) ^ hash->length);
    for (size_t i = 0; i < length; i += 8) {
        uint8_t word[8];
        state += SYMBOLIC_STEP;
        symbolic_store(word, symbolic_mix(state));
        memcpy(out + i, word, length - i < 8 ? length - i : 8);
    }
}

static void hash_parts(enum purpose purpose, const struct span *parts, size_t count, uint8_t *out,
                       size_t length) {
    struct hash hash = hash_init(purpose);
    for (size_t i = 0; i < count; i++)
        hash_add(&hash, parts[i]);
    hash_finish(&hash, out, length);
}

static void sha1(const struct span *parts, size_t count, uint8_t out[static SHA1_LEN]) {
    hash_parts(SHA1, parts, count, out, SHA1_LEN);
}

static void sha256(const struct span *parts, size_t count, uint8_t out[static SHA256_LEN]) {
    hash_parts(SHA256, parts, count, out, SHA256_LEN);
}

static void hmac_sha256(struct span key, const struct span *parts, size_t count,
                        uint8_t out[static SHA256_LEN]) {
    struct hash hash = hash_init(HMAC);
    hash_add(&hash, key);
    hash.state = symbolic_mix(hash.state ^ key.length); /* key and message do not run into each other */
    for (size_t i = 0; i < count; i++)
        hash_add(&hash, parts[i]);
    hash_finish(&hash, out, SHA256_LEN);
}

static void sha3_256(const struct span *parts, size_t count, uint8_t out[static SHA3_256_LEN]) {
    hash_parts(SHA3, parts, count, out, SHA3_256_LEN);
}

static void shake256(const struct span *parts, size_t count, uint8_t *out, size_t length) {
    hash_parts(SHAKE, parts, count, out, length);
}

static void aes256_ctr(const uint8_t key[static AES256_KEY_LEN], uint8_t *bytes, size_t length) {
    struct hash stream = hash_init(AES256);
    uint8_t word[8];
    hash_add(&stream, span_of(key, AES256_KEY_LEN));
    for (size_t i = 0; i < length; i++) {
        if (i % 8 == 0)
            symbolic_store(word, symbolic_mix(stream.state += SYMBOLIC_STEP));
        bytes[i] ^= word[i % 8];
    }
}

static void random_bytes(void *context, void *out, size_t length) {
    struct symbolic *symbolic = context;
    rng_fill(&symbolic->rng, out, length);
}

static void no_padding(void *context, void *out, size_t length) {
    struct symbolic *symbolic = context;
    rng_skip(&symbolic->rng, length);
    memset(out, 0, length);
}

/* Curve: four words, each a multiplication by an odd number mod 2^64, which commutes as scalars do. */

static void multiply(const uint8_t secret[static 32], const uint8_t point[static 32],
                     uint8_t out[static 32]) {
    for (size_t i = 0; i < 32; i += 8)
        symbolic_store(out + i, (symbolic_load(secret + i) | 1) * symbolic_load(point + i));
}

void symbolic_x25519_public(const uint8_t secret[static 32], uint8_t public_out[static 32]) {
    uint8_t base[32];
    for (size_t i = 0; i < 32; i += 8)
        symbolic_store(base + i, SYMBOLIC_STEP);
    multiply(secret, base, public_out);
}

static void x25519_keypair(void *context, uint8_t secret_out[static 32], uint8_t public_out[static 32]) {
    random_bytes(context, secret_out, 32);
    symbolic_x25519_public(secret_out, public_out);
}

static bool x25519(const uint8_t secret[static 32], const uint8_t public[static 32], uint8_t out[static 32]) {
    static const uint8_t zeros[32];
    multiply(secret, public, out);
    return memcmp(out, zeros, sizeof(zeros)) != 0;
}

static bool x25519_exchange(void *context, const uint8_t theirs[static 32], uint8_t public_out[static 32],
                            uint8_t shared_out[static 32]) {
    uint8_t secret[32];
    x25519_keypair(context, secret, public_out);
    return x25519(secret, theirs, shared_out);
}

/* Signatures: a hash of the public key and the message. */

void symbolic_ed25519_public(const uint8_t seed[static 32], uint8_t public_out[static 32]) {
    const struct span part = span_of(seed, 32);
    hash_parts(ED25519_PUBLIC, &part, 1, public_out, 32);
}

static void ed25519_signature(const uint8_t public[static 32], struct span message, uint8_t out[static 64]) {
    const struct span parts[] = {span_of(public, 32), message};
    hash_parts(ED25519_SIGNATURE, parts, 2, out, ED25519_SIGNATURE_LEN);
}

static void ed25519_sign(const uint8_t seed[static 32], struct span message, uint8_t out[static 64]) {
    uint8_t public[32];
    symbolic_ed25519_public(seed, public);
    ed25519_signature(public, message, out);
}

static bool ed25519_verify(const uint8_t public[static 32], struct span message,
                           const uint8_t signature[static 64]) {
    uint8_t expected[ED25519_SIGNATURE_LEN];
    ed25519_signature(public, message, expected);
    return memcmp(expected, signature, sizeof(expected)) == 0;
}

void symbolic_rsa_sign_raw(struct span rsa_key, struct span digest,
                           uint8_t out[static SYMBOLIC_RSA_SIGNATURE_LEN]) {
    const struct span parts[] = {rsa_key, digest};
    hash_parts(RSA_SIGNATURE, parts, 2, out, SYMBOLIC_RSA_SIGNATURE_LEN);
}

static bool rsa_verify_raw(struct span rsa_key, struct span digest, struct span signature) {
    uint8_t expected[SYMBOLIC_RSA_SIGNATURE_LEN];
    symbolic_rsa_sign_raw(rsa_key, digest, expected);
    return signature.length == sizeof(expected) && memcmp(expected, signature.data, sizeof(expected)) == 0;
}

/* Certificate: magic(4) not_before(8) not_after(8) length(2) key zeros, and a signature over all that. Its length is that
 * of a real one, so that links open in the same time with either. */

static const uint8_t x509_magic[4] = {'S', 'Y', 'M', 'X'};
#define X509_KEY_MAX 160u /* RSA_IDENTITY_DER_MAX */
#define X509_FRAME   (4u + 8u + 8u + 2u + SYMBOLIC_RSA_SIGNATURE_LEN)
static_assert(X509_FRAME + X509_KEY_MAX <= SYMBOLIC_X509_LEN, "room");

static void x509_signature(struct span signed_part, struct span rsa_key, uint8_t *out) {
    const struct span parts[] = {rsa_key, signed_part};
    hash_parts(X509, parts, 2, out, SYMBOLIC_RSA_SIGNATURE_LEN);
}

size_t symbolic_x509_make(struct span rsa_key, uint64_t not_before_s, uint64_t not_after_s,
                          uint8_t out[static SYMBOLIC_X509_LEN]) {
    CHECK(rsa_key.length > 0 && rsa_key.length <= X509_KEY_MAX);
    size_t zeros = SYMBOLIC_X509_LEN - X509_FRAME - rsa_key.length;
    struct bytes_out writer = bytes_out(out, SYMBOLIC_X509_LEN);
    bytes_put(&writer, x509_magic, sizeof(x509_magic));
    bytes_put_u64(&writer, not_before_s);
    bytes_put_u64(&writer, not_after_s);
    bytes_put_u16(&writer, (uint16_t)rsa_key.length);
    bytes_put(&writer, rsa_key.data, rsa_key.length);
    memset(bytes_reserve(&writer, zeros), 0, zeros);
    const struct span signed_part = span_of(out, bytes_written(&writer));
    x509_signature(signed_part, rsa_key, bytes_reserve(&writer, SYMBOLIC_RSA_SIGNATURE_LEN));
    return bytes_written(&writer);
}

static enum err x509_rsa_identity(struct span certificate, uint64_t now_s, uint8_t *key_out,
                                  size_t *length_in_out) {
    struct bytes_in in = bytes_in(certificate.data, certificate.length);
    const uint8_t *magic = bytes_take(&in, sizeof(x509_magic));
    uint64_t not_before_s = bytes_u64(&in);
    uint64_t not_after_s = bytes_u64(&in);
    struct span key = bytes_span(&in, bytes_u16(&in));
    if (key.length <= X509_KEY_MAX)
        bytes_take(&in, SYMBOLIC_X509_LEN - X509_FRAME - key.length);
    const struct span signed_part = span_of(certificate.data, certificate.length - bytes_left(&in));
    const uint8_t *signature = bytes_take(&in, SYMBOLIC_RSA_SIGNATURE_LEN);
    if (!bytes_done(&in) || memcmp(magic, x509_magic, sizeof(x509_magic)) != 0 || key.length == 0 ||
        key.length > *length_in_out)
        return ERR_MALFORMED;
    if (now_s < not_before_s || now_s > not_after_s)
        return ERR_EXPIRED;
    uint8_t expected[SYMBOLIC_RSA_SIGNATURE_LEN];
    x509_signature(signed_part, key, expected);
    if (memcmp(expected, signature, sizeof(expected)) != 0)
        return ERR_BAD_SIGNATURE;
    memcpy(key_out, key.data, key.length);
    *length_in_out = key.length;
    return ERR_OK;
}

static void transcript_init(void *state) {
    *(struct hash *)state = hash_init(SHA256);
}

static void transcript_add(void *state, struct span bytes) {
    hash_add(state, bytes);
}

static void transcript_digest(const void *state, uint8_t out[static SHA256_LEN]) {
    hash_finish(state, out, SHA256_LEN);
}

static const struct crypt_provider symbolic_functions = {
    .name = "symbolic",
    .random = random_bytes,
    .padding = random_bytes,
    .sha1 = sha1,
    .sha256 = sha256,
    .hmac_sha256 = hmac_sha256,
    .sha3_256 = sha3_256,
    .shake256 = shake256,
    .aes256_ctr = aes256_ctr,
    .x25519_keypair = x25519_keypair,
    .x25519 = x25519,
    .x25519_exchange = x25519_exchange,
    .ed25519_sign = ed25519_sign,
    .ed25519_verify = ed25519_verify,
    .x509_rsa_identity = x509_rsa_identity,
    .rsa_verify_raw = rsa_verify_raw,
    .transcript_size = sizeof(struct hash),
    .transcript_init = transcript_init,
    .transcript_add = transcript_add,
    .transcript_digest = transcript_digest,
    .layer_size = {SYMBOLIC_TOR1_SIZE, SYMBOLIC_CGO_SIZE},
    .layer_pair_size = {SYMBOLIC_TOR1_PAIR, SYMBOLIC_CGO_PAIR},
    .layer_pair_init = symbolic_layer_pair_init,
    .layer_init = symbolic_layer_init,
    .layer_fini = symbolic_layer_fini,
    .layer_crypt = symbolic_layer_crypt,
    .layer_recognize = symbolic_layer_recognize,
    .layer_originate = symbolic_layer_originate,
    .layer_tag = symbolic_layer_tag,
    .layer_prefetch = symbolic_layer_prefetch,
};

const struct crypt_provider *symbolic_provider(struct symbolic *symbolic, uint64_t seed) {
    symbolic->provider = symbolic_functions;
    symbolic->provider.context = symbolic;
    rng_seed(&symbolic->rng, seed);
    return &symbolic->provider;
}

void symbolic_pad_with_zeros(struct symbolic *symbolic) {
    symbolic->provider.padding = no_padding;
}
