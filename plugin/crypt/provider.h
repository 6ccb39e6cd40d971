/* provider - the vtable behind which all cryptography lies: OpenSSL natively, symbols in the engine.
 *
 * Two levels. Primitives (hash, curve, signature) serve the link handshake, ntor and certificates. Relay layers work
 * on whole runs of cells of one circuit at a time, so that a provider may batch, prefetch and vectorise.
 * Thread: a provider's functions are called from every thread at once, on different objects.
 * Memory: a layer is an object of layer_size[kind] bytes (16-aligned), placed by the caller; it may be moved by memcpy only
 * between layer_fini and layer_init. context is the provider's own and is passed to the functions that draw or sign. */
#ifndef LOOM_CRYPT_PROVIDER_H
#define LOOM_CRYPT_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/work.h"
#include "wire/relay_cell.h"

#define SHA1_LEN              20u
#define SHA256_LEN            32u
#define SHA3_256_LEN          32u
#define AES256_KEY_LEN        32u
#define X25519_LEN            32u
#define ED25519_SIGNATURE_LEN 64u

/* One cell of a run: 509 bytes at from are read, 509 bytes at to are written; from == to is in place. CGO ciphers depend
 * on the cell command (RELAY or RELAY_EARLY). In a receiving role layer_crypt says in is_ours which cells may be for us;
 * it belongs to the provider until layer_recognize. */
struct crypt_cell {
    const uint8_t *from;
    uint8_t *to;
    uint8_t command; /* enum cell_command */
    bool is_ours;
};

/* The relay cryptography of a hop: both directions have the same. */
enum layer_kind {
    LAYER_TOR1 = 0, /* AES-128-CTR and a running SHA-1: tor-spec 5.5, 6.1; messages in V0 */
    LAYER_CGO = 1,  /* counter galois onion: proposal 359; messages in V1 */
};
#define LAYER_KINDS 2u

/* What a layer is for. Who receives with it recognizes cells: relays what comes from the origin, the origin what comes
 * from relays. Relays put CGO layers on in both directions, the origin takes them off in both. */
enum layer_role { LAYER_RELAY_FORWARD, LAYER_RELAY_BACKWARD, LAYER_ORIGIN_FORWARD, LAYER_ORIGIN_BACKWARD };

#define CGO_KEYS_LEN 80u /* of one direction: J (AES-128, POLYVAL), S (the same), nonce */
#define TAG_LEN_MAX  SHA1_LEN
#define TAG_LEN_TOR1 SHA1_LEN
#define TAG_LEN_CGO  RELAY_V1_TAG_LEN

/* Keys of one hop in one direction. */
struct layer_keys {
    enum layer_kind kind;
    union {
        struct {
            uint8_t cipher[16];       /* AES-128 key, */
            uint8_t digest[SHA1_LEN]; /* and seed of the digest (tor-spec 5.2) */
        };
        uint8_t cgo[CGO_KEYS_LEN];
    };
};

static inline enum relay_format layer_format(enum layer_kind kind) {
    return kind == LAYER_CGO ? RELAY_V1 : RELAY_V0;
}
/* Of the tags that SENDMEs show. */
static inline uint8_t layer_tag_length(enum layer_kind kind) {
    return kind == LAYER_CGO ? TAG_LEN_CGO : TAG_LEN_TOR1;
}

struct crypt_provider {
    void *context;
    const char *name;

    /* Secret randomness. */
    void (*random)(void *context, void *out, size_t length);
    /* What follows a message in its cell (tor-spec 6.1): as random, for whoever must not foresee it. */
    void (*padding)(void *context, void *out, size_t length);

    void (*sha1)(const struct span *parts, size_t count, uint8_t out[static SHA1_LEN]);
    void (*sha256)(const struct span *parts, size_t count, uint8_t out[static SHA256_LEN]);
    void (*hmac_sha256)(struct span key, const struct span *parts, size_t count,
                        uint8_t out[static SHA256_LEN]);
    void (*sha3_256)(const struct span *parts, size_t count, uint8_t out[static SHA3_256_LEN]);
    /* The first length bytes that SHAKE-256 gives for the parts. */
    void (*shake256)(const struct span *parts, size_t count, uint8_t *out, size_t length);
    /* AES-256 in counter mode from a counter of zero, in place; its own inverse. Only for keys that are used once. */
    void (*aes256_ctr)(const uint8_t key[static AES256_KEY_LEN], uint8_t *bytes, size_t length);

