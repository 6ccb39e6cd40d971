#include "sim/results_hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

static void a_file_is_hashed_as_its_bytes(void **state) {
    (void)state;
    char path[] = "/tmp/loom-hash.XXXXXX";
    char of_file[RESULTS_HASH_TEXT], of_bytes[RESULTS_HASH_TEXT];
    static char bytes[200000];
    memset(bytes, 'x', sizeof(bytes));
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, sizeof(bytes), file), sizeof(bytes));
    assert_int_equal(fclose(file), 0);
    assert_true(results_hash_file(path, of_file));
    assert_true(results_hash(bytes, sizeof(bytes), of_bytes));
    assert_string_equal(of_file, of_bytes);
    assert_int_equal(unlink(path), 0);
    assert_false(results_hash_file(path, of_file));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_digests),
        cmocka_unit_test(a_file_is_hashed_as_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
