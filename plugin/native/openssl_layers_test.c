/* Known answers for relay layers, computed in Python with `cryptography` (AES-128-CTR, IV 0) and hashlib (SHA-1 seeded
 * with the digest key): three cells sealed with bytes 00..0f as cipher key and 20..33 as digest key. What both
 * providers have in common is in crypt/provider_test.c. */
#include "native/openssl_layers.h"

#include <stdalign.h>

#include "crypt/provider.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/relay_cell.h"

struct known_cell {
    const char *tag, *first_16, *last_16, *sha1;
};
static const struct known_cell known[] = {
    {"ff81fe4ce7c04f68bbb854a3cf7ffd0d6ccee586", "c4a13b378070da7c234e7362a6c6cd65",
     "62c9050df61941003cda5f6f7a762917", "a70afd692daf3886e3da04fca1726a4ddee57002"},
    {"441eee93cbf30c8c7d9d7c5dafcde1cad44a1c6d", "b04252645120003ad79482e3b31cfc48",
     "c9a8907db1c7472cb57ed69a86bf635c", "20d28d4ed65e68481dde433966039bd969655cac"},
    {"e66a401f26df81d4f1af8e382b28c8b68531785d", "66ae721b32d3fab721537068f93af9a4",
     "6098d57c13ad7e46d55f4660c81baa0d", "95009a42ba782d89f20661d779a89e7f666e9694"},
};

static void assert_hex(const uint8_t *bytes, const char *hex) {
    uint8_t expected[64];
    size_t length = test_hex(hex, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, length);
}

/* DATA on stream 7, 498 bytes, as the script made it. */
static void body_fill(uint8_t *body, unsigned n) {
    static const uint8_t header[RELAY_HEADER_LEN] = {2, 0, 0, 0, 7, 0, 0, 0, 0, 1, 0xf2};
    memcpy(body, header, sizeof(header));
    for (unsigned i = 0; i < RELAY_DATA_MAX; i++)
        body[sizeof(header) + i] = (uint8_t)(i * 7 + n);
}

static void layer_open(void *layer) {
    struct layer_keys keys = {.kind = LAYER_TOR1};
    for (unsigned i = 0; i < sizeof(keys.cipher); i++)
        keys.cipher[i] = (uint8_t)i;
    for (unsigned i = 0; i < sizeof(keys.digest); i++)
        keys.digest[i] = (uint8_t)(0x20 + i);
    openssl_provider()->layer_init(layer, LAYER_ORIGIN_FORWARD, &keys);
}

static void test_known_cells(void **state) {
    (void)state;
    const struct crypt_provider *crypt = openssl_provider();
    alignas(16) uint8_t layer[OPENSSL_TOR1_SIZE];
    struct work work = {0};
    layer_open(layer);
    for (unsigned i = 0; i < COUNT(known); i++) {
        uint8_t body[CELL_BODY_LEN], cell[CELL_BODY_LEN], tag[SHA1_LEN], sha1[SHA1_LEN];
        body_fill(body, i);
        crypt->layer_originate(layer, &(struct crypt_cell){.from = body, .to = cell}, &work);
        crypt->layer_tag(layer, tag);
        assert_hex(tag, known[i].tag);
        assert_hex(cell, known[i].first_16);
        assert_hex(cell + CELL_BODY_LEN - 16, known[i].last_16);
        crypt->sha1(&(struct span){cell, sizeof(cell)}, 1, sha1);
        assert_hex(sha1, known[i].sha1);
    }
    openssl_layer_fini(layer);
}

/* A digest that fits in 3 bytes of 4 is someone else's cell. */
static void test_each_digest_byte_counts(void **state) {
    (void)state;
    alignas(16) uint8_t sender[OPENSSL_TOR1_SIZE], receiver[OPENSSL_TOR1_SIZE];
    struct work work = {0};
    layer_open(sender);
    layer_open(receiver);
    uint8_t body[CELL_BODY_LEN];
    body_fill(body, 0);
    struct crypt_cell cell = {.from = body, .to = body};
    openssl_layer_originate(sender, &cell, &work);
    openssl_layer_crypt(receiver, &cell, 1, &work);
    for (unsigned i = 0; i < CELL_BODY_LEN; i++) {
        body[i] ^= 0x10;
        assert_false(openssl_layer_recognize(receiver, &cell, &work));
        body[i] ^= 0x10;
    }
    assert_true(openssl_layer_recognize(receiver, &cell, &work));
    openssl_layer_fini(sender);
    openssl_layer_fini(receiver);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_cells),
        cmocka_unit_test(test_each_digest_byte_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
