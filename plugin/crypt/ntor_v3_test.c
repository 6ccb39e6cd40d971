/* ntor-v3: the exchange that proposal 332 gives as its test vectors (X.2), the whole handshake over both providers, and
 * everything that must make it fail. */
#include "crypt/ntor_v3.h"

#include "crypt/symbolic.h"
#include "native/openssl_provider.h"
#include "support/ntor_rig.h"
#include "support/test.h"

static const char known_b[] = "4051daa5921cfa2a1c27b08451324919538e79e788a81b38cbed097a5dff454a";
static const char known_b_public[] = "f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d";
static const char known_id[] = "9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2";
static const char known_x[] = "b825a3719147bcbe5fb1d0b0fcb9c09e51948048e2e3283d2ab7b45b5ef38b49";
static const char known_x_public[] = "252fe9ae91264c91d4ecb8501f79d0387e34ad8ca0f7c995184f7d11d5da4f46";
static const char known_y[] = "4865a5b7689dafd978f529291c7171bc159be076b92186405d13220b80e2a053";
static const char known_y_public[] = "4bf4814326fdab45ad5184f5518bd7fae25dc59374062698201a50a22954246d";
static const char known_onionskin[] = "9fad2af287ef942632833d21f946c6260c33fae6172b60006e86e4a6911753a2"
                                      "f8307a2bc1870b00b828bb74dbb8fd88e632a6375ab3bcd1ae706aaa8b6cdd1d"
                                      "252fe9ae91264c91d4ecb8501f79d0387e34ad8ca0f7c995184f7d11d5da4f46"
                                      "3bebd9151fd3b47c180abc9e044d53565f04d82bbb3bebed3d06cea65db8be9c"
                                      "72b68cd461942088502f67";
static const char known_reply[] = "4bf4814326fdab45ad5184f5518bd7fae25dc59374062698201a50a22954246d"
                                  "2fc5f8773ca824542bc6cf6f57c7c29bbf4e5476461ab130c5b18ab0a9127665"
                                  "1202c3e1e87c0d32054c";
static const char known_stream[] = "9c19b631fd94ed86a817e01f6c80b0743a43f5faebd39cfaa8b00fa8bcc65c3b"
                                   "feaa403d91acbd68a821bf6ee8504602b094a254392a07737d5662768c7a9fb1"
                                   "b2814bb34780eaee6e867c773e28c212ead563e98a1cd5d5b4576f5ee61c59bd"
                                   "e025ff2851bb19b721421694f263818e3531e43a9e4e3e2c661e2ad547d8984c"
                                   "aa28ebecd3e4525452299be26b9185a20a90ce1eac20a91f2832d731b54502b0"
                                   "9749b5a2a2949292f8cfcbeffb790c7790ed935a9d251e7e336148ea83b063a5"
                                   "618fcff674a44581585fd22077ca0e52c59a24347a38d1a1ceebddbf238541f2"
                                   "26b8f88d0fb9c07a1bcd2ea764bbbb5dacdaf5312a14c0b9e4f06309b0333b4a";

#define STREAM_LEN  256u
#define MESSAGE_MAX 32u

static struct symbolic symbolic;

static struct span span_of_text(const char *text) {
    return (struct span){(const uint8_t *)text, strlen(text)};
}

static void assert_hex(const uint8_t *bytes, const char *hex) {
    uint8_t expected[512];
    size_t length = test_hex(hex, expected, sizeof(expected));
    assert_memory_equal(bytes, expected, length);
}

