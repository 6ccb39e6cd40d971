#include "shadow/paced_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/config.h"
#include "native/pacing.h"
#include "native/turn_clock.h"
#include "support/test.h"

static struct config *config_of(const char *profile) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    char path[512];
    struct config *config = config_new();
    assert_non_null(config);
    snprintf(path, sizeof path, "%s/model/cost/profiles/%s.yaml", root ? root : ".", profile);
    config->pace_profile = strdup(path);
    return config;
}

/* Ten thousand cells take that profile's CPU some time, which passes. */
static void a_relay_is_paced_by_its_profile(void **state) {
    struct config *config = config_of("loom-xeon");
    struct complaint complaint;
    struct pacing *pacing = paced_relay_new(config, &complaint);
    const struct work work = {.cells_received = 10000, .cells_sent = 10000};
    (void)state;
    assert_non_null(pacing);
    nsec began = monotonic_read();
    pacing->charge(pacing, 1, &work, &(struct working_set){0});
    nsec done = pacing->queue(pacing, 1, &work, &(struct working_set){0});
    assert_true(done > began + NSEC_PER_MS);
    pacing->woken(pacing, 1, NSEC_NEVER);
    paced_relay_free(pacing);
    config_free(config);
}

/* Whatever this machine has. */
static void links_have_the_cipher_of_its_profile(void **state) {
    static const struct {
        const char *profile;
        enum cipher_order order;
    } cases[] = {{"loom-xeon", CIPHER_ORDER_AES}, {"loom-pi-64", CIPHER_ORDER_CHACHA}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct config *config = config_of(cases[i].profile);
        struct complaint complaint;
        struct pacing *pacing = paced_relay_new(config, &complaint);
        assert_non_null(pacing);
        assert_int_equal(cipher_choose(CIPHER_WISH_AUTO, pacing->hardware).order, cases[i].order);
        paced_relay_free(pacing);
        config_free(config);
    }
}

static void what_is_no_machine_is_complained_of(void **state) {
    struct complaint complaint;
    struct config *config = config_of("loom-xeon");
    (void)state;
    config->pace_cores = 129;
    assert_null(paced_relay_new(config, &complaint));
    assert_non_null(strstr(complaint.text, "PaceProfile: expected at most 128 logical cores"));
    config_free(config);
    config = config_of("nobody");
    assert_null(paced_relay_new(config, &complaint));
    assert_non_null(strstr(complaint.text, "PaceProfile: "));
    config_free(config);
    config = config_new();
    assert_null(paced_relay_new(config, &complaint));
    assert_non_null(strstr(complaint.text, "PaceProfile: expected a profile"));
    config_free(config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relay_is_paced_by_its_profile),
        cmocka_unit_test(links_have_the_cipher_of_its_profile),
        cmocka_unit_test(what_is_no_machine_is_complained_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