    void (*x25519_keypair)(void *context, uint8_t secret_out[static 32], uint8_t public_out[static 32]);
    /* False when the result is all zero. */
    bool (*x25519)(const uint8_t secret[static 32], const uint8_t public[static 32], uint8_t out[static 32]);
    /* Both of these with a key that serves once: its public half, and what it shares with theirs. False when that is all
     * zero. */
    bool (*x25519_exchange)(void *context, const uint8_t theirs[static 32], uint8_t public_out[static 32],
                            uint8_t shared_out[static 32]);

    void (*ed25519_sign)(const uint8_t secret_seed[static 32], struct span message, uint8_t out[static 64]);
    bool (*ed25519_verify)(const uint8_t public[static 32], struct span message,
                           const uint8_t signature[static 64]);

    /* The RSA public key in a self-signed X509 certificate of 1024 bits with exponent 65537, valid at now_s and signed by
     * itself: its PKCS#1 DER goes to key_out (room *length_out). ERR_MALFORMED, ERR_EXPIRED, ERR_BAD_SIGNATURE. */
    enum err (*x509_rsa_identity)(struct span certificate, uint64_t now_s, uint8_t *key_out,
                                  size_t *length_in_out);
    /* PKCS#1 v1.5 without DigestInfo: the raw digest is what is padded. rsa_key is PKCS#1 DER. */
    bool (*rsa_verify_raw)(struct span rsa_key, struct span digest, struct span signature);

    /* Running SHA-256 for handshake transcripts; state of transcript_size bytes, copied by memcpy to peek. */
    size_t transcript_size;
    void (*transcript_init)(void *state);
    void (*transcript_add)(void *state, struct span bytes);
    void (*transcript_digest)(const void *state, uint8_t out[static SHA256_LEN]);

    /* Relay layers. One layer = one hop, one direction, one role; an object of layer_size[kind] bytes. */
    size_t layer_size[LAYER_KINDS];
    void (*layer_init)(void *layer, enum layer_role role, const struct layer_keys *keys);
    void (*layer_fini)(void *layer);
    /* A hop has one layer for each direction; at a relay they lie together in one object of layer_pair_size[kind] bytes, best at
     * the start of a cache line, where forward is. Roles are the relay's; each layer is for itself otherwise. The whole object may
     * be moved by memcpy; what it leaves behind is wiped, not finished. */
    size_t layer_pair_size[LAYER_KINDS];
    void (*layer_pair_init)(void *pair, const struct layer_keys *forward, const struct layer_keys *backward,
                            void **backward_out);
    /* Take n cells through the layer, and count the work. */
    void (*layer_crypt)(void *layer, struct crypt_cell *cells, size_t n, struct work *work);
    /* In a receiving role: is this cell, which layer_crypt has marked with is_ours, for us? Asked once of each that is so
     * marked, in their order and before the next run; the others are not for us, and need not be asked. */
    bool (*layer_recognize)(void *layer, const struct crypt_cell *cell, struct work *work);
    /* In a sending role: cell is a message of ours, in the clear and encoded in the format of the kind. Seal it and take it
     * through this layer. */
    void (*layer_originate)(void *layer, struct crypt_cell *cell, struct work *work);
    /* Tag of the cell last recognized or originated: what a SENDME of version 1 echoes. layer_tag_length bytes of out are
     * filled, the others zero. */
    void (*layer_tag)(const void *layer, uint8_t out[static TAG_LEN_MAX]);
    /* Bring the layer into the cache before layer_crypt; may be a no-op. */
    void (*layer_prefetch)(const void *layer);
};

/* Room for a layer of any kind. */
static inline size_t layer_size_max(const struct crypt_provider *crypt) {
    size_t tor1 = crypt->layer_size[LAYER_TOR1], cgo = crypt->layer_size[LAYER_CGO];
    return tor1 > cgo ? tor1 : cgo;
}

#endif
