/* What the CPU says must agree with what the kernel says of it; on other machines than x86-64 the compiler knows of nothing, and
 * nobody is asked: under an emulator the kernel's answer is of another machine. */
#include "native/cpu_features.h"

#include <stdio.h>

#include "support/test.h"

/* Has the first CPU of /proc/cpuinfo this flag? */
static bool kernel_names(const char *flag) {
    char line[8192], word[32];
    bool found = false;
#ifndef __x86_64__
    return false;
#endif
    FILE *file = fopen("/proc/cpuinfo", "r");
    assert_non_null(file);
    snprintf(word, sizeof word, " %s ", flag);
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "flags", 5) != 0)
            continue;
        line[strcspn(line, "\n")] = ' ';
        found = strstr(line, word) != NULL;
        break;
    }
    fclose(file);
    return found;
}

static void test_kernel_agrees(void **state) {
    (void)state;
    assert_int_equal(cpu_has_aes(), kernel_names("aes"));
    assert_int_equal(cpu_has_carryless(), kernel_names("pclmulqdq"));
    assert_int_equal(cpu_has_wide_aes(),
                     kernel_names("vaes") && kernel_names("avx512bw") && kernel_names("avx512vl"));
    assert_int_equal(cpu_has_wide_carryless(),
                     kernel_names("vpclmulqdq") && kernel_names("avx512bw") && kernel_names("avx512vl"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_agrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
