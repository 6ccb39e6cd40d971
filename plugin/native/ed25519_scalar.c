/* Ed25519 with a bare scalar, from what OpenSSL 3.0 offers: X25519, Ed25519 verification and big numbers.
 *
 * X25519 gives the Montgomery u of a*B in constant time; y = (u - 1) / (u + 1) is the Edwards point but for the sign
 * of its x. The two unknown signs, of the public key A = a*B and of the nonce's R = r*B, are found by trying: of four
 * candidates exactly one verifies.
 *
 * What a side channel could see. a and r go through X25519 (constant time) and through S = h*a +- r mod L, which BIGNUM
 * computes in a time that may vary a little with the values: some microseconds, in a process that does this a few
 * times a month at moments that no peer chooses, under a fresh random r each time, so that nothing can be averaged.
 * Verification and the conversion to y see public values only. Candidates that do not verify would reveal a next to the
 * one that does: they stay on this stack and are wiped.
 *
 * The nonce. r is 8k with 2^251 <= k < 2^252 after X25519's clamping. The sign bit that we write for R is drawn at
 * random, so it stands for r or -r with equal chance; 8k and -8k together cover the residues mod L evenly but for
 * 2^-126, so no bias adds up over many signatures. */
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/openssl_keys.h"
#include "native/openssl_provider.h"

/* RFC 8032, section 5.1: the field is mod 2^255 - 19, the order of B is L. */
static const char field_hex[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
static const char order_hex[] = "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed";

static BIGNUM *number(BN_CTX *numbers) {
    BIGNUM *n = BN_CTX_get(numbers);
    CHECK(n);
    return n;
}

static BIGNUM *number_of_hex(BN_CTX *numbers, const char *hex) {
    BIGNUM *n = number(numbers);
    CHECK(BN_hex2bn(&n, hex) == 64);
    return n;
}

static BIGNUM *number_of_bytes(BN_CTX *numbers, const uint8_t *little_endian, int length) {
    BIGNUM *n = number(numbers);
    CHECK(BN_lebin2bn(little_endian, length, n));
    return n;
}

static BN_CTX *numbers_new(void) {
    BN_CTX *numbers = BN_CTX_secure_new();
    CHECK(numbers);
    BN_CTX_start(numbers);
    return numbers;
}

static void numbers_free(BN_CTX *numbers) {
    BN_CTX_end(numbers);
    BN_CTX_free(numbers); /* clears secrets: its numbers are secure ones */
}

void ed25519_public_of_x25519(const uint8_t x_public[static 32], uint8_t sign_bit,
                              uint8_t ed_public_out[static 32]) {
    uint8_t masked[32];
    memcpy(masked, x_public, sizeof(masked));
    masked[31] &= 0x7f; /* RFC 7748: the top bit is not part of u */
    BN_CTX *numbers = numbers_new();
    BIGNUM *p = number_of_hex(numbers, field_hex);
    BIGNUM *u = number_of_bytes(numbers, masked, 32);
    BIGNUM *below = number(numbers), *above = number(numbers), *y = number(numbers);
    CHECK(BN_mod_sub(below, u, BN_value_one(), p, numbers) &&
          BN_mod_add(above, u, BN_value_one(), p, numbers));
    if (BN_is_zero(above))
        BN_zero(y); /* u = -1 is on the twist: no scalar gives it */
    else
        CHECK(BN_mod_inverse(above, above, p, numbers) && BN_mod_mul(y, below, above, p, numbers));
    CHECK(BN_bn2lebinpad(y, ed_public_out, 32) == 32);
    ed_public_out[31] |= (uint8_t)(sign_bit << 7);
    numbers_free(numbers);
}

/* SHA512 of the three: of R, A and the message it is h, before reduction. */
static void sha512_of(const uint8_t first[static 32], const uint8_t second[static 32], struct span message,
                      uint8_t out[static SHA512_DIGEST_LENGTH]) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    CHECK(hash && EVP_DigestInit_ex(hash, EVP_sha512(), NULL) == 1);
    CHECK(EVP_DigestUpdate(hash, first, 32) == 1 && EVP_DigestUpdate(hash, second, 32) == 1);
    CHECK(EVP_DigestUpdate(hash, message.data, message.length) == 1);
    CHECK(EVP_DigestFinal_ex(hash, out, NULL) == 1);
    EVP_MD_CTX_free(hash);
}

