#include "load/load_clients.h"

#include <string.h>

#include "core/job.h"
#include "native/openssl_provider.h"
#include "support/test.h"

static struct ntor_server_keys relay_keys(struct load_options *options) {
    const struct crypt_provider *crypt = openssl_provider();
    struct ntor_server_keys keys = {.onion_count = 1};
    crypt->random(crypt->context, keys.rsa_id, sizeof keys.rsa_id);
    crypt->random(crypt->context, keys.ed_id, sizeof keys.ed_id);
    crypt->x25519_keypair(crypt->context, keys.onion[0].secret, keys.onion[0].public);
    crypt->x25519_keypair(crypt->context, keys.junk.secret, keys.junk.public);
    memcpy(options->rsa_id, keys.rsa_id, sizeof keys.rsa_id);
    memcpy(options->ed_id, keys.ed_id, sizeof keys.ed_id);
    memcpy(options->onion_key, keys.onion[0].public, sizeof options->onion_key);
    return keys;
}

/* What the relay of these keys makes of the CREATE2 of circuit circ_id: the body of its CREATED2. */
static void answer(const struct load_clients *clients, const struct ntor_server_keys *keys, uint32_t circ_id,
                   uint8_t body_out[static CELL_BODY_LEN]) {
    struct create2_message create;
    struct job_result result;
    struct work work = {0};
    assert_int_equal(
        create2_decode((struct span){load_clients_ask(clients, circ_id), CELL_BODY_LEN}, &create), ERR_OK);
    struct job job = {.kind = create.type == HANDSHAKE_NTOR ? JOB_NTOR_ANSWER : JOB_NTOR_V3_ANSWER,
                      .offer = {.sendme_inc = 31},
                      .data_length = (uint16_t)create.data.length};
    memcpy(job.data, create.data.data, create.data.length);
    job_run(&job, openssl_provider(), keys, &result, &work);
    assert_int_equal(result.error, ERR_OK);
    memset(body_out, 0, CELL_BODY_LEN);
    struct bytes_out out = bytes_out(body_out, CELL_BODY_LEN);
    created2_encode(&out, (struct span){result.reply, result.reply_length});
}

static void expect_proof(enum load_mode mode) {
    struct load_options options = {.mode = mode};
    struct ntor_server_keys keys = relay_keys(&options);
    struct load_clients *clients = load_clients_new(openssl_provider(), &options);
    uint8_t body[CELL_BODY_LEN];
    const struct span span = {body, sizeof body};
    assert_non_null(clients);
    for (uint32_t id = 7; id < 7 + 2 * LOAD_CLIENTS; id += 40) {
        answer(clients, &keys, id, body);
        assert_true(load_clients_prove(clients, id, span));
        assert_true(load_clients_prove(clients, id + LOAD_CLIENTS, span)); /* the same client's */
        assert_false(load_clients_prove(clients, id + 1, span));
        body[2 + 40] ^= 1; /* in AUTH */
        assert_false(load_clients_prove(clients, id, span));
    }
    load_clients_free(clients);
}

static void ntor_answers_are_proven(UNUSED void **state) {
    expect_proof(LOAD_NTOR);
}

static void ntor_v3_answers_are_proven(UNUSED void **state) {
    expect_proof(LOAD_NTOR_V3);
}

static void another_relays_answer_is_none(UNUSED void **state) {
    struct load_options options = {.mode = LOAD_NTOR}, others = {.mode = LOAD_NTOR};
    (void)relay_keys(&options);
    struct ntor_server_keys keys = relay_keys(&others);
    struct load_clients *clients = load_clients_new(openssl_provider(), &options);
    struct load_clients *asking_other = load_clients_new(openssl_provider(), &others);
    uint8_t body[CELL_BODY_LEN];
    answer(asking_other, &keys, 1, body);
    assert_false(load_clients_prove(clients, 1, (struct span){body, sizeof body}));
    load_clients_free(clients);
    load_clients_free(asking_other);
}

static void a_key_that_is_none_is_refused(UNUSED void **state) {
    struct load_options options = {.mode = LOAD_NTOR_V3}; /* zero: a point of small order */
    assert_null(load_clients_new(openssl_provider(), &options));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ntor_answers_are_proven),
        cmocka_unit_test(ntor_v3_answers_are_proven),
        cmocka_unit_test(another_relays_answer_is_none),
        cmocka_unit_test(a_key_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
