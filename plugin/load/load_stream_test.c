#include "load/load_stream.h"

#include <stdlib.h>

#include "crypt/provider.h"
#include "native/openssl_provider.h"
#include "support/test.h"
#include "wire/relay_cell.h"

/* Both ends of a hop: the client's layers, and the relay's. */
struct hop {
    const struct crypt_provider *crypt;
    void *client[2], *relay[2]; /* forward, backward */
    struct work work;
};

static void *layer(const struct crypt_provider *crypt, enum layer_role role, uint8_t seed) {
    const struct layer_keys keys = {.kind = LAYER_TOR1, .cipher = {seed}, .digest = {seed}};
    void *made = aligned_alloc(64, (crypt->layer_size[LAYER_TOR1] + 63) / 64 * 64);
    assert_non_null(made);
    crypt->layer_init(made, role, &keys);
    return made;
}

static void set_up(struct hop *hop) {
    *hop = (struct hop){.crypt = openssl_provider()};
    hop->client[0] = layer(hop->crypt, LAYER_ORIGIN_FORWARD, 1);
    hop->client[1] = layer(hop->crypt, LAYER_ORIGIN_BACKWARD, 2);
    hop->relay[0] = layer(hop->crypt, LAYER_RELAY_FORWARD, 1);
    hop->relay[1] = layer(hop->crypt, LAYER_RELAY_BACKWARD, 2);
}

static void tear_down(struct hop *hop) {
    for (unsigned i = 0; i < 2; i++) {
        hop->crypt->layer_fini(hop->client[i]);
        hop->crypt->layer_fini(hop->relay[i]);
        free(hop->client[i]);
        free(hop->relay[i]);
    }
}

/* What the relay makes of a cell of the client. */
static struct relay_message recognized(struct hop *hop, uint8_t *body) {
    struct relay_message message;
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    hop->crypt->layer_crypt(hop->relay[0], &cell, 1, &hop->work);
    assert_true(cell.is_ours);
    assert_true(hop->crypt->layer_recognize(hop->relay[0], &cell, &hop->work));
    assert_int_equal(relay_message_decode(RELAY_V0, body, &message), ERR_OK);
    return message;
}

/* A cell of the relay. */
static void originate(struct hop *hop, uint8_t command, uint16_t stream, size_t length, uint8_t *body) {
    static const uint8_t data[RELAY_DATA_MAX];
    const struct relay_message message = {.command = command, .stream = stream, .data = {data, length}};
    relay_message_encode(RELAY_V0, body, &message, NULL);
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    hop->crypt->layer_originate(hop->relay[1], &cell, &hop->work);
}

static void up_sends_what_the_windows_allow(UNUSED void **state) {
    struct hop hop;
    uint8_t body[CELL_BODY_LEN];
    set_up(&hop);
    struct load_stream *s = load_stream_new(hop.crypt, hop.client[0], hop.client[1], 77, true);
    unsigned sent = 0;
    for (; load_stream_may_write(s); sent++) {
        load_stream_put_data(s, body, &hop.work);
        struct relay_message message = recognized(&hop, body);
        assert_int_equal(message.command, RELAY_DATA);
        assert_int_equal(message.stream, 77);
        assert_int_equal(message.data.length, RELAY_DATA_MAX);
    }
    assert_int_equal(sent, STREAM_WINDOW_START);
    originate(&hop, RELAY_SENDME, 0, 0,
              body); /* of the circuit: its window was not the one that was closed */
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_SENDME);
    assert_false(load_stream_may_write(s));
    originate(&hop, RELAY_SENDME, 77, 0, body);
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_SENDME);
    for (sent = 0; load_stream_may_write(s); sent++)
        load_stream_put_data(s, body, &hop.work);
    assert_int_equal(sent, STREAM_WINDOW_INCREMENT);
    load_stream_free(s);
    tear_down(&hop);
}

static void what_is_no_sendme_for_us_is_wrong(UNUSED void **state) {
    struct hop hop;
    uint8_t body[CELL_BODY_LEN];
    set_up(&hop);
    struct load_stream *s = load_stream_new(hop.crypt, hop.client[0], hop.client[1], 77, true);
    originate(&hop, RELAY_SENDME, 77, 0, body); /* nothing was sent that it could be for */
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_WRONG);
    originate(&hop, RELAY_SENDME, 78, 0, body);
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_WRONG);
    originate(&hop, RELAY_END, 77, 1, body);
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_WRONG);
    originate(&hop, RELAY_SENDME, 77, 0, body);
    body[40] ^= 1;
    assert_int_equal(load_stream_take(s, body, false, &hop.work), LOAD_STREAM_WRONG);
    load_stream_free(s);
    tear_down(&hop);
}

/* tor-spec 7.3, 7.4: one for each 100 cells of the circuit, one for each 50 of the stream. */
static void down_answers_with_sendmes(void **state) {
    bool is_verified = *(const bool *)*state;
    struct hop hop;
    uint8_t body[CELL_BODY_LEN];
    unsigned of_circuit = 0, of_stream = 0;
    set_up(&hop);
    struct load_stream *s = load_stream_new(hop.crypt, hop.client[0], hop.client[1], 77, false);
    assert_false(load_stream_may_write(s));
    for (unsigned i = 0; i < 3000; i++) {
        originate(&hop, RELAY_DATA, 77, 498, body);
        assert_int_equal(load_stream_take(s, body, is_verified, &hop.work), LOAD_STREAM_DATA);
        while (load_stream_owes(s)) {
            assert_true(load_stream_put_sendme(s, body, &hop.work));
            struct relay_message message = recognized(&hop, body);
            assert_int_equal(message.command, RELAY_SENDME);
            assert_int_equal(message.data.length, 0);
            of_circuit += message.stream == 0;
            of_stream += message.stream == 77;
        }
    }
    assert_int_equal(of_circuit, 30);
    assert_int_equal(of_stream, 60);
    assert_false(load_stream_put_sendme(s, body, &hop.work));
    load_stream_free(s);
    tear_down(&hop);
}

static void verified_data_is_of_the_stream(UNUSED void **state) {
    struct hop hop;
    uint8_t body[CELL_BODY_LEN];
    set_up(&hop);
    struct load_stream *s = load_stream_new(hop.crypt, hop.client[0], hop.client[1], 77, false);
    originate(&hop, RELAY_DATA, 77, 498, body);
    assert_int_equal(load_stream_take(s, body, true, &hop.work), LOAD_STREAM_DATA);
    originate(&hop, RELAY_DATA, 78, 498, body);
    assert_int_equal(load_stream_take(s, body, true, &hop.work), LOAD_STREAM_WRONG);
    originate(&hop, RELAY_DATA, 77, 498, body);
    body[200] ^= 1;
    assert_int_equal(load_stream_take(s, body, true, &hop.work), LOAD_STREAM_WRONG);
    load_stream_free(s);
    tear_down(&hop);
}

int main(void) {
    static bool yes = true, no = false;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_sends_what_the_windows_allow),
        cmocka_unit_test(what_is_no_sendme_for_us_is_wrong),
        cmocka_unit_test_prestate(down_answers_with_sendmes, &yes),
        cmocka_unit_test_prestate(down_answers_with_sendmes, &no),
        cmocka_unit_test(verified_data_is_of_the_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
