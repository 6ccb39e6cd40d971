#include "sim/record.h"

#include <stdlib.h>

#include "support/test.h"

struct wheel {
    const struct setting *at;
    uint64_t spokes;
    uint64_t kind;
};

struct cart {
    const struct setting *at;
    const char *name;
    uint64_t is_fast;
    struct wheel spare;
    struct record_list wheels;
};

static const char *const kinds[] = {"wood", "iron"};
static const struct record_field wheel_fields[] = {
    {.key = "spokes",
     .kind = RECORD_NUMBER,
     .offset = offsetof(struct wheel, spokes),
     .least = 3,
     .most = 9,
     .value = 5,
     .is_optional = true,
     .about = "of one wheel"},
    {.key = "kind",
     .kind = RECORD_CHOICE,
     .offset = offsetof(struct wheel, kind),
     .names = kinds,
     .names_n = 2,
     .value = 1,
     .is_optional = true},
};
static const struct record wheel_record = {wheel_fields, 2, sizeof(struct wheel)};
static const struct record_field cart_fields[] = {
    {.key = "name", .kind = RECORD_TEXT, .offset = offsetof(struct cart, name)},
    {.key = "fast", .kind = RECORD_BOOL, .offset = offsetof(struct cart, is_fast), .is_optional = true},
    {.key = "spare",
     .kind = RECORD_MAP,
     .offset = offsetof(struct cart, spare),
     .record = &wheel_record,
     .is_optional = true},
    {.key = "wheels",
     .kind = RECORD_LIST,
     .offset = offsetof(struct cart, wheels),
     .record = &wheel_record,
     .least = 1,
     .most = 2},
};
static const struct record cart_record = {cart_fields, 4, sizeof(struct cart)};

static bool read_cart(const char *text, struct cart *out, struct settings **settings, struct mistake *m) {
    *settings = settings_parse("cart.yaml", text, strlen(text), m);
    assert_non_null(*settings);
    return record_read(&cart_record, settings_root(*settings), out, m);
}

static void values_and_defaults(void **state) {
    (void)state;
    struct cart cart;
    struct settings *settings;
    struct mistake m = {""};
    assert_true(read_cart("name: red\nwheels:\n  - {spokes: 7}\n  - {kind: wood}\n", &cart, &settings, &m));
    const struct wheel *wheels = cart.wheels.items;
    assert_string_equal(cart.name, "red");
    assert_int_equal(cart.is_fast, 0);
    assert_null(cart.spare.at);
    assert_int_equal(cart.spare.spokes, 5);
    assert_int_equal(cart.wheels.n, 2);
    assert_int_equal(wheels[0].spokes, 7);
    assert_int_equal(wheels[0].kind, 1);
    assert_int_equal(wheels[1].kind, 0);
    assert_int_equal(wheels[1].at->line, 4);

    json_t *json = record_json(&cart_record, &cart);
    char *text = json_dumps(json, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"name\":\"red\",\"fast\":false,\"spare\":{\"spokes\":5,\"kind\":\"iron\"},"
                        "\"wheels\":[{\"spokes\":7,\"kind\":\"iron\"},{\"spokes\":5,\"kind\":\"wood\"}]}");
    free(text);
    json_decref(json);
    record_fini(&cart_record, &cart);
    settings_free(settings);
}

static void mistakes_are_placed(void **state) {
    (void)state;
    static const struct {
        const char *text, *mistake;
    } cases[] = {
        {"wheels: [{}]\n", "cart.yaml:1: expected a key \"name\" with text"},
        {"name: x\n", "cart.yaml:1: expected a key \"wheels\" with a list"},
        {"name: x\nwheels: []\n", "cart.yaml:2: wheels: expected 1 to 2 items, found 0"},
        {"name: x\nwheels: [{}, {}, {}]\n", "cart.yaml:2: wheels: expected 1 to 2 items, found 3"},
        {"name: x\nwheels: [{}, 7]\n", "cart.yaml:2: wheels[1]: expected keys and values"},
        {"name: x\nwheels:\n  - {}\n  - {spokes: 2}\n",
         "cart.yaml:4: wheels[1].spokes: expected a whole number from 3 to 9, found \"2\""},
        {"name: x\nwheels: [{}]\nspare: 3\n", "cart.yaml:3: spare: expected keys and values below it"},
        {"name: x\nwheels: [{}]\nfast: yes\n", "cart.yaml:3: fast: expected false or true, found \"yes\""},
        {"name: x\nwheel: []\n", "cart.yaml:2: wheel: no such key: expected name, fast, spare or wheels"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cart cart;
        struct settings *settings;
        struct mistake m = {""};
        assert_false(read_cart(cases[i].text, &cart, &settings, &m));
        assert_string_equal(m.text, cases[i].mistake);
        settings_free(settings);
    }
}

static void mistakes_that_no_table_can_say(void **state) {
    (void)state;
    struct cart cart;
    struct settings *settings;
    struct mistake m;
    assert_true(read_cart("wheels:\n  - {spokes: 7}\nname: red\n", &cart, &settings, &m));
    const struct wheel *wheels = cart.wheels.items;
    assert_false(record_mistake(wheels[0].at, "spokes", &m, "expected %u", 8u));
    assert_string_equal(m.text, "cart.yaml:2: wheels[0].spokes: expected 8");
    assert_false(record_mistake(wheels[0].at, "kind", &m, "expected wood"));
    assert_string_equal(m.text, "cart.yaml:2: wheels[0]: kind: expected wood");
    assert_false(record_mistake(cart.at, NULL, &m, "expected another cart"));
    assert_string_equal(m.text, "cart.yaml:1: expected another cart");
    record_fini(&cart_record, &cart);
    settings_free(settings);
}

static void a_schema(void **state) {
    (void)state;
    json_t *schema = record_schema(&wheel_record);
    char *text = json_dumps(schema, JSON_COMPACT);
    assert_string_equal(text,
                        "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                        "\"spokes\":{\"type\":\"integer\",\"minimum\":3,\"maximum\":9,\"default\":5,"
                        "\"description\":\"of one wheel\"},"
                        "\"kind\":{\"enum\":[\"wood\",\"iron\"],\"default\":\"iron\"}},\"required\":[]}");
    free(text);
    json_decref(schema);
    schema = record_schema(&cart_record);
    assert_int_equal(json_array_size(json_object_get(schema, "required")), 2);
    json_decref(schema);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_defaults),
        cmocka_unit_test(mistakes_are_placed),
        cmocka_unit_test(mistakes_that_no_table_can_say),
        cmocka_unit_test(a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