static void clamp(const uint8_t secret[static 32], uint8_t out[static 32]) {
    memcpy(out, secret, 32);
    out[0] &= 0xf8;
    out[31] = (uint8_t)((out[31] & 0x7f) | 0x40);
}

/* S = h * a + r, or h * a - r, mod L. */
static void response(const uint8_t h[static SHA512_DIGEST_LENGTH], const uint8_t a[static 32],
                     const uint8_t r[static 32], bool negate_r, uint8_t s_out[static 32]) {
    BN_CTX *numbers = numbers_new();
    BIGNUM *order = number_of_hex(numbers, order_hex);
    BIGNUM *secret = number_of_bytes(numbers, a, 32), *nonce = number_of_bytes(numbers, r, 32);
    BIGNUM *s = number_of_bytes(numbers, h, SHA512_DIGEST_LENGTH);
    BN_set_flags(secret, BN_FLG_CONSTTIME);
    BN_set_flags(nonce, BN_FLG_CONSTTIME);
    CHECK(BN_mod_mul(s, s, secret, order, numbers));
    CHECK(negate_r ? BN_mod_sub(s, s, nonce, order, numbers) : BN_mod_add(s, s, nonce, order, numbers));
    CHECK(BN_bn2lebinpad(s, s_out, 32) == 32);
    numbers_free(numbers);
}

/* r: fresh randomness, mixed with the secret and the message in case the randomness is poor. */
static void draw_nonce(const uint8_t a[static 32], struct span message, uint8_t r_out[static 32]) {
    uint8_t fresh[32], digest[SHA512_DIGEST_LENGTH];
    CHECK(RAND_priv_bytes(fresh, sizeof(fresh)) == 1);
    sha512_of(fresh, a, message, digest);
    clamp(digest, r_out);
    OPENSSL_cleanse(fresh, sizeof(fresh));
    OPENSSL_cleanse(digest, sizeof(digest));
}

/* With R in signature, set S to the one of two that verifies under ed_public, if either does. */
static bool find_response(const uint8_t a[static 32], const uint8_t r[static 32], struct span message,
                          const uint8_t ed_public[static 32], uint8_t signature[static 64]) {
    uint8_t h[SHA512_DIGEST_LENGTH];
    sha512_of(signature, ed_public, message, h);
    for (int negate = 0; negate <= 1; negate++) {
        response(h, a, r, negate, signature + 32);
        if (openssl_provider()->ed25519_verify(ed_public, message, signature))
            return true;
    }
    OPENSSL_cleanse(signature + 32, 32);
    return false;
}

bool ed25519_sign_with_x25519_secret(const uint8_t x_secret[static 32], struct span message,
                                     uint8_t signature_out[static 64], uint8_t ed_public_out[static 32],
                                     uint8_t *sign_bit_out) {
    uint8_t a[32], r[32], u_of_a[32], u_of_r[32], r_sign;
    bool found = false;
    clamp(x_secret, a);
    draw_nonce(a, message, r);
    CHECK(RAND_priv_bytes(&r_sign, 1) == 1);
    x25519_public_of_secret(a, u_of_a);
    x25519_public_of_secret(r, u_of_r);
    ed25519_public_of_x25519(u_of_r, r_sign & 1, signature_out);
    for (uint8_t sign = 0; sign <= 1 && !found; sign++) {
        *sign_bit_out = sign;
        ed25519_public_of_x25519(u_of_a, sign, ed_public_out);
        found = find_response(a, r, message, ed_public_out, signature_out);
    }
    OPENSSL_cleanse(a, sizeof(a));
    OPENSSL_cleanse(r, sizeof(r));
    return found;
}
