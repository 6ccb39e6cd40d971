#include "native/aes_gcm.h"

#include <openssl/evp.h>

#include "support/test.h"

#define LENGTH_MAX ((size_t)16384 + 256)

static uint64_t state_of_random = 1;

static void fill(uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        state_of_random = state_of_random * UINT64_C(6364136223846793005) + 1442695040888963407u;
        bytes[i] = (uint8_t)(state_of_random >> 56);
    }
}

struct case_of {
    uint8_t key[32], nonce[12], aad[16];
    uint8_t in[LENGTH_MAX], ours[LENGTH_MAX + 1], theirs[LENGTH_MAX], tag[16], their_tag[16];
    size_t key_length, aad_length, length;
};

static struct case_of c;
static struct aes_gcm_key key;

static void begin(size_t key_length, size_t aad_length, size_t length) {
    fill(c.key, sizeof c.key);
    fill(c.nonce, sizeof c.nonce);
    fill(c.aad, sizeof c.aad);
    fill(c.in, length);
    c.key_length = key_length;
    c.aad_length = aad_length;
    c.length = length;
    aes_gcm_set_key(&key, c.key, key_length);
}

static void let_openssl_seal(void) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    const EVP_CIPHER *cipher = c.key_length == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
    int n = 0;
    assert_int_equal(EVP_EncryptInit_ex(context, cipher, NULL, c.key, c.nonce), 1);
    if (c.aad_length != 0)
        assert_int_equal(EVP_EncryptUpdate(context, NULL, &n, c.aad, (int)c.aad_length), 1);
    if (c.length != 0)
        assert_int_equal(EVP_EncryptUpdate(context, c.theirs, &n, c.in, (int)c.length), 1);
    assert_int_equal(EVP_EncryptFinal_ex(context, c.theirs + c.length, &n), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, c.their_tag), 1);
    EVP_CIPHER_CTX_free(context);
}

/* Out of place, then in place; not a byte behind the end is written. */
static void check_both_ways(void) {
    let_openssl_seal();
    c.ours[c.length] = 0x5a;
    aes_gcm_seal(&key, c.nonce, c.aad, c.aad_length, c.in, c.ours, c.length, c.tag);
    assert_memory_equal(c.ours, c.theirs, c.length);
    assert_memory_equal(c.tag, c.their_tag, 16);
    memset(c.ours, 0, c.length);
    assert_true(aes_gcm_open(&key, c.nonce, c.aad, c.aad_length, c.theirs, c.ours, c.length, c.tag));
    assert_memory_equal(c.ours, c.in, c.length);
    aes_gcm_seal(&key, c.nonce, c.aad, c.aad_length, c.ours, c.ours, c.length, c.tag);
    assert_memory_equal(c.ours, c.theirs, c.length);
    assert_memory_equal(c.tag, c.their_tag, 16);
    assert_true(aes_gcm_open(&key, c.nonce, c.aad, c.aad_length, c.ours, c.ours, c.length, c.tag));
    assert_memory_equal(c.ours, c.in, c.length);
    assert_int_equal(c.ours[c.length], 0x5a);
}

static void agrees_with_openssl_at_every_length(void **state) {
    (void)state;
    for (size_t length = 0; length <= 1100; length++) { /* two groups and a rest of any length */
        begin(length % 2 ? 16 : 32, length % 17, length);
        check_both_ways();
    }
}

static void agrees_with_openssl_on_records(void **state) {
    static const size_t lengths[] = {1536, 4097, 4113, 8192, 15935, 16384, 16385, 16640};
    (void)state;
    for (unsigned i = 0; i < 2 * COUNT(lengths); i++) {
        begin(i % 2 ? 16 : 32, 5, lengths[i / 2]);
        check_both_ways();
    }
}

/* The counter has 32 bits, and does not go into the nonce. */
static void nonces_of_ones_are_nonces(void **state) {
    (void)state;
    begin(16, 5, 5000);
    memset(c.nonce, 0xff, sizeof c.nonce);
    check_both_ways();
}

/* SP 800-38D's authors, test cases 2 (AES-128) and 14 (AES-256). */
static void known_answers(void **state) {
    static const struct {
        size_t key_length;
        const char *ciphertext, *tag;
    } rows[] = {
        {16, "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"},
        {32, "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    };
    const uint8_t zeros[32] = {0};
    uint8_t out[16], tag[16], expected[16];
    (void)state;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        aes_gcm_set_key(&key, zeros, rows[i].key_length);
        aes_gcm_seal(&key, zeros, NULL, 0, zeros, out, 16, tag);
        test_hex(rows[i].ciphertext, expected, 16);
        assert_memory_equal(out, expected, 16);
        test_hex(rows[i].tag, expected, 16);
        assert_memory_equal(tag, expected, 16);
    }
}

static void whatever_changes_the_tag_is_another(void **state) {
    static const size_t lengths[] = {1, 16, 511, 512, 1030};
    (void)state;
    for (unsigned i = 0; i < COUNT(lengths); i++) {
        begin(32, 5, lengths[i]);
        aes_gcm_seal(&key, c.nonce, c.aad, 5, c.in, c.theirs, c.length, c.tag);
        uint8_t *const places[] = {c.theirs,
                                   c.theirs + c.length - 1,
                                   c.theirs + c.length / 2,
                                   c.aad,
                                   c.aad + 4,
                                   c.nonce,
                                   c.nonce + 11,
                                   c.tag,
                                   c.tag + 15};
        for (unsigned k = 0; k < COUNT(places); k++) {
            *places[k] ^= 0x80;
            assert_false(aes_gcm_open(&key, c.nonce, c.aad, 5, c.theirs, c.ours, c.length, c.tag));
            *places[k] ^= 0x80;
        }
        assert_true(aes_gcm_open(&key, c.nonce, c.aad, 5, c.theirs, c.ours, c.length, c.tag));
        assert_false(aes_gcm_open(&key, c.nonce, c.aad, 4, c.theirs, c.ours, c.length, c.tag));
        assert_false(aes_gcm_open(&key, c.nonce, c.aad, 5, c.theirs, c.ours, c.length - 1, c.tag));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_openssl_at_every_length),
        cmocka_unit_test(agrees_with_openssl_on_records),
        cmocka_unit_test(nonces_of_ones_are_nonces),
        cmocka_unit_test(known_answers),
        cmocka_unit_test(whatever_changes_the_tag_is_another),
    };
    return aes_gcm_can_be_fast() ? cmocka_run_group_tests(tests, NULL, NULL) : TEST_SKIPPED;
}
