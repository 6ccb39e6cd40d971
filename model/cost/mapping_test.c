#include "cost/mapping.h"

#include "support/test.h"

static struct work numbered(void) {
    struct work work = {0};
    uint64_t n = 0;
#define X(name) work.name = ++n;
    WORK_LIST(X)
#undef X
    return work;
}

static void both_parts_add_up(void **state) {
    (void)state;
    const struct work work = numbered();
    static const enum cost_mapping mappings[] = {COST_VANILLA, COST_POC, COST_FULL};
    for (size_t i = 0; i < COUNT(mappings); i++) {
        struct work own, main_thread;
        cost_mapping_split(mappings[i], &work, &own, &main_thread);
        work_add(&own, &main_thread);
        assert_memory_equal(&own, &work, sizeof(work));
    }
}

static void who_does_what(void **state) {
    (void)state;
    const struct work work = numbered(), nothing = {0};
    struct work own, main_thread;

    cost_mapping_split(COST_VANILLA, &work, &own, &main_thread);
    assert_memory_equal(&own, &nothing, sizeof(own));

    cost_mapping_split(COST_FULL, &work, &own, &main_thread);
    assert_memory_equal(&main_thread, &nothing, sizeof(own));

    cost_mapping_split(COST_POC, &work, &own, &main_thread);
    assert_int_equal(own.tls_bytes_read, work.tls_bytes_read);
    assert_int_equal(own.tls_chacha_bytes, work.tls_chacha_bytes);
    assert_int_equal(own.writes, work.writes);
    assert_int_equal(own.aes_bytes, 0);
    assert_int_equal(main_thread.aes_bytes, work.aes_bytes);
    assert_int_equal(main_thread.cells_received, work.cells_received);
    assert_int_equal(main_thread.scheduler_picks, work.scheduler_picks);
    assert_int_equal(main_thread.reads, 0);
}

static void in_place(void **state) {
    (void)state;
    const struct work work = numbered();
    struct work own, main_thread, both = work;
    cost_mapping_split(COST_POC, &work, &own, &main_thread);
    struct work other;
    cost_mapping_split(COST_POC, &both, &both, &other);
    assert_memory_equal(&both, &own, sizeof(own));
    assert_memory_equal(&other, &main_thread, sizeof(own));
}

static void names_are_those_of_scenarios(void **state) {
    (void)state;
    assert_string_equal(cost_mapping_name(COST_VANILLA), "vanilla");
    assert_string_equal(cost_mapping_name(COST_POC), "poc");
    assert_string_equal(cost_mapping_name(COST_FULL), "full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_parts_add_up),
        cmocka_unit_test(who_does_what),
        cmocka_unit_test(in_place),
        cmocka_unit_test(names_are_those_of_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
