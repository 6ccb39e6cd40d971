#include "sim/results_hash.h"

#include "support/test.h"

/* FIPS 180-4, examples. */
static void known_digests(void **state) {
    (void)state;
    char text[RESULTS_HASH_TEXT];
    assert_true(results_hash("", 0, text));
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(results_hash("abc", 3, text));
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_digests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
