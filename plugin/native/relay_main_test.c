#include "native/relay_main.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

#define WORDS_MAX 16
#define AUTHORITY                                                                     \
    "a1 orport=1 no-v2 v3ident=0123456789ABCDEF0123456789ABCDEF01234567 127.0.0.1:1 " \
    "0123456789ABCDEF0123456789ABCDEF01234568"

static const struct relay_program program = {0};

/* Run the program with these words and one more option; argv is the program's to change. */
static int run(const char *option, const char *value) {
    char words[WORDS_MAX][192] = {
        "loom-relay",    "--verify-config", "-f",         "/dev/null",   "--ORPort",       "9001",
        "--ContactInfo", "a@b.test",        "--Nickname", "LoomMiddle1", "--DirAuthority", AUTHORITY};
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 12;
    if (option != NULL) {
        snprintf(words[argc++], sizeof words[0], "%s", option);
        snprintf(words[argc++], sizeof words[0], "%s", value);
    }
    for (int i = 0; i < argc; i++)
        argv[i] = words[i];
    return relay_main(argc, argv, &program);
}

static void a_good_configuration_is_valid(void **state) {
    (void)state;
    assert_int_equal(run(NULL, NULL), EXIT_SUCCESS);
    assert_int_equal(run("--Nickname", "no good"), EXIT_FAILURE);
}

/* It must not look as if work took the profile's time. */
static void a_relay_that_is_not_paced_refuses_a_profile(void **state) {
    (void)state;
    assert_int_equal(run("--PaceProfile", "some.yaml"), EXIT_FAILURE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_configuration_is_valid),
        cmocka_unit_test(a_relay_that_is_not_paced_refuses_a_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
