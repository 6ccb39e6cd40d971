#include "limit/limit_keys.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"

#define RANDOM_DIGITS 64u /* of the client's random, between label and secret */
#define INFO_MAX      32u

static int digit_of(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_hex(const char *text, struct limit_secret *out) {
    size_t length = strlen(text) / 2;
    if (length > LIMIT_SECRET_MAX || strlen(text) % 2 != 0)
        return false;
    for (size_t i = 0; i < length; i++) {
        int high = digit_of(text[2 * i]), low = digit_of(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    out->length = (uint32_t)length;
    return true;
}

static void take_labelled(const char *line, const char *label, struct limit_secret *out) {
    size_t skipped = strlen(label) + RANDOM_DIGITS + 1;
    if (strncmp(line, label, strlen(label)) == 0 && strlen(line) > skipped)
        CHECK(read_hex(line + skipped, out));
}

void limit_secrets_take(struct limit_secrets *secrets, const char *line) {
    take_labelled(line, "CLIENT_TRAFFIC_SECRET_0 ", &secrets->of_client);
    take_labelled(line, "SERVER_TRAFFIC_SECRET_0 ", &secrets->of_server);
}

bool limit_secrets_complete(const struct limit_secrets *secrets) {
    return secrets->of_client.length > 0 && secrets->of_server.length > 0;
}

/* RFC 8446 7.1, HKDF-Expand-Label with an empty context. What is asked for fits one block of HMAC. */
static void expand(const struct limit_secret *secret, const char *label, size_t length, uint8_t *out) {
    uint8_t info[INFO_MAX], block[EVP_MAX_MD_SIZE];
    struct bytes_out bytes = bytes_out(info, sizeof info);
    const EVP_MD *hash = secret->length == 48 ? EVP_sha384() : EVP_sha256();
    bytes_put_u16(&bytes, (uint16_t)length);
    bytes_put_u8(&bytes, (uint8_t)(strlen("tls13 ") + strlen(label)));
    bytes_put(&bytes, "tls13 ", strlen("tls13 "));
    bytes_put(&bytes, label, strlen(label));
    bytes_put_u8(&bytes, 0);
    bytes_put_u8(&bytes, 1); /* RFC 5869 2.3: the number of the block */
    CHECK(bytes_out_ok(&bytes) && length <= secret->length);
    CHECK(HMAC(hash, secret->bytes, (int)secret->length, info, bytes_written(&bytes), block, NULL) != NULL);
    memcpy(out, block, length);
}

void limit_traffic_key_make(const struct limit_secret *secret, size_t key_length,
                            struct limit_traffic_key *out) {
    CHECK(key_length <= LIMIT_KEY_MAX);
    expand(secret, "key", key_length, out->key);
    expand(secret, "iv", LIMIT_IV_LEN, out->iv);
}
