#include "limit/limit_relay.h"

#include <stdlib.h>
#include <string.h>

#include "crypt/provider.h"
#include "native/openssl_provider.h"
#include "support/test.h"

#define WAYS     2u
#define CIRCUITS 4u
#define OUT_ROOM (4 * LIMIT_SEND_ROOM)

/* The other ends of all links, in memory. */
struct world {
    struct limit_relay *relay;
    struct limit_output output;
    struct limit_cipher seals[2 * WAYS], opens[2 * WAYS];
    uint8_t *sent[2 * WAYS];
    size_t sent_length[2 * WAYS];
    unsigned sends;
    bool is_blocked;
};

static bool can_write(void *context, UNUSED uint32_t link) {
    return !((const struct world *)context)->is_blocked;
}

static uint8_t *reserve(void *context, uint32_t link, size_t length) {
    struct world *w = context;
    assert_true(length <= LIMIT_SEND_ROOM && w->sent_length[link] + length <= OUT_ROOM);
    return w->sent[link] + w->sent_length[link];
}

static void commit(void *context, uint32_t link, size_t length) {
    struct world *w = context;
    w->sent_length[link] += length;
    w->sends++;
}

static void secret_of(uint32_t link, bool is_inbound, struct tls_secret *out) {
    *out = (struct tls_secret){.length = 48};
    memset(out->bytes, (int)(2 * link + is_inbound), out->length);
}

static void make(struct world *w) {
    const struct tls_suite *suite = tls_suite_find("TLS_AES_256_GCM_SHA384");
    *w = (struct world){.output = {can_write, reserve, commit, w}};
    w->relay = limit_relay_new(openssl_provider(), WAYS, CIRCUITS);
    w->relay->output = &w->output;
    for (uint32_t i = 0; i < 2 * WAYS; i++) {
        struct tls_secret inbound, outbound;
        secret_of(i, true, &inbound);
        secret_of(i, false, &outbound);
        limit_cipher_init(&w->seals[i], suite, &inbound, LIMIT_SEALS, LIMIT_AEAD_OPENSSL);
        limit_cipher_init(&w->relay->links[i].opens, suite, &inbound, LIMIT_OPENS, LIMIT_AEAD_OPENSSL);
        limit_cipher_init(&w->relay->links[i].seals, suite, &outbound, LIMIT_SEALS, LIMIT_AEAD_OPENSSL);
        limit_cipher_init(&w->opens[i], suite, &outbound, LIMIT_OPENS, LIMIT_AEAD_OPENSSL);
        w->sent[i] = malloc(OUT_ROOM);
    }
    for (uint32_t k = 0; k < CIRCUITS; k++)
        limit_relay_circuit(w->relay, k, k % WAYS, 0);
}

static void drop(struct world *w) {
    for (uint32_t i = 0; i < 2 * WAYS; i++) {
        limit_cipher_fini(&w->seals[i]);
        limit_cipher_fini(&w->opens[i]);
        free(w->sent[i]);
    }
    limit_relay_free(w->relay);
}

static void put_cell(uint8_t *cell, uint32_t circuit, uint8_t filling) {
    store_u32(cell, circuit + 1);
    cell[4] = CELL_RELAY;
    memset(cell + CELL_HEADER_LEN, filling, CELL_BODY_LEN);
}

/* Seal n cells that are all of one circuit; the relay must use the whole record. */
static void receive_cells(struct world *w, uint32_t link, uint32_t circuit, uint32_t n) {
    static uint8_t plain[LIMIT_PLAIN_MAX + 1], record[LIMIT_RECORD_MAX];
    for (uint32_t i = 0; i < n; i++)
        put_cell(plain + i * CELL_LEN, circuit, (uint8_t)i);
    size_t length = limit_record_seal(&w->seals[link], plain, n * CELL_LEN, record);
    assert_int_equal(limit_relay_receive(w->relay, link, record, length), length);
}

/* Open the next record that was sent on a link; returns its cells. */
static uint32_t open_next(struct world *w, uint32_t link, uint8_t *plain) {
    size_t record = limit_record_length(w->sent[link], w->sent_length[link]), length = 0;
    if (record == 0)
        return 0;
    assert_true(limit_record_open(&w->opens[link], w->sent[link], record, plain, &length));
    w->sent_length[link] -= record;
    memmove(w->sent[link], w->sent[link] + record, w->sent_length[link]);
    return (uint32_t)(length / CELL_LEN);
}

