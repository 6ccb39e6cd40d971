#include "cost/profile.h"

#include <stdio.h>
#include <stdlib.h>

#include "cost/behaviour.h"
#include "files/file_text.h"
#include "support/test.h"

#define TEXT_MAX (256u << 10)

static void profile_path(const char *name, char out[static 512]) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    snprintf(out, 512, "%s/model/cost/profiles/%s.yaml", root ? root : ".", name);
}

static struct file_text read_text(const char *name) {
    char path[512];
    struct mistake m = {""};
    struct file_text text;
    profile_path(name, path);
    if (!file_text_read(path, TEXT_MAX, &text, &m))
        fail_msg("%s", m.text);
    return text;
}

static void load(const char *name, struct cost_profile *out) {
    struct mistake m = {""};
    struct file_text text = read_text(name);
    if (!cost_profile_parse(name, text.bytes, text.length, out, &m))
        fail_msg("%s", m.text);
    file_text_fini(&text);
}

/* A middle relays cells of one circuit in one burst, and reads and writes them in the way of who. */
static nsec middle_ns_per_cell(const struct cost_table *table, const struct cost_behaviour *who,
                               uint64_t cells) {
    struct work work = {.cells_received = cells,
                        .cells_sent = cells,
                        .aes_bytes = 509 * cells,
                        .crypt_runs = 1,
                        .circuit_switches = 1,
                        .scheduler_picks = 1};
    uint64_t records = cost_behaviour_records(who, 514 * cells);
    cost_behaviour_receive(who, LINK_AES256, records, 514 * cells, &work);
    cost_behaviour_send(who, LINK_AES256, records, 514 * cells, &work);
    cost_behaviour_correct(who, &work);
    return cost_price(table, &work, &(struct working_set){0}) / cells;
}

/* A middle took tor 2000 to 2900 ns a cell where its profile was measured (docs/cost-model.md), and a relay in Loom's shape 300
 * to 1062. The slower CPU takes longer, by about what code bound by instructions does. */
static void the_committed_profiles_add_up(void **state) {
    (void)state;
    struct cost_profile tor, loom, tor_here, loom_here;
    load("tor-0.4.9-intel-xeon-6-207", &tor_here);
    load("loom-intel-xeon-6-207", &loom_here);
    assert_string_equal(cost_profile_note(&tor_here), "calibrated");
    nsec tor_ns = middle_ns_per_cell(&tor_here.value, &cost_behaviour_tor, 31);
    nsec loom_ns = middle_ns_per_cell(&loom_here.value, &cost_behaviour_loom, 31);
    assert_in_range(tor_ns, 2000, 2900);
    assert_in_range(loom_ns, 300, 1062);
    load("tor-0.4.9-xeon", &tor);
    load("loom-xeon", &loom);
    assert_string_equal(tor.name, "tor-0.4.9-xeon");
    assert_string_equal(loom.name, "loom-xeon");
    assert_string_equal(cost_profile_note(&tor), "uncalibrated");
    assert_string_equal(cost_profile_note(&loom), "uncalibrated");
    assert_int_equal(tor.cores, 16);
    assert_int_equal(tor.threads_per_core, 2);
    assert_int_equal(tor.nic_mbit, 10000);
    assert_false(tor.nic_both_ways);
    assert_int_equal(cost_profile_cipher(&loom), LINK_AES256);

    assert_in_range(middle_ns_per_cell(&tor.value, &cost_behaviour_tor, 31), tor_ns * 13 / 10,
                    tor_ns * 24 / 10);
    assert_in_range(middle_ns_per_cell(&loom.value, &cost_behaviour_loom, 31), loom_ns * 13 / 10,
                    loom_ns * 30 / 10);
}

/* Native runs of that machine took 370 to 530 ns a hot cell, many records to a call; here each record is a call of its own. */
static void the_profile_that_was_calibrated_says_so_and_adds_up(void **state) {
    (void)state;
    struct cost_profile here;
    load("loom-intel-xeon-6-207", &here);
    assert_string_equal(cost_profile_note(&here), "calibrated");
    assert_int_equal(here.cores, 2);
    assert_in_range(middle_ns_per_cell(&here.value, &cost_behaviour_loom, 31), 300, 800);
    assert_true(here.value.cell_cold_ps > 0);
    assert_true(here.value.queues_hot > 0);
}

