#include "sim/sim_tls.h"

#include "support/test.h"
#include "support/test_memory.h"

static struct engine *engine_of_two(struct test_memory *memory) {
    test_memory_init(memory);
    return engine_new(&(struct engine_config){.memory = &memory->memory,
                                              .hosts = 2,
                                              .partitions = 1,
                                              .lookahead_within = 1,
                                              .lookahead_across = 1,
                                              .object_size = SIM_OBJECT_SIZE});
}

/* Both ends export the same secret, and another for another challenge; other sessions have others. */
static void test_both_ends_know_a_secret(void **state) {
    (void)state;
    struct test_memory memory;
    struct engine *engine = engine_of_two(&memory);
    struct host *dialler = engine_host(engine, 0), *listener = engine_host(engine, 1);
    struct sim_tls ours, theirs, others;
    struct sim_message *hello = sim_tls_hello(&ours, dialler, LINK_AES256);
    struct sim_message *answer = sim_tls_answer(&theirs, listener, LINK_AES256, hello);
    struct sim_message *last = sim_tls_finish(&ours, dialler, answer);
    struct sim_message *other = sim_tls_hello(&others, dialler, LINK_AES256);
    assert_non_null(other);
    assert_int_equal(answer->kind, SIM_TLS_SERVER);
    assert_int_equal(last->kind, SIM_TLS_FINISHED);
    assert_true(hello->tcp.length > 500 && answer->tcp.length > 1000);

    const uint8_t cid[32] = {1, 2, 3, 4}, other_cid[32] = {1, 2, 3, 5};
    uint8_t a[32], b[32], c[32], d[32];
    struct link_facts facts;
    sim_tls_facts(&ours, &facts);
    facts.export_secret(facts.export_context, cid, a);
    facts.export_secret(facts.export_context, other_cid, c);
    sim_tls_facts(&theirs, &facts);
    facts.export_secret(facts.export_context, cid, b);
    sim_tls_facts(&others, &facts);
    facts.export_secret(facts.export_context, cid, d);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_not_equal(a, c, sizeof a);
    assert_memory_not_equal(a, d, sizeof a);
    engine_free(engine);
    test_memory_fini(&memory);
}

static void test_the_cipher_is_what_one_end_wants(void **state) {
    (void)state;
    static const struct {
        enum link_cipher dialler, listener, agreed;
    } cases[] = {
        {LINK_AES256, LINK_AES256, LINK_AES256}, {LINK_AES256, LINK_CHACHA, LINK_CHACHA},
        {LINK_CHACHA, LINK_AES256, LINK_CHACHA}, {LINK_CHACHA, LINK_CHACHA, LINK_CHACHA},
        {LINK_AES128, LINK_CHACHA, LINK_AES128}, {LINK_CHACHA, LINK_AES128, LINK_CHACHA},
    };
    struct test_memory memory;
    struct engine *engine = engine_of_two(&memory);
    struct host *dialler = engine_host(engine, 0), *listener = engine_host(engine, 1);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct sim_tls ours, theirs;
        struct sim_message *hello = sim_tls_hello(&ours, dialler, cases[i].dialler);
        struct sim_message *answer = sim_tls_answer(&theirs, listener, cases[i].listener, hello);
        assert_non_null(sim_tls_finish(&ours, dialler, answer));
        assert_int_equal(ours.cipher, cases[i].agreed);
        assert_int_equal(theirs.cipher, cases[i].agreed);
    }
    engine_free(engine);
    test_memory_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_both_ends_know_a_secret),
                                       cmocka_unit_test(test_the_cipher_is_what_one_end_wants)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
