#include "crypt/circuit_keys.h"

#include <string.h>

#define TOR1_CIPHER_LEN 16u

size_t circuit_keys_length(enum layer_kind kind) {
    switch (kind) {
    case LAYER_TOR1: return 2 * (SHA1_LEN + TOR1_CIPHER_LEN) + NTOR_KH_LEN;
    case LAYER_CGO: return 2 * CGO_KEYS_LEN + NTOR_KH_LEN;
    }
    return 0;
}

void circuit_keys_cut(enum layer_kind kind, const uint8_t *stream, struct circuit_keys *out) {
    struct bytes_in in = bytes_in(stream, circuit_keys_length(kind));
    *out = (struct circuit_keys){.forward.kind = kind, .backward.kind = kind};
    switch (kind) {
    case LAYER_TOR1:
        bytes_copy(&in, out->forward.digest, SHA1_LEN);
        bytes_copy(&in, out->backward.digest, SHA1_LEN);
        bytes_copy(&in, out->forward.cipher, TOR1_CIPHER_LEN);
        bytes_copy(&in, out->backward.cipher, TOR1_CIPHER_LEN);
        break;
    case LAYER_CGO:
        bytes_copy(&in, out->forward.cgo, CGO_KEYS_LEN);
        bytes_copy(&in, out->backward.cgo, CGO_KEYS_LEN);
        break;
    }
    bytes_copy(&in, out->kh, NTOR_KH_LEN);
}

void crypt_wipe(void *secret, size_t length) {
    memset(secret, 0, length);
    __asm__ volatile("" : : "r"(secret) : "memory");
}
