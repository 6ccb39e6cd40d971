/* ntor: a known exchange, the whole handshake over both providers, and everything that must make it fail.
 *
 * The known values were computed in Python from tor-spec 5.1.4 and 5.2.2 with `cryptography` (X25519, HKDFExpand) and
 * hmac, once as server and once as client: ID = a0..b3, b = 11 * 32, x = 22 * 32, y = 00..1f. */
#include "crypt/ntor.h"

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/ntor_rig.h"
#include "support/test.h"

static const char known_b_public[] = "7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f07f74892cb0f73f13";
static const char known_x_public[] = "0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20";
static const char known_reply[] = "8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"
                                  "d8e5714c3cfe38349a0ba517e8d6376a1f1b3a55b77d4c251d360c01f19674a6";
static const char known_keys[] = "f9428452d0494c91ed419607f261f53743097c37"
                                 "40a0f4936398749c940edbd324c6a3826ed3324a"
                                 "f7951b2acc261b01f070c9114c862a61"
                                 "bd2b3ee8a5ba0ab3a2c2f1ba65fc45bf"
                                 "61239a22e8c9f2588c2b10967b181c043a002ca2";

static struct symbolic symbolic;

static struct span span_of(const void *data, size_t length) {
    return (struct span){data, length};
}

static void assert_known_keys(const struct circuit_keys *keys) {
    uint8_t expected[92];
    assert_int_equal(test_hex(known_keys, expected, sizeof(expected)), sizeof(expected));
    assert_memory_equal(keys->forward.digest, expected, 20);
    assert_memory_equal(keys->backward.digest, expected + 20, 20);
    assert_memory_equal(keys->forward.cipher, expected + 40, 16);
    assert_memory_equal(keys->backward.cipher, expected + 56, 16);
    assert_memory_equal(keys->kh, expected + 72, 20);
}

static void test_known_exchange(void **state) {
    (void)state;
    struct ntor_server_keys server = {.onion_count = 1};
    struct ntor_keypair x, y;
    struct ntor_client_state client;
    struct circuit_keys keys;
    uint8_t onionskin[NTOR_ONIONSKIN_LEN], reply[NTOR_REPLY_LEN], expected[NTOR_REPLY_LEN];
    for (uint8_t i = 0; i < 32; i++) {
        server.rsa_id[i % 20] = (uint8_t)(0xa0 + i % 20);
        server.onion[0].secret[i] = 0x11;
        x.secret[i] = 0x22;
        y.secret[i] = i;
    }
    test_hex(known_b_public, server.onion[0].public, 32);
    test_hex(known_x_public, x.public, 32);
    test_hex(known_reply, expected, sizeof(expected));
    memcpy(y.public, expected, 32);

    struct ntor_rig rig_x = {openssl_provider(), &x}, rig_y = {openssl_provider(), &y};
    struct crypt_provider crypt = ntor_rig_provider(&rig_x);
    ntor_client_create(&crypt, server.rsa_id, server.onion[0].public, &client, onionskin);
    assert_memory_equal(onionskin, server.rsa_id, 20);
    assert_memory_equal(onionskin + 20, server.onion[0].public, 32);
    assert_memory_equal(onionskin + 52, x.public, 32);

    crypt = ntor_rig_provider(&rig_y);
    assert_int_equal(ntor_server_answer(&crypt, &server, span_of(onionskin, sizeof(onionskin)), reply, &keys),
                     ERR_OK);
    assert_memory_equal(reply, expected, sizeof(reply));
    assert_known_keys(&keys);

    memset(&keys, 0, sizeof(keys));
    assert_int_equal(ntor_client_finish(&crypt, &client, span_of(reply, sizeof(reply)), &keys), ERR_OK);
    assert_known_keys(&keys);
}

/* A relay with two onion keys, and a client of it. */
struct pair {
    const struct crypt_provider *crypt;
    struct ntor_server_keys server;
    struct ntor_client_state client;
    uint8_t onionskin[NTOR_ONIONSKIN_LEN];
    uint8_t reply[NTOR_REPLY_LEN];
    struct circuit_keys server_keys, client_keys;
};

static void keypair_draw(const struct crypt_provider *crypt, struct ntor_keypair *out) {
    crypt->x25519_keypair(crypt->context, out->secret, out->public);
}

static void pair_open(struct pair *pair, const struct crypt_provider *crypt, unsigned which_onion_key) {
    *pair = (struct pair){.crypt = crypt, .server = {.onion_count = 2}};
    crypt->random(crypt->context, pair->server.rsa_id, sizeof(pair->server.rsa_id));
    keypair_draw(crypt, &pair->server.onion[0]);
    keypair_draw(crypt, &pair->server.onion[1]);
    keypair_draw(crypt, &pair->server.junk);
    ntor_client_create(crypt, pair->server.rsa_id, pair->server.onion[which_onion_key].public, &pair->client,
                       pair->onionskin);
}

static enum err pair_answer(struct pair *pair, size_t length) {
    return ntor_server_answer(pair->crypt, &pair->server, span_of(pair->onionskin, length), pair->reply,
                              &pair->server_keys);
}

