#include "sim/scenario_places.h"

#include "sim/scenario_small.h"
#include "support/test.h"

static const char table_text[] = "AT 1.0\nDE 2.0 1.0\nUS 50.0 60.0 9.0\n";

static void table_of_three(struct country_latency *out) {
    struct mistake m;
    assert_true(country_latency_parse(
        "three", (struct span){(const uint8_t *)table_text, sizeof(table_text) - 1}, out, &m));
}

static void by_their_shares(void **state) {
    (void)state;
    const struct scenario_place items[] = {{.country = "US", .share = 3}, {.country = "AT", .share = 1}};
    union {
        const void *in;
        void *out;
    } list = {items};
    const struct record_list shares = {list.out, 2};
    struct country_latency latency;
    struct places users, same, servers;
    struct mistake m;
    table_of_three(&latency);
    assert_true(places_init(&users, &shares, &latency, 7, PLACES_USERS, &m));
    assert_true(places_init(&same, &shares, &latency, 7, PLACES_USERS, &m));
    assert_true(places_init(&servers, &shares, &latency, 7, PLACES_SERVERS, &m));
    uint32_t drawn[3] = {0};
    uint32_t different = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        uint16_t country = places_draw(&users);
        assert_int_equal(country, places_draw(&same));
        different += country != places_draw(&servers);
        drawn[country]++;
    }
    assert_int_equal(drawn[1], 0);
    assert_in_range(drawn[2], 2900, 3100);
    assert_true(different > 0);
    places_fini(&users);
    places_fini(&same);
    places_fini(&servers);
    country_latency_fini(&latency);
}

static void unknown_countries(void **state) {
    (void)state;
    static const struct {
        const char *country, *mistake;
    } cases[] = {
        {"XX",
         "small.yaml:9: traffic.users[1].country: expected a country of the table of latencies, found \"XX\""},
        {"de", "small.yaml:9: traffic.users[1].country: expected two capital letters, found \"de\""},
    };
    struct country_latency latency;
    table_of_three(&latency);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[1024];
        struct scenario s;
        struct places places;
        struct mistake m = {""};
        snprintf(text, sizeof(text),
                 SMALL_HEAD SMALL_NETWORK SMALL_CLASSES
                 "traffic:\n    users: [{country: DE, share: 1}, {country: %s, "
                 "share: 1}]\n    servers: {count: 1}\n    clients: [{name: w, "
                 "hosts: 1, pause_ms: 1, files: [{bytes: 1}]}]\n" SMALL_ARMS,
                 cases[i].country);
        small_parse(text, &s);
        assert_false(places_init(&places, &s.traffic.users, &latency, 1, PLACES_USERS, &m));
        assert_string_equal(m.text, cases[i].mistake);
        scenario_fini(&s);
    }
    country_latency_fini(&latency);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_their_shares),
        cmocka_unit_test(unknown_countries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
