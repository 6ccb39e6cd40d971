#include "crypt/create_fast.h"

#include <string.h>

#define KEY_STREAM_LEN 100u /* five digests: 92 bytes are used */

/* KDF-TOR: K0 = X | Y; KH, then Df Db Kf Kb. */
static void derive(const struct crypt_provider *crypt, const uint8_t *x, const uint8_t *y,
                   struct circuit_keys *out) {
    uint8_t stream[KEY_STREAM_LEN], kh_last[KEY_STREAM_LEN];
    for (uint8_t i = 0; i < KEY_STREAM_LEN / SHA1_LEN; i++) {
        const struct span parts[] = {{x, CREATE_FAST_LEN}, {y, CREATE_FAST_LEN}, {&i, 1}};
        crypt->sha1(parts, 3, stream + i * SHA1_LEN);
    }
    size_t keys_length = circuit_keys_length(LAYER_TOR1) - NTOR_KH_LEN;
    memcpy(kh_last, stream + NTOR_KH_LEN, keys_length);
    memcpy(kh_last + keys_length, stream, NTOR_KH_LEN);
    circuit_keys_cut(LAYER_TOR1, kh_last, out);
    crypt_wipe(stream, sizeof(stream));
    crypt_wipe(kh_last, sizeof(kh_last));
}

void create_fast_client_create(const struct crypt_provider *crypt, uint8_t x_out[static CREATE_FAST_LEN]) {
    crypt->random(crypt->context, x_out, CREATE_FAST_LEN);
}

enum err create_fast_client_finish(const struct crypt_provider *crypt,
                                   const uint8_t x[static CREATE_FAST_LEN],
                                   const uint8_t reply[static CREATED_FAST_LEN],
                                   struct circuit_keys *keys_out) {
    derive(crypt, x, reply, keys_out);
    if (bytes_equal_const_time(keys_out->kh, reply + CREATE_FAST_LEN, NTOR_KH_LEN))
        return ERR_OK;
    crypt_wipe(keys_out, sizeof(*keys_out));
    return ERR_BAD_SIGNATURE;
}

void create_fast_server_answer(const struct crypt_provider *crypt, const uint8_t x[static CREATE_FAST_LEN],
                               uint8_t reply_out[static CREATED_FAST_LEN], struct circuit_keys *keys_out) {
    crypt->random(crypt->context, reply_out, CREATE_FAST_LEN);
    derive(crypt, x, reply_out, keys_out);
    memcpy(reply_out + CREATE_FAST_LEN, keys_out->kh, NTOR_KH_LEN);
}
