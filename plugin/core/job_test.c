#include "core/job.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_onion_skin_is_answered),
        cmocka_unit_test(a_wrong_one_gives_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
