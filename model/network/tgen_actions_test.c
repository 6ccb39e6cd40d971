#include "network/tgen_actions.h"

#include "support/test.h"

#define HEAD                                                                                       \
    "<graphml><key id=\"k0\" attr.name=\"time\"/><key id=\"k1\" attr.name=\"sendsize\"/>"          \
    "<key id=\"k2\" attr.name=\"recvsize\"/><key id=\"k3\" attr.name=\"timeout\"/>"                \
    "<key id=\"k4\" attr.name=\"stallout\"/><key id=\"k5\" attr.name=\"flowmodelpath\"/>"          \
    "<key id=\"k6\" attr.name=\"streammodelpath\"/><key id=\"k7\" attr.name=\"packetmodelpath\"/>" \
    "<key id=\"k8\" attr.name=\"serverport\"/><key id=\"k9\" attr.name=\"weight\"/>"               \
    "<graph edgedefault=\"directed\">\n"
#define DATA(key, value)     "<data key=\"" key "\">" value "</data>"
#define NODE(id, data)       "<node id=\"" id "\">" data "</node>\n"
#define EDGE(from, to, data) "<edge source=\"" from "\" target=\"" to "\">" data "</edge>\n"
#define END                  "</graph></graphml>"
#define LOOP                 EDGE("start", "pause", "") EDGE("pause", "pause", "")

static struct tgen_actions parse(const char *text) {
    struct tgen_actions actions;
    struct mistake m = {""};
    if (!tgen_actions_parse("t", text, strlen(text), &actions, &m))
        fail_msg("%s", m.text);
    return actions;
}

static void a_client_that_fetches(void **state) {
    (void)state;
    struct tgen_actions a =
        parse(HEAD NODE("start", DATA("k0", "38")) NODE("pause", DATA("k0", "1 minute"))
                  NODE("stream_50k", DATA("k1", "1000 bytes") DATA("k2", "50 KiB") DATA("k3", "15 seconds"))
                      NODE("stream_5m", DATA("k1", "0") DATA("k2", "5 MiB"))
                          LOOP EDGE("pause", "stream_50k", DATA("k9", "12.0"))
                              EDGE("pause", "stream_5m", DATA("k9", "0.5")) END);
    assert_int_equal(a.kind, TGEN_PERIODIC);
    assert_int_equal(a.delay, 38 * NSEC_PER_S);
    assert_int_equal(a.pause, 60 * NSEC_PER_S);
    assert_int_equal(a.fetch_count, 2);
    assert_int_equal(a.fetches[0].send_bytes, 1000);
    assert_int_equal(a.fetches[0].receive_bytes, 51200);
    assert_int_equal(a.fetches[0].share, 12000);
    assert_int_equal(a.fetches[0].timeout, 15 * NSEC_PER_S);
    assert_int_equal(a.fetches[1].receive_bytes, 5242880);
    assert_int_equal(a.fetches[1].share, 500);
    assert_int_equal(a.fetches[1].timeout, 0);
}

static void a_client_with_flows(void **state) {
    (void)state;
    struct tgen_actions a =
        parse(HEAD NODE("start", DATA("k4", "5 minutes") DATA("k3", "10 minutes"))
                  NODE("traffic", DATA("k5", "../f") DATA("k6", "../s") DATA("k7", "../p"))
                      EDGE("start", "traffic", "") EDGE("traffic", "traffic", "") END);
    assert_int_equal(a.kind, TGEN_FLOWS);
    assert_string_equal(a.flows, "../f");
    assert_string_equal(a.streams, "../s");
    assert_string_equal(a.packets, "../p");
    assert_int_equal(a.stallout, 300 * NSEC_PER_S);
    assert_int_equal(a.timeout, 600 * NSEC_PER_S);
}

static void a_server(void **state) {
    (void)state;
    assert_int_equal(parse(HEAD NODE("start", DATA("k8", "80")) END).kind, TGEN_SERVER);
}

static void amounts_have_units(void **state) {
    (void)state;
    static const char *const none[] = {"",           "minute", "-1",           "1 fortnight",
                                       "1 minute 2", "1e30",   "9999999 hours"};
    nsec time;
    uint64_t bytes;
    assert_true(tgen_time("1.5 seconds", &time));
    assert_int_equal(time, 1500000000);
    assert_true(tgen_time("250 milliseconds", &time));
    assert_int_equal(time, 250000000);
    assert_true(tgen_bytes("1 MiB", &bytes));
    assert_int_equal(bytes, 1048576);
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(tgen_time(none[i], &time));
    assert_false(tgen_bytes("50 minutes", &bytes));
    assert_false(tgen_bytes("2000000 GiB", &bytes));
}

static void mistakes_have_lines(void **state) {
    (void)state;
    static const char shape[] =
        "t: expected start, then a pause that leads to itself and to streams by weight";
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {HEAD END, "t: expected a node start"},
        {HEAD NODE("start", DATA("k0", "soon")) END, "t:2: time: expected a time, as \"5 minutes\""},
        {HEAD NODE("start", "") END, shape},
        {HEAD NODE("start", "") NODE("pause", "") LOOP END, shape},
        {HEAD NODE("start", "") NODE("pause", DATA("k0", "1")) NODE("stream", "")
             LOOP EDGE("pause", "stream", "") END,
         "t:7: weight: expected a weight above 0, at most 1000"},
        {HEAD NODE("start", "") NODE("pause", DATA("k0", "1")) NODE("stream", "")
             LOOP EDGE("pause", "stream", DATA("k9", "1")) END,
         "t:4: sendsize: expected a size, as \"50 KiB\""},
        {HEAD NODE("start", "") NODE("pause", "") NODE("stream", DATA("k1", "1") DATA("k2", "1"))
             LOOP EDGE("pause", "stream", DATA("k9", "1")) END,
         "t: expected a pause with a time above 0"},
        {HEAD NODE("start", "") NODE("pause", DATA("k0", "1")) LOOP EDGE("pause", "stream", DATA("k9", "1"))
             END,
         "t:6: target: expected a node that is there"},
        {HEAD NODE("start", "") NODE("traffic", "") EDGE("start", "traffic", "") END,
         "t:3: flowmodelpath: expected the path of a model"},
        {HEAD NODE("start", "") NODE("traffic", "") EDGE("start", "traffic", "") EDGE("traffic", "end", "")
             END,
         "t: expected start, then one action of traffic"},
        {HEAD NODE("start", DATA("k8", "80")) EDGE("start", "start", "") END,
         "t:2: serverport: expected a server that does nothing else"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tgen_actions actions;
        struct mistake m = {""};
        assert_false(tgen_actions_parse("t", cases[i].text, strlen(cases[i].text), &actions, &m));
        assert_string_equal(m.text, cases[i].mistake);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_fetches),
        cmocka_unit_test(a_client_with_flows),
        cmocka_unit_test(a_server),
        cmocka_unit_test(amounts_have_units),
        cmocka_unit_test(mistakes_have_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
