#include "native/dos_report.h"

#include "base/attributes.h"
#include "support/test.h"

static void defences_that_are_off_are_named(UNUSED void **state) {
    const struct dos_figures none = {0};
    char line[DOS_REPORT_MAX];
    dos_report(&none, &dos_params_default, line);
    assert_string_equal(line,
                        "Heartbeat: DoS mitigation since startup: 0 circuits killed with too many cells, "
                        "[DoSCircuitCreationEnabled disabled], [DoSConnectionEnabled disabled], "
                        "[DoSRefuseSingleHopClientRendezvous disabled], [DoSStreamCreationEnabled disabled], "
                        "0 INTRODUCE2 rejected.");
}

/* Also the longest line that there can be. */
static void what_was_refused_is_counted(UNUSED void **state) {
    struct dos_params params = dos_params_default;
    struct dos_figures most;
    char line[DOS_REPORT_MAX];
    params.circuit_enabled = params.connection_enabled = params.refuse_single_hop = params.stream_enabled = 1;
    memset(&most, 0xff, sizeof most);
    most.circuit_killed_max_cell = 1;
    most.circuit_killed_max_cell_outq = 2;
    most.marked_address = 7;
    dos_report(&most, &params, line);
    assert_non_null(strstr(line, "3 circuits killed"));
    assert_non_null(strstr(line, "18446744073709551615 circuits rejected, 7 marked addresses, "));
    assert_non_null(strstr(line, " connections rejected, "));
    assert_non_null(strstr(line, " single hop clients refused, "));
    assert_non_null(strstr(line, " stream rejected, "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defences_that_are_off_are_named),
        cmocka_unit_test(what_was_refused_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
