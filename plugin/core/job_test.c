#include "core/job.h"

#include "crypt/create_fast.h"
#include "crypt/intro_auth.h"
#include "crypt/symbolic.h"
#include "support/symbolic_identity.h"
#include "support/test.h"

#define HALF object_id_make(2, OBJECT_HALF, 5, 6)

struct fixture {
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct symbolic_identity own;
    struct ntor_client_state client;
    struct job job;
    struct job_result result;
    struct work work;
};

static void set_up(struct fixture *f) {
    memset(f, 0, sizeof *f);
    f->crypt = symbolic_provider(&f->symbolic, 1);
    symbolic_identity_make(&f->own, f->crypt, 1);
    f->job = (struct job){.half = HALF, .kind = JOB_NTOR_ANSWER, .data_length = NTOR_ONIONSKIN_LEN};
    ntor_client_create(f->crypt, f->own.ntor.rsa_id, f->own.ntor.onion[0].public, &f->client, f->job.data);
    memset(&f->result, 0xff, sizeof f->result);
}

static void an_onion_skin_is_answered(UNUSED void **state) {
    struct fixture f;
    struct circuit_keys keys;
    set_up(&f);
    job_run(&f.job, f.crypt, &f.own.ntor, &f.result, &f.work);
    assert_true(f.result.half == HALF);
    assert_int_equal(f.result.kind, JOB_NTOR_ANSWER);
    assert_int_equal(f.result.error, ERR_OK);
    assert_int_equal(f.result.reply_length, NTOR_REPLY_LEN);
    struct span reply = {f.result.reply, f.result.reply_length};
    assert_int_equal(ntor_client_finish(f.crypt, &f.client, reply, &keys), ERR_OK);
    assert_memory_equal(&keys, &f.result.keys, sizeof keys); /* both sides have the same */
    assert_int_equal(f.work.handshakes_ntor, 1);
}

static void a_wrong_one_gives_an_error(UNUSED void **state) {
    static const struct {
        uint16_t length;
        uint8_t flipped; /* byte of the onion skin; 255: none */
        enum err e;
    } cases[] = {{NTOR_ONIONSKIN_LEN - 1, 255, ERR_MALFORMED},
                 {0, 255, ERR_MALFORMED},
                 {NTOR_ONIONSKIN_LEN, 0, ERR_IDENTITY},
                 {NTOR_ONIONSKIN_LEN, 20, ERR_IDENTITY}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        set_up(&f);
        f.job.data_length = cases[i].length;
        if (cases[i].flipped != 255)
            f.job.data[cases[i].flipped] ^= 1;
        job_run(&f.job, f.crypt, &f.own.ntor, &f.result, &f.work);
        assert_true(f.result.half == HALF);
        assert_int_equal(f.result.error, cases[i].e);
        assert_int_equal(f.work.handshakes_ntor, 1); /* it took as long */
    }
}

