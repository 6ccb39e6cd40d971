#include "crypt/intro_auth.h"

#include <string.h>

#include "base/check.h"

static const char signed_prefix[] = "Tor establish-intro cell v1";

/* rend-spec-v3 0.3: MAC(k, m) is H(length of k in 8 bytes | k | m). */
static void mac_of(const struct crypt_provider *crypt, const uint8_t kh[static NTOR_KH_LEN],
                   struct span message, uint8_t out[static INTRO_MAC_LEN]) {
    static const uint8_t key_length[8] = {[7] = NTOR_KH_LEN};
    const struct span parts[] = {{key_length, sizeof key_length}, {kh, NTOR_KH_LEN}, message};
    crypt->sha3_256(parts, 3, out);
}

/* What is signed: the prefix and the bytes in one piece. Returns its length. */
static size_t signed_text(struct span part, uint8_t *out, size_t room) {
    struct bytes_out text = bytes_out(out, room);
    bytes_put(&text, signed_prefix, sizeof signed_prefix - 1);
    bytes_put(&text, part.data, part.length);
    return bytes_out_ok(&text) ? bytes_written(&text) : 0;
}

#define SIGNED_TEXT_MAX 1024u /* a relay message and the prefix */

bool intro_auth_has_mac(const struct crypt_provider *crypt, const struct establish_intro_message *m,
                        const uint8_t kh[static NTOR_KH_LEN]) {
    uint8_t mac[INTRO_MAC_LEN];
    mac_of(crypt, kh, m->maced, mac);
    return bytes_equal_const_time(mac, m->mac, sizeof mac);
}

bool intro_auth_is_signed(const struct crypt_provider *crypt, const struct establish_intro_message *m) {
    uint8_t text[SIGNED_TEXT_MAX];
    size_t length = signed_text(m->signed_part, text, sizeof text);
    return length > 0 && crypt->ed25519_verify(m->auth_key, (struct span){text, length}, m->signature);
}

size_t intro_auth_write(const struct crypt_provider *crypt, const uint8_t auth_seed[static 32],
                        const uint8_t auth_key[static INTRO_AUTH_KEY_LEN], const struct intro_limit *limit,
                        const uint8_t kh[static NTOR_KH_LEN], uint8_t out[static ESTABLISH_INTRO_LEN_MAX]) {
    struct establish_intro_message m = {.limit = *limit};
    struct bytes_out body = bytes_out(out, ESTABLISH_INTRO_LEN_MAX);
    memcpy(m.auth_key, auth_key, sizeof m.auth_key);
    establish_intro_encode(&body, &m);
    CHECK(bytes_out_ok(&body));
    size_t length = bytes_written(&body);
    mac_of(crypt, kh, (struct span){out, length - INTRO_AFTER_MACED}, out + length - INTRO_AFTER_MACED);
    uint8_t text[SIGNED_TEXT_MAX];
    size_t text_length = signed_text((struct span){out, length - INTRO_AFTER_SIGNED}, text, sizeof text);
    crypt->ed25519_sign(auth_seed, (struct span){text, text_length}, out + length - INTRO_SIG_LEN);
    return length;
}
