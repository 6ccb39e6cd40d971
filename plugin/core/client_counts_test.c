#include "core/client_counts.h"

#include "support/test.h"
#include "support/test_memory.h"

#define S NSEC_PER_S

struct fixture {
    struct test_memory memory;
    struct client_counts counts;
    struct dos_params params;
    nsec now;
};

static void set_up(struct fixture *f) {
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    client_counts_init(&f->counts, &f->memory.memory, 1000, 1);
    f->params = dos_params_default;
    f->params.connection_enabled = f->params.circuit_enabled = 1;
    f->now = S;
}

static void tear_down(struct fixture *f) {
    client_counts_fini(&f->counts);
    test_memory_fini(&f->memory);
}

static struct address ipv4(uint32_t number) {
    struct address address = {.family = ADDRESS_IPV4};
    memcpy(address.bytes, &number, sizeof number);
    return address;
}

static enum client_answer connect_from(struct fixture *f, struct address address, struct client **out) {
    return client_counts_connect(&f->counts, f->now, &f->params, &address, out);
}

/* Connections of one client; the last one's answer. */
static enum client_answer connect_times(struct fixture *f, struct address address, unsigned times,
                                        struct client **out) {
    enum client_answer answer = CLIENT_MAY;
    for (unsigned i = 0; i < times; i++)
        answer = connect_from(f, address, out);
    return answer;
}

static void an_address_has_so_many_connections(UNUSED void **state) {
    struct fixture f;
    struct client *client, *neighbour;
    set_up(&f);
    f.params.connect_burst = 1000;
    assert_int_equal(connect_times(&f, ipv4(7), 100, &client), CLIENT_MAY);
    struct client *first = client;
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_HAS_TOO_MANY);
    assert_null(client);
    assert_int_equal(connect_from(&f, ipv4(8), &neighbour), CLIENT_MAY);
    client_counts_disconnect(&f.counts, f.now, first, false);
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
    assert_ptr_equal(client, first);
    f.params.connection_enabled = 0;
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
    tear_down(&f);
}

/* Burst 40, 20 a second; then none for the period to half as long again. */
static void an_address_connects_so_often(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    f.params.connect_defense_s = 100;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
        client_counts_disconnect(&f.counts, f.now, client, false);
    }
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_CONNECTS_TOO_OFTEN);
    assert_int_equal(connect_from(&f, ipv4(8), &client), CLIENT_MAY);
    f.now += 100 * S;
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_CONNECTS_TOO_OFTEN);
    f.now += 51 * S;
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
    tear_down(&f);
}

/* Never more than the rate: 20 a second, for a minute. */
static void who_keeps_to_the_rate_is_never_refused(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    for (unsigned i = 0; i < 1200; i++) {
        assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
        client_counts_disconnect(&f.counts, f.now, client, false);
        f.now += S / 20;
    }
    tear_down(&f);
}

static void a_connection_of_a_relay_has_never_counted(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
        client_counts_disconnect(&f.counts, f.now, client, true);
    }
    tear_down(&f);
}

/* Burst 90, 3 a second, of an address with 3 connections. */
static void an_address_makes_so_many_circuits(UNUSED void **state) {
    static const struct {
        unsigned connections, circuits;
        bool is_refused;
    } cases[] = {{3, 89, false}, {3, 90, true}, {3, 5000, true}, {2, 5000, false}, {4, 90, true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fixture f;
        struct client *client;
        set_up(&f);
        connect_times(&f, ipv4(7), cases[i].connections, &client);
        assert_int_equal(client_counts_create(&f.counts, f.now, &f.params, client, cases[i].circuits),
                         cases[i].is_refused);
        if (cases[i].is_refused) {
            assert_in_range(client->circuits_refused_until, f.now + 3600 * S, f.now + 5401 * S);
            f.now += 10 * S;
            assert_false(client_counts_create(&f.counts, f.now, &f.params, client, 29));
            assert_true(client_counts_create(&f.counts, f.now, &f.params, client, 1)); /* it goes on */
        }
        tear_down(&f);
    }
}

static void full_queues_are_counted_too(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    connect_from(&f, ipv4(7), &client);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 2; i++)
            assert_false(client_counts_queue_full(&f.counts, f.now, &f.params, client));
        assert_true(client_counts_queue_full(&f.counts, f.now, &f.params, client));
        assert_false(client_counts_queue_full(&f.counts, f.now, &f.params, client)); /* is refused already */
        f.now = client->circuits_refused_until;
    }
    f.params.queues_full_max = 0;
    for (unsigned i = 0; i < 10; i++)
        assert_false(client_counts_queue_full(&f.counts, f.now, &f.params, client));
    tear_down(&f);
}

static void addresses_differ_in_every_bit(UNUSED void **state) {
    struct fixture f;
    struct client *client, *other;
    set_up(&f);
    struct address zero = {.family = ADDRESS_IPV6};
    connect_from(&f, zero, &client);
    for (unsigned bit = 0; bit < 128; bit++) {
        struct address address = zero;
        address.bytes[bit / 8] = (uint8_t)(1u << bit % 8);
        connect_from(&f, address, &other);
        assert_int_equal(other->connections, 1);
        assert_ptr_not_equal(other, client);
    }
    connect_from(&f, ipv4(0), &other);
    assert_ptr_not_equal(other, client);
    connect_from(&f, zero, &other);
    assert_ptr_equal(other, client);
    tear_down(&f);
}

/* Beyond the bound the one that left first is forgotten: it has its bursts again. */
static void addresses_without_connections_are_bounded(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    f.params.connect_burst = f.params.connect_rate = 1;
    connect_from(&f, ipv4(0), &client); /* stays, and is no idle one */
    for (uint32_t i = 1; i <= CLIENTS_IDLE_MAX; i++) {
        connect_from(&f, ipv4(i), &client);
        client_counts_disconnect(&f.counts, f.now, client, false);
    }
    assert_int_equal(connect_from(&f, ipv4(1), &client), CLIENT_CONNECTS_TOO_OFTEN);
    connect_from(&f, ipv4(CLIENTS_IDLE_MAX + 1), &client);
    client_counts_disconnect(&f.counts, f.now, client, false);
    assert_int_equal(f.counts.idle_count, CLIENTS_IDLE_MAX);
    assert_int_equal(connect_from(&f, ipv4(2), &client), CLIENT_CONNECTS_TOO_OFTEN);
    assert_int_equal(connect_from(&f, ipv4(1), &client), CLIENT_MAY);
    assert_int_equal(connect_from(&f, ipv4(0), &client), CLIENT_CONNECTS_TOO_OFTEN);
    tear_down(&f);
}

static void who_cannot_be_counted_for_want_of_memory_may(UNUSED void **state) {
    struct fixture f;
    struct client *client;
    set_up(&f);
    test_memory_fail_after(&f.memory, 0);
    assert_int_equal(connect_from(&f, ipv4(7), &client), CLIENT_MAY);
    assert_null(client);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_so_many_connections),
        cmocka_unit_test(an_address_connects_so_often),
        cmocka_unit_test(who_keeps_to_the_rate_is_never_refused),
        cmocka_unit_test(a_connection_of_a_relay_has_never_counted),
        cmocka_unit_test(an_address_makes_so_many_circuits),
        cmocka_unit_test(full_queues_are_counted_too),
        cmocka_unit_test(addresses_differ_in_every_bit),
        cmocka_unit_test(addresses_without_connections_are_bounded),
        cmocka_unit_test(who_cannot_be_counted_for_want_of_memory_may),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
