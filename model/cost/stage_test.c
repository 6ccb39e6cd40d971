#include "cost/stage.h"

#include "support/test.h"

static uint64_t sum_of(const struct cost_bill *bill) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < COST_STAGES; i++)
        sum += bill->ps[i];
    return sum;
}

/* Each kind alone: it has a stage, and that stage has all of its price. */
static void each_kind_of_work_is_of_one_stage(void **state) {
    (void)state;
    const struct working_set set = {0};
#define X(name)                                              \
    do {                                                     \
        const struct cost_table table = {.ps = {.name = 7}}; \
        const struct work work = {.name = 11};               \
        struct cost_bill bill;                               \
        unsigned stages = 0;                                 \
        cost_bill_make(&table, &work, &set, &bill);          \
        for (unsigned i = 0; i < COST_STAGES; i++)           \
            stages += bill.ps[i] > 0;                        \
        assert_int_equal(stages, 1);                         \
        assert_int_equal(sum_of(&bill), 77);                 \
    } while (0);
    WORK_LIST(X)
#undef X
}

/* As many bytes read as written: half of the cipher is opening. */
static void stages_sum_to_the_price_also_of_what_is_cold(void **state) {
    (void)state;
    struct cost_table table = {.circuit_cold_ps = 310000, .cell_cold_ps = 50000, .halves_hot = 100};
    struct work work;
#define X(name)        \
    table.ps.name = 3; \
    work.name = 1000;
    WORK_LIST(X)
#undef X
    table.ps.tls_aes256_bytes = 400;
    const struct working_set sets[] = {
        {0}, {.halves = 64, .halves_active = 64}, {.halves_active = 32000, .cells_waiting = 9000}};
    for (unsigned i = 0; i < 3; i++) {
        struct cost_bill bill;
        cost_bill_make(&table, &work, &sets[i], &bill);
        assert_int_equal(sum_of(&bill), cost_work_ps(&table, &work, &sets[i]));
        assert_in_range(bill.ps[COST_STAGE_RECORD_OPEN], 190000, 210000);
        assert_in_range(bill.ps[COST_STAGE_RECORD_SEAL], 200000, 220000);
    }
}

static void no_work_costs_nothing_in_any_stage(void **state) {
    (void)state;
    const struct cost_table table = {.ps = {.aes_bytes = 354}, .circuit_cold_ps = 310000};
    struct cost_bill bill;
    cost_bill_make(&table, &(struct work){0}, &(struct working_set){.halves_active = 32000}, &bill);
    assert_int_equal(sum_of(&bill), 0);
    for (unsigned i = 0; i < COST_STAGES; i++)
        assert_true(cost_stage_name((enum cost_stage)i)[0] != '\0');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_work_is_of_one_stage),
        cmocka_unit_test(stages_sum_to_the_price_also_of_what_is_cold),
        cmocka_unit_test(no_work_costs_nothing_in_any_stage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
