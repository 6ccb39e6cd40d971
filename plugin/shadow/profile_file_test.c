#include "shadow/profile_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "cost/profile.h"
#include "support/test.h"

static void a_profile_is_read_whole(void **state) {
    const char *root = getenv("LOOM_SOURCE_DIR");
    struct cost_profile profile;
    struct mistake mistake;
    char path[512];
    (void)state;
    snprintf(path, sizeof path, "%s/model/cost/profiles/tor-0.4.9-xeon.yaml", root ? root : ".");
    assert_true(profile_file_read(path, &profile, &mistake));
    assert_string_equal(profile.name, "tor-0.4.9-xeon");
    assert_true(profile.value.ps.cells_received > 0);
}

static void what_is_no_profile_is_a_mistake(void **state) {
    struct cost_profile profile;
    struct mistake mistake = {""};
    (void)state;
    assert_false(profile_file_read("/nowhere/there.yaml", &profile, &mistake));
    assert_non_null(strstr(mistake.text, "/nowhere/there.yaml"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_read_whole),
        cmocka_unit_test(what_is_no_profile_is_a_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