static void terms_are_agreed_on(UNUSED void **state) {
    static const struct {
        struct circuit_offer offer;
        struct handshake_request request;
        enum err e;
        uint8_t sendme_inc;
        enum layer_kind kind;
    } cases[] = {
        {{31, true}, {false, false}, ERR_OK, 0, LAYER_TOR1},
        {{31, true}, {true, false}, ERR_OK, 31, LAYER_TOR1},
        {{31, true}, {true, true}, ERR_OK, 31, LAYER_CGO},
        {{0, true}, {true, false}, ERR_OK, 0, LAYER_TOR1},
        {{0, true}, {true, true}, ERR_UNSUPPORTED, 0, LAYER_TOR1},
        {{31, false}, {true, true}, ERR_UNSUPPORTED, 0, LAYER_TOR1},
        {{31, true}, {false, true}, ERR_UNSUPPORTED, 0, LAYER_TOR1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct ntor_v3_client_state client;
        uint8_t room[HANDSHAKE_MESSAGE_MAX], message[NTOR_V3_MESSAGE_MAX], stream[CIRCUIT_KEYS_LENGTH_MAX];
        struct circuit_keys keys;
        struct handshake_reply granted;
        set_up(&f);
        struct bytes_out out = bytes_out(room, sizeof room);
        handshake_request_encode(&out, &cases[i].request);
        size_t length = bytes_written(&out);
        assert_int_equal(ntor_v3_client_create(f.crypt, f.own.ntor.ed_id, f.own.ntor.onion[0].public,
                                               ntor_v3_for_circuits, (struct span){room, length}, &client,
                                               f.job.data),
                         ERR_OK);
        f.job.kind = JOB_NTOR_V3_ANSWER;
        f.job.offer = cases[i].offer;
        f.job.data_length = (uint16_t)(NTOR_V3_ONIONSKIN_LEN + length);
        job_run(&f.job, f.crypt, &f.own.ntor, &f.result, &f.work);
        assert_int_equal(f.work.handshakes_ntor_v3, 1);
        assert_int_equal(f.result.error, cases[i].e);
        if (f.result.error)
            continue;
        assert_int_equal(f.result.terms.sendme_inc, cases[i].sendme_inc);
        assert_int_equal(f.result.keys.forward.kind, cases[i].kind);
        struct span reply = {f.result.reply, f.result.reply_length};
        assert_int_equal(ntor_v3_client_finish(f.crypt, &client, ntor_v3_for_circuits, reply, message, stream,
                                               circuit_keys_length(cases[i].kind)),
                         ERR_OK);
        struct span told = {message, reply.length - NTOR_V3_REPLY_LEN};
        assert_int_equal(handshake_reply_decode(told, &granted), ERR_OK);
        assert_int_equal(granted.sendme_inc, cases[i].sendme_inc);
        circuit_keys_cut(cases[i].kind, stream, &keys);
        assert_memory_equal(&keys, &f.result.keys, sizeof keys);
    }
}

static void create_fast_needs_no_keys(UNUSED void **state) {
    struct fixture f;
    struct circuit_keys keys;
    set_up(&f);
    f.job.kind = JOB_FAST_ANSWER;
    f.job.data_length = CREATE_FAST_LEN;
    job_run(&f.job, f.crypt, NULL, &f.result, &f.work);
    assert_int_equal(f.result.error, ERR_OK);
    assert_int_equal(f.result.reply_length, CREATED_FAST_LEN);
    assert_int_equal(create_fast_client_finish(f.crypt, f.job.data, f.result.reply, &keys), ERR_OK);
    assert_memory_equal(&keys, &f.result.keys, sizeof keys);
    assert_int_equal(f.work.handshakes_fast, 1);
}

static void a_service_is_believed_when_it_has_its_key(UNUSED void **state) {
    for (unsigned is_forged = 0; is_forged < 3; is_forged++) {
        struct fixture f;
        uint8_t seed[32] = {1}, key[32], kh[NTOR_KH_LEN] = {2};
        const struct intro_limit limit = {.kind = INTRO_LIMIT_NONE};
        set_up(&f);
        symbolic_ed25519_public(seed, key);
        f.job.kind = JOB_INTRO_PROOF;
        f.job.data_length = (uint16_t)intro_auth_write(f.crypt, seed, key, &limit, kh, f.job.data);
        if (is_forged == 1)
            f.job.data[f.job.data_length - 1] ^= 1;
        if (is_forged == 2)
            f.job.data_length--;
        job_run(&f.job, f.crypt, &f.own.ntor, &f.result, &f.work);
        assert_true(f.result.half == HALF);
        assert_int_equal(f.result.kind, JOB_INTRO_PROOF);
        assert_int_equal(f.result.error, is_forged == 0   ? ERR_OK
                                         : is_forged == 1 ? ERR_BAD_SIGNATURE
                                                          : ERR_TRUNCATED);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_onion_skin_is_answered),
        cmocka_unit_test(a_wrong_one_gives_an_error),
        cmocka_unit_test(terms_are_agreed_on),
        cmocka_unit_test(create_fast_needs_no_keys),
        cmocka_unit_test(a_service_is_believed_when_it_has_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