static void the_ends_of_the_intervals_hold_the_value(void **state) {
    (void)state;
    static const char *const names[] = {"tor-0.4.9-xeon", "loom-xeon"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct cost_profile p;
        load(names[i], &p);
        nsec value = middle_ns_per_cell(&p.value, &cost_behaviour_loom, 31);
        assert_true(middle_ns_per_cell(&p.least, &cost_behaviour_loom, 31) < value);
        assert_true(middle_ns_per_cell(&p.most, &cost_behaviour_loom, 31) > value);
        const struct work cold = {.circuit_switches = 1};
        const struct working_set set = {.halves_active = 20000};
        assert_true(cost_work_ps(&p.least, &cold, &set) < cost_work_ps(&p.value, &cold, &set));
        assert_true(cost_work_ps(&p.most, &cold, &set) > cost_work_ps(&p.value, &cold, &set));
    }
}

/* The first place of what, replaced by instead. */
static char *replaced(const char *text, const char *what, const char *instead) {
    const char *place = strstr(text, what);
    assert_non_null(place);
    size_t head = (size_t)(place - text), room = strlen(text) + strlen(instead) + 1;
    char *out = malloc(room);
    assert_non_null(out);
    snprintf(out, room, "%.*s%s%s", (int)head, text, instead, place + strlen(what));
    return out;
}

/* Nothing is known of wakes and softirqs unless a profile says it. */
static void what_may_be_left_out(void **state) {
    (void)state;
    struct file_text text = read_text("loom-xeon");
    struct cost_profile p;
    struct mistake m = {""};
    assert_null(strstr(text.bytes, "softirq"));
    assert_true(cost_profile_parse("p.yaml", text.bytes, text.length, &p, &m));
    assert_int_equal(p.most.softirq_permille, 0);
    assert_int_equal(p.softirq_queues, 1);

    char *queues =
        replaced(text.bytes, "    nic_direction: each\n", "    nic_direction: each\n    softirq_queues: 3\n");
    char *whole = replaced(queues, "\nsmt: ",
                           "\nwake_delay: {ns: 6000, least: 3000, most: 17000, source: assumed, from: x}"
                           "\nsoftirq: {permille: 300, least: 0, most: 600, source: assumed, from: x}"
                           "\nsmt: ");
    assert_true(cost_profile_parse("p.yaml", whole, strlen(whole), &p, &m));
    assert_int_equal(p.value.wake_delay_ns, 6000);
    assert_int_equal(p.least.wake_delay_ns, 3000);
    assert_int_equal(p.most.wake_delay_ns, 17000);
    assert_int_equal(p.value.softirq_permille, 300);
    assert_int_equal(p.most.softirq_permille, 600);
    assert_int_equal(p.softirq_queues, 3);
    free(queues);
    free(whole);
    file_text_fini(&text);
}