static void expect_cells(const uint8_t *plain, uint32_t n, uint32_t circuit, bool is_backward) {
    static _Alignas(16) uint8_t layer[1024];
    const struct crypt_provider *crypt = openssl_provider();
    struct layer_keys keys;
    struct work work = {0};
    limit_relay_layer_keys(circuit, is_backward, &keys);
    assert_true(crypt->layer_size[LAYER_TOR1] <= sizeof layer);
    crypt->layer_init(layer, LAYER_ORIGIN_FORWARD, &keys);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t wanted[CELL_LEN];
        put_cell(wanted, circuit, (uint8_t)i);
        struct crypt_cell one = {wanted + CELL_HEADER_LEN, wanted + CELL_HEADER_LEN, CELL_RELAY, false};
        crypt->layer_crypt(layer, &one, 1, &work);
        assert_memory_equal(plain + i * CELL_LEN, wanted, CELL_LEN);
    }
    crypt->layer_fini(layer);
}

static void a_cell_leaves_by_its_circuits_other_link_through_one_cipher(UNUSED void **state) {
    static uint8_t plain[LIMIT_PLAIN_MAX + 1];
    struct world w;
    make(&w);
    receive_cells(&w, 1, 3, 5);
    limit_relay_flush(w.relay);
    assert_int_equal(open_next(&w, WAYS + 0, plain), 5);
    expect_cells(plain, 5, 3, false);

    receive_cells(&w, WAYS + 0, 3, 2);
    limit_relay_flush(w.relay);
    assert_int_equal(open_next(&w, 1, plain), 2);
    expect_cells(plain, 2, 3, true);
    drop(&w);
}

static void what_comes_in_a_turn_leaves_in_full_records_and_one_send(UNUSED void **state) {
    static uint8_t plain[LIMIT_PLAIN_MAX + 1];
    struct world w;
    make(&w);
    for (uint32_t i = 0; i < 8; i++)
        receive_cells(&w, i % 2, i % 4, 8);
    limit_relay_flush(w.relay);
    assert_int_equal(w.sends, 1);
    assert_int_equal(open_next(&w, WAYS, plain), LIMIT_RECORD_CELLS);
    assert_int_equal(open_next(&w, WAYS, plain), LIMIT_RECORD_CELLS);
    assert_int_equal(open_next(&w, WAYS, plain), 2);
    assert_int_equal(open_next(&w, WAYS, plain), 0);
    drop(&w);
}

static void a_link_that_cannot_write_keeps_its_cells(UNUSED void **state) {
    static uint8_t plain[LIMIT_PLAIN_MAX + 1];
    struct world w;
    make(&w);
    w.is_blocked = true;
    receive_cells(&w, 0, 0, 20);
    limit_relay_flush(w.relay);
    assert_int_equal(w.sends, 0);
    w.is_blocked = false;
    receive_cells(&w, 0, 0, 3);
    limit_relay_flush(w.relay);
    assert_int_equal(open_next(&w, WAYS, plain), 23);
    drop(&w);
}

static void a_record_that_is_not_whole_waits(UNUSED void **state) {
    static uint8_t plain[CELL_LEN + 1], record[LIMIT_RECORD_MAX];
    struct world w;
    make(&w);
    put_cell(plain, 0, 1);
    size_t length = limit_record_seal(&w.seals[0], plain, CELL_LEN, record);
    assert_int_equal(limit_relay_receive(w.relay, 0, record, 3), 0);
    assert_int_equal(limit_relay_receive(w.relay, 0, record, length - 1), 0);
    assert_int_equal(limit_relay_receive(w.relay, 0, record, length), length);
    drop(&w);
}

static void rubbish_is_said(UNUSED void **state) {
    static uint8_t plain[2 * CELL_LEN], record[LIMIT_RECORD_MAX];
    struct world w;
    make(&w);
    put_cell(plain, CIRCUITS, 1);
    size_t length = limit_record_seal(&w.seals[0], plain, CELL_LEN, record);
    assert_true(limit_relay_receive(w.relay, 0, record, length) == SIZE_MAX);
    put_cell(plain, 0, 1);
    length = limit_record_seal(&w.seals[0], plain, CELL_LEN, record);
    record[length - 1] ^= 1;
    assert_true(limit_relay_receive(w.relay, 0, record, length) == SIZE_MAX);
    length = limit_record_seal(&w.seals[1], plain, CELL_LEN + 1, record);
    assert_true(limit_relay_receive(w.relay, 1, record, length) == SIZE_MAX);
    drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_leaves_by_its_circuits_other_link_through_one_cipher),
        cmocka_unit_test(what_comes_in_a_turn_leaves_in_full_records_and_one_send),
        cmocka_unit_test(a_link_that_cannot_write_keeps_its_cells),
        cmocka_unit_test(a_record_that_is_not_whole_waits),
        cmocka_unit_test(rubbish_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