static void test_vectors_of_the_proposal(void **state) {
    (void)state;
    struct ntor_server_keys server = {.onion_count = 1};
    struct ntor_keypair x, y;
    struct ntor_v3_client_state client;
    struct ntor_v3_server_state relay;
    uint8_t onionskin[NTOR_V3_ONIONSKIN_LEN + 11], reply[NTOR_V3_REPLY_LEN + 10];
    uint8_t message[MESSAGE_MAX], stream[STREAM_LEN];
    const struct span verification = span_of_text("xyzzy");
    test_hex(known_id, server.ed_id, 32);
    test_hex(known_b, server.onion[0].secret, 32);
    test_hex(known_b_public, server.onion[0].public, 32);
    test_hex(known_x, x.secret, 32);
    test_hex(known_x_public, x.public, 32);
    test_hex(known_y, y.secret, 32);
    test_hex(known_y_public, y.public, 32);

    struct ntor_rig rig_x = {openssl_provider(), &x}, rig_y = {openssl_provider(), &y};
    struct crypt_provider crypt = ntor_rig_provider(&rig_x);
    assert_int_equal(ntor_v3_client_create(&crypt, server.ed_id, server.onion[0].public, verification,
                                           span_of_text("hello world"), &client, onionskin),
                     ERR_OK);
    assert_hex(onionskin, known_onionskin);

    crypt = ntor_rig_provider(&rig_y);
    assert_int_equal(ntor_v3_server_open(&crypt, &server, verification,
                                         (struct span){onionskin, sizeof onionskin}, &relay, message),
                     ERR_OK);
    assert_memory_equal(message, "hello world", 11);
    assert_int_equal(ntor_v3_server_answer(&crypt, &relay, verification, span_of_text("Hola Mundo"), reply,
                                           stream, sizeof stream),
                     ERR_OK);
    assert_hex(reply, known_reply);
    assert_hex(stream, known_stream);

    memset(stream, 0, sizeof stream);
    assert_int_equal(ntor_v3_client_finish(&crypt, &client, verification, (struct span){reply, sizeof reply},
                                           message, stream, sizeof stream),
                     ERR_OK);
    assert_memory_equal(message, "Hola Mundo", 10);
    assert_hex(stream, known_stream);
}

/* A relay with two onion keys, and a client of it. */
struct pair {
    const struct crypt_provider *crypt;
    struct ntor_server_keys server;
    struct ntor_v3_client_state client;
    struct ntor_v3_server_state relay;
    uint8_t onionskin[NTOR_V3_ONIONSKIN_LEN + MESSAGE_MAX];
    size_t onionskin_length;
    uint8_t reply[NTOR_V3_REPLY_LEN + MESSAGE_MAX];
    size_t reply_length;
    uint8_t message[MESSAGE_MAX];
    uint8_t client_stream[92], server_stream[92];
};

static void keypair_draw(const struct crypt_provider *crypt, struct ntor_keypair *out) {
    crypt->x25519_keypair(crypt->context, out->secret, out->public);
}

static void pair_open(struct pair *pair, const struct crypt_provider *crypt, unsigned which,
                      const char *message) {
    *pair = (struct pair){.crypt = crypt, .server = {.onion_count = 2}};
    crypt->random(crypt->context, pair->server.ed_id, sizeof(pair->server.ed_id));
    keypair_draw(crypt, &pair->server.onion[0]);
    keypair_draw(crypt, &pair->server.onion[1]);
    keypair_draw(crypt, &pair->server.junk);
    assert_int_equal(ntor_v3_client_create(crypt, pair->server.ed_id, pair->server.onion[which].public,
                                           ntor_v3_for_circuits, span_of_text(message), &pair->client,
                                           pair->onionskin),
                     ERR_OK);
    pair->onionskin_length = NTOR_V3_ONIONSKIN_LEN + strlen(message);
}

static enum err pair_receive(struct pair *pair) {
    return ntor_v3_server_open(pair->crypt, &pair->server, ntor_v3_for_circuits,
                               (struct span){pair->onionskin, pair->onionskin_length}, &pair->relay,
                               pair->message);
}

static enum err pair_answer(struct pair *pair, const char *message) {
    pair->reply_length = NTOR_V3_REPLY_LEN + strlen(message);
    return ntor_v3_server_answer(pair->crypt, &pair->relay, ntor_v3_for_circuits, span_of_text(message),
                                 pair->reply, pair->server_stream, sizeof pair->server_stream);
}

static enum err pair_finish(struct pair *pair) {
    return ntor_v3_client_finish(pair->crypt, &pair->client, ntor_v3_for_circuits,
                                 (struct span){pair->reply, pair->reply_length}, pair->message,
                                 pair->client_stream, sizeof pair->client_stream);
}

