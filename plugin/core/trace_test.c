#include "core/trace.h"

#include "base/attributes.h"
#include "support/test.h"

static void kinds_have_names_of_their_own(UNUSED void **state) {
    static const enum trace_kind kinds[] = {
#define X(name, text) TRACE_##name,
        TRACE_LIST(X)
#undef X
    };
    for (size_t i = 0; i < COUNT(kinds); i++) {
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(trace_kind_name(kinds[i]), trace_kind_name(kinds[j]));
    }
    assert_string_equal(trace_kind_name(TRACE_LINK_OPENED), "link-opened");
    assert_string_equal(trace_kind_name(TRACE_EDGE_CLOSE), "edge-close");
    assert_string_equal(trace_kind_name((enum trace_kind)COUNT(kinds)), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(kinds_have_names_of_their_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