static void each_kind_of_mistake_is_named(void **state) {
    (void)state;
    static const struct {
        const char *what, *instead, *mistake;
    } cases[] = {
        {"profile: loom-xeon\n", "", "p.yaml:4: expected a key \"profile\" with text"},
        {"profile: loom-xeon", "profile: 0123456789012345678901234567890123456789012345678901234567890123",
         "p.yaml:4: profile: expected fewer than 64 bytes"},
        {"calibrated: false", "calibrated: no", "p.yaml:6: calibrated: expected false or true, found \"no\""},
        {"calibrated: false", "calibrated: false\nmodel: x",
         "p.yaml:7: model: no such key: expected profile"},
        {"cores: 16", "cores: 0",
         "p.yaml:8: hardware.cores: expected a whole number from 1 to 1024, found \"0\""},
        {"threads_per_core: 2", "threads_per_core: 3",
         "p.yaml:9: hardware.threads_per_core: expected a whole number from 1 to 2, found \"3\""},
        {"aes: true", "aes: 1", "p.yaml:12: hardware.aes: expected false or true, found \"1\""},
        {"nic_direction: each", "nic_direction: up",
         "p.yaml:11: hardware.nic_direction: expected each or both"},
        {"smt: {permille: 1633", "smt: {permille: 16330",
         "smt.permille: expected a whole number from 1000 to 4000, found \"16330\""},
        {"smt: {permille: 1633", "smt: {permille: 1400", "smt: expected least <= permille <= most"},
        {"circuit_cold: {ps: ", "circuit_cold: {ps: 99999999",
         "circuit_cold.ps: expected a whole number from 0 to 1000000000, found \"99999999"},
        {"\nsmt: ", "\nsoftirq: {permille: 1001, least: 0, most: 0, source: assumed, from: x}\nsmt: ",
         "softirq.permille: expected a whole number from 0 to 1000, found \"1001\""},
        {"aes_bytes: {ps: 354,", "aes_bytes: {",
         "prices.aes_bytes: expected a key \"ps\" with a whole number"},
        {"aes_bytes: {ps: 354,", "aes_bytes: {ns: 1,",
         "prices.aes_bytes.ns: no such key: expected ps, least"},
        {"aes_bytes: {ps: 354,", "aes_bytes: {ps: 0.354,",
         "prices.aes_bytes.ps: expected a whole number from 0 to 1000000000000, found \"0.354\""},
        {"aes_bytes: {ps: 354,", "aes_bytes: {ps: 394,", "prices.aes_bytes: expected least <= ps <= most"},
        {"aes_bytes: {ps: 354,", "aes_bytes: {ps: 239,", "prices.aes_bytes: expected least <= ps <= most"},
        {"aes_bytes: {ps: 354,", "aes_byte: {ps: 354,",
         "prices.aes_byte: no such key: expected cells_received"},
        {"aes_bytes: {ps: 354, least: 240, most: 393, source: derived",
         "aes_bytes: {ps: 354, least: 240, most: 393, source: guessed",
         "prices.aes_bytes.source: expected measured, published, derived or assumed, found \"guessed\""},
        {"\"counted elsewhere, as it was there\"", "\"\"",
         "prices.bytes_received.from: expected text, found nothing"},
        {"prices:", "prices: 3\nrest:", "rest: no such key"},
        {"prices:", "prices", "expected YAML: could not find expected ':'"},
    };
    struct file_text text = read_text("loom-xeon");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cost_profile p;
        struct mistake m = {""};
        char *wrong = replaced(text.bytes, cases[i].what, cases[i].instead);
        assert_false(cost_profile_parse("p.yaml", wrong, strlen(wrong), &p, &m));
        if (!strstr(m.text, cases[i].mistake) || strncmp(m.text, "p.yaml:", 7) != 0)
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, m.text, cases[i].mistake);
        free(wrong);
    }
    file_text_fini(&text);
}

/* facts/performance.md, section 2e: 51 to 56 us a cell with AES-256 of 64 bits and 44 of 32 bits, +-25 %, for a relay without
 * Tor; and ChaCha20-Poly1305, for which the CPU has what it needs, takes half of the whole. */
static void a_pi_is_what_its_ciphers_and_its_kernel_make_it(void **state) {
    (void)state;
    struct cost_profile loom_64, loom_32, tor_64, tor_32;
    load("loom-pi-64", &loom_64);
    load("loom-pi-32", &loom_32);
    load("tor-0.4.9-pi-64", &tor_64);
    load("tor-0.4.9-pi-32", &tor_32);
    assert_string_equal(cost_profile_note(&loom_64), "uncalibrated");
    assert_int_equal(loom_64.cores, 4);
    assert_int_equal(loom_64.threads_per_core, 1);
    assert_true(loom_64.nic_both_ways);
    assert_int_equal(cost_profile_cipher(&loom_32), LINK_CHACHA);
    nsec ns_64 = middle_ns_per_cell(&loom_64.value, &cost_behaviour_loom, 31);
    nsec ns_32 = middle_ns_per_cell(&loom_32.value, &cost_behaviour_loom, 31);
    assert_in_range(ns_64, 42000, 70000);
    assert_in_range(ns_32, 33000, 55000);
    assert_true(middle_ns_per_cell(&tor_64.value, &cost_behaviour_tor, 31) > ns_64);
    assert_true(middle_ns_per_cell(&tor_32.value, &cost_behaviour_tor, 31) > ns_32);
    assert_true(loom_64.most.ps.tls_chacha_bytes * 2 < loom_64.least.ps.tls_aes256_bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_committed_profiles_add_up),
        cmocka_unit_test(a_pi_is_what_its_ciphers_and_its_kernel_make_it),
        cmocka_unit_test(the_profile_that_was_calibrated_says_so_and_adds_up),
        cmocka_unit_test(the_ends_of_the_intervals_hold_the_value),
        cmocka_unit_test(what_may_be_left_out),
        cmocka_unit_test(each_kind_of_mistake_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