static void test_both_onion_keys_serve(void **state) {
    for (unsigned which = 0; which < 2; which++) {
        struct pair pair;
        pair_open(&pair, *state, which, "two words");
        assert_int_equal(pair_receive(&pair), ERR_OK);
        assert_memory_equal(pair.message, "two words", 9);
        assert_int_equal(pair_answer(&pair, "an answer"), ERR_OK);
        assert_int_equal(pair_finish(&pair), ERR_OK);
        assert_memory_equal(pair.message, "an answer", 9);
        assert_memory_equal(pair.client_stream, pair.server_stream, sizeof pair.client_stream);
    }
}

static void test_messages_may_be_empty(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0, "");
    assert_int_equal(pair_receive(&pair), ERR_OK);
    assert_int_equal(pair_answer(&pair, ""), ERR_OK);
    assert_int_equal(pair_finish(&pair), ERR_OK);
    assert_memory_equal(pair.client_stream, pair.server_stream, sizeof pair.client_stream);
}

static void test_each_byte_of_the_onionskin_counts(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0, "message");
    for (size_t i = 0; i < pair.onionskin_length; i++) {
        pair.onionskin[i] ^= 1;
        assert_int_equal(pair_receive(&pair), i < 64 ? ERR_IDENTITY : ERR_BAD_SIGNATURE);
        pair.onionskin[i] ^= 1;
    }
    assert_int_equal(pair_receive(&pair), ERR_OK);
}

static void test_each_byte_of_the_reply_counts(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0, "message");
    assert_int_equal(pair_receive(&pair), ERR_OK);
    assert_int_equal(pair_answer(&pair, "reply"), ERR_OK);
    for (size_t i = 0; i < pair.reply_length; i++) {
        pair.reply[i] ^= 1;
        assert_int_equal(pair_finish(&pair), ERR_BAD_SIGNATURE);
        pair.reply[i] ^= 1;
    }
    assert_int_equal(pair_finish(&pair), ERR_OK);
}

static void test_lengths(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0, "");
    pair.onionskin_length = NTOR_V3_ONIONSKIN_LEN - 1;
    assert_int_equal(pair_receive(&pair), ERR_MALFORMED);
    pair.onionskin_length = NTOR_V3_ONIONSKIN_LEN;
    assert_int_equal(pair_receive(&pair), ERR_OK);
    assert_int_equal(pair_answer(&pair, ""), ERR_OK);
    pair.reply_length = NTOR_V3_REPLY_LEN - 1;
    assert_int_equal(pair_finish(&pair), ERR_MALFORMED);
}

static void test_verification_must_agree(void **state) {
    struct pair pair;
    pair_open(&pair, *state, 0, "message");
    assert_int_equal(ntor_v3_server_open(pair.crypt, &pair.server, span_of_text("circuit extent"),
                                         (struct span){pair.onionskin, pair.onionskin_length}, &pair.relay,
                                         pair.message),
                     ERR_BAD_SIGNATURE);
}

static void test_zero_points_are_refused(void **state) {
    struct pair pair;
    static const uint8_t zero[32];
    pair_open(&pair, *state, 0, "");
    assert_int_equal(ntor_v3_client_create(pair.crypt, pair.server.ed_id, zero, ntor_v3_for_circuits,
                                           span_of_text(""), &pair.client, pair.onionskin),
                     ERR_BAD_SIGNATURE);
    memset(pair.onionskin + 64, 0, 32);
    assert_int_equal(pair_receive(&pair), ERR_BAD_SIGNATURE);
}

#define OVER(test, provider) \
    { #test " over " #provider, test, NULL, NULL, provider }
#define ALL_OVER(provider)                                                                  \
    OVER(test_both_onion_keys_serve, provider), OVER(test_messages_may_be_empty, provider), \
        OVER(test_each_byte_of_the_onionskin_counts, provider),                             \
        OVER(test_each_byte_of_the_reply_counts, provider), OVER(test_lengths, provider),   \
        OVER(test_verification_must_agree, provider), OVER(test_zero_points_are_refused, provider)

int main(void) {
    struct crypt_provider openssl_functions = *openssl_provider();
    struct crypt_provider *openssl = &openssl_functions;
    symbolic_provider(&symbolic, 7);
    struct crypt_provider *symbols = &symbolic.provider;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors_of_the_proposal), ALL_OVER(openssl),
                                       ALL_OVER(symbols)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