static enum err pair_finish(struct pair *pair, size_t length) {
    return ntor_client_finish(pair->crypt, &pair->client, span_of(pair->reply, length), &pair->client_keys);
}

static void test_both_onion_keys_serve(void **state) {
    for (unsigned which = 0; which < 2; which++) {
        struct pair pair;
        pair_open(&pair, *state, which);
        assert_int_equal(pair_answer(&pair, NTOR_ONIONSKIN_LEN), ERR_OK);
        assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN), ERR_OK);
        assert_memory_equal(&pair.client_keys, &pair.server_keys, sizeof(pair.client_keys));
        assert_memory_not_equal(&pair.client_keys.forward, &pair.client_keys.backward,
                                sizeof(struct layer_keys));
    }
}

/* Each part of the onion skin that may be wrong. X is not authenticated by the server, but by the client's check. */
struct skin_case {
    const char *what;
    size_t flip; /* byte; NTOR_ONIONSKIN_LEN: none */
    size_t length;
    uint8_t onion_count;
    enum err expected;
};
static const struct skin_case skin_cases[] = {
    {"good", NTOR_ONIONSKIN_LEN, NTOR_ONIONSKIN_LEN, 2, ERR_OK},
    {"short", NTOR_ONIONSKIN_LEN, NTOR_ONIONSKIN_LEN - 1, 2, ERR_MALFORMED},
    {"empty", NTOR_ONIONSKIN_LEN, 0, 2, ERR_MALFORMED},
    {"another relay, first byte", 0, NTOR_ONIONSKIN_LEN, 2, ERR_IDENTITY},
    {"another relay, last byte", 19, NTOR_ONIONSKIN_LEN, 2, ERR_IDENTITY},
    {"unknown key, first byte", 20, NTOR_ONIONSKIN_LEN, 2, ERR_IDENTITY},
    {"unknown key, last byte", 51, NTOR_ONIONSKIN_LEN, 2, ERR_IDENTITY},
    {"the previous key after its grace", NTOR_ONIONSKIN_LEN, NTOR_ONIONSKIN_LEN, 1, ERR_IDENTITY},
};

static void test_onionskins(void **state) {
    static const uint8_t zeros[sizeof(struct circuit_keys)];
    for (size_t i = 0; i < COUNT(skin_cases); i++) {
        struct pair pair;
        pair_open(&pair, *state, 1);
        pair.server.onion_count = skin_cases[i].onion_count;
        if (skin_cases[i].flip < NTOR_ONIONSKIN_LEN)
            pair.onionskin[skin_cases[i].flip] ^= 4;
        enum err e = pair_answer(&pair, skin_cases[i].length);
        if (e != skin_cases[i].expected)
            fail_msg("%s: %s", skin_cases[i].what, err_text(e));
        if (e != ERR_OK)
            assert_memory_equal(&pair.server_keys, zeros, sizeof(zeros));
    }
}

static void test_zero_point_is_refused(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0);
    memset(pair.onionskin + 52, 0, 32);
    assert_int_equal(pair_answer(&pair, NTOR_ONIONSKIN_LEN), ERR_BAD_SIGNATURE);
}

static void test_changed_replies_are_refused(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0);
    assert_int_equal(pair_answer(&pair, NTOR_ONIONSKIN_LEN), ERR_OK);
    assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN - 1), ERR_MALFORMED);
    for (size_t i = 0; i < NTOR_REPLY_LEN; i++) {
        pair.reply[i] ^= 4;
        assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN), ERR_BAD_SIGNATURE);
        pair.reply[i] ^= 4;
    }
    uint8_t good[NTOR_REPLY_LEN];
    memcpy(good, pair.reply, sizeof(good));
    memset(pair.reply, 0, 32); /* Y of small order */
    assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN), ERR_BAD_SIGNATURE);
    memcpy(pair.reply, good, sizeof(good));
    assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN), ERR_OK);
}

/* Somebody in the middle who swaps X cannot answer for the relay. */
static void test_changed_client_key_is_noticed(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0);
    pair.onionskin[60] ^= 4;
    assert_int_equal(pair_answer(&pair, NTOR_ONIONSKIN_LEN), ERR_OK);
    assert_int_equal(pair_finish(&pair, NTOR_REPLY_LEN), ERR_BAD_SIGNATURE);
}

#define OVER(test, provider) \
    { #test " over " #provider, test, NULL, NULL, provider }
#define ALL_OVER(provider)                                                                            \
    OVER(test_both_onion_keys_serve, provider), OVER(test_onionskins, provider),                      \
        OVER(test_zero_point_is_refused, provider), OVER(test_changed_replies_are_refused, provider), \
        OVER(test_changed_client_key_is_noticed, provider)

int main(void) {
    struct crypt_provider openssl_functions = *openssl_provider();
    struct crypt_provider *openssl = &openssl_functions;
    symbolic_provider(&symbolic, 7);
    struct crypt_provider *symbols = &symbolic.provider;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_exchange), ALL_OVER(openssl),
                                       ALL_OVER(symbols)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
