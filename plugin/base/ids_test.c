#include "base/ids.h"

#include "base/attributes.h"
#include "support/test.h"

static void an_object_id_keeps_its_four_parts(UNUSED void **state) {
    const struct {
        station_id station;
        enum object_class class;
        uint32_t slot, generation;
        object_id id;
    } rows[] = {
        {0, OBJECT_HALF, 0, 1, UINT64_C(0x0000000000000001)},
        {1, OBJECT_EDGE, 2, 3, UINT64_C(0x0100000028000003)},
        {STATIONS_MAX - 1, OBJECT_HALF, 0, 1, UINT64_C(0xff00000000000001)},
        {0, OBJECT_HALF, OBJECT_SLOTS_MAX - 1, 1, UINT64_C(0x00fffffff0000001)},
        {0, OBJECT_HALF, 0, OBJECT_GENERATION_MAX, UINT64_C(0x0000000007ffffff)},
        {STATIONS_MAX - 1, OBJECT_EDGE, OBJECT_SLOTS_MAX - 1, OBJECT_GENERATION_MAX, UINT64_MAX},
    };
    for (unsigned i = 0; i < COUNT(rows); i++) {
        object_id id = object_id_make(rows[i].station, rows[i].class, rows[i].slot, rows[i].generation);
        assert_true(id == rows[i].id);
        assert_int_equal(object_station(id), rows[i].station);
        assert_int_equal(object_class(id), rows[i].class);
        assert_int_equal(object_slot(id), rows[i].slot);
        assert_int_equal(object_generation(id), rows[i].generation);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_object_id_keeps_its_four_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
