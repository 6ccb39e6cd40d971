/* controller_bench - a controller alone; the test is its two managers, at their ends of the mailroom. */
#ifndef LOOM_SUPPORT_CONTROLLER_BENCH_H
#define LOOM_SUPPORT_CONTROLLER_BENCH_H

#include "core/control.h"
#include "core/mailroom.h"
#include "core/relay_controller.h"
#include "support/fake_port.h"
#include "support/test.h"
#include "support/test_memory.h"

#define CONTROLLER 3u
#define STATIONS   4u

struct controller_bench {
    struct test_memory memory;
    struct relay_config config;
    struct fake_port port;
    bool woken[STATIONS];
    struct mailroom *room;
    struct controller *c;
    struct work work;
    nsec now;
};

static inline void controller_bench_init_with(struct controller_bench *f,
                                              void (*adjust)(struct relay_config *config)) {
    static const uint16_t thread_of[STATIONS] = {0, 1, 2, 0};
    memset(f, 0, sizeof *f);
    test_memory_init(&f->memory);
    relay_config_default(&f->config);
    f->config.memory = &f->memory.memory;
    f->config.connection_threads = 2;
    f->config.links_max = 6;
    if (adjust)
        adjust(&f->config);
    fake_port_init(&f->port, f->woken);
    f->room = mailroom_new(&f->memory.memory, STATIONS, thread_of, 100);
    f->c = controller_new(&f->config, f->now, CONTROLLER, &f->port.port, f->room);
    assert_non_null(f->room);
    assert_non_null(f->c);
}

static inline void controller_bench_init(struct controller_bench *f) {
    controller_bench_init_with(f, NULL);
}

static inline void controller_bench_fini(struct controller_bench *f) {
    controller_free(f->c);
    mailroom_free(f->room);
    test_memory_fini(&f->memory);
}

static inline void note_wake(void *context, station_id to) {
    struct controller_bench *f = context;
    f->woken[to] = true;
}

/* A message from a manager, and what the controller does about it. */
static inline void tell(struct controller_bench *f, station_id from, struct control *message) {
    mailroom_post_control(f->room, from, CONTROLLER, message, &f->work);
    mailroom_flush(f->room, from, &f->work, note_wake, f);
    assert_false(controller_drain(f->c, f->now, 100));
    controller_flush(f->c, f->now);
}

static inline struct control *new_message(struct controller_bench *f, enum control_kind kind, link_id link) {
    struct control *message = control_new(&f->memory.memory, kind);
    assert_non_null(message);
    message->link = link;
    return message;
}

/* The relay `number` at 10.0.0.host:9001. */
struct wish {
    uint8_t number, ed, host;
};

static const struct wish relay_5 = {5, 55, 50};

static inline void fill_id(uint8_t *rsa_id, uint8_t *ed_id, const struct wish *wish) {
    memset(rsa_id, wish->number, RSA_ID_LEN);
    memset(ed_id, wish->ed, ED_ID_LEN);
}

static inline half_id half_of(station_id station, uint32_t slot) {
    return object_id_make(station, OBJECT_HALF, slot, 1);
}

/* Half number slot of manager 1 asks to be extended; ed 0: it names no Ed25519 id. */
static inline void ask(struct controller_bench *f, uint32_t slot, struct wish wish) {
    struct control *message = new_message(f, CONTROL_EXTEND, 0);
    message->from = half_of(1, slot);
    message->serial = slot + 100;
    struct control_extend *extend = &message->u.extend;
    fill_id(extend->rsa_id, extend->ed_id, &wish);
    extend->has_ed_id = wish.ed != 0;
    extend->ipv4 = (struct endpoint){{ADDRESS_IPV4, {10, 0, 0, wish.host}}, 9001};
    extend->handshake_type = 2;
    extend->data_length = 3;
    memcpy(extend->data, "abc", 3);
    tell(f, 1, message);
}

static inline void tell_open(struct controller_bench *f, station_id from, link_id link, struct wish wish,
                             bool is_canonical) {
    struct control *message = new_message(f, CONTROL_LINK_OPEN, link);
    struct control_link_open *open = &message->u.link_open;
    fill_id(open->rsa_id, open->ed_id, &wish);
    open->is_authenticated = wish.number != 0;
    open->is_canonical = is_canonical;
    tell(f, from, message);
}

static inline void tell_closed(struct controller_bench *f, station_id from, link_id link, uint8_t reason) {
    struct control *message = new_message(f, CONTROL_LINK_CLOSED, link);
    message->reason = reason;
    tell(f, from, message);
}

/* The next message for a manager, which must be the only one; kind is checked. Free it with control_free. */
static inline struct control *take(struct controller_bench *f, station_id at, enum control_kind kind) {
    mailroom_collect_begin(f->room, at);
    struct control *message = mailroom_collect_controls(f->room, at);
    assert_non_null(message);
    assert_int_equal(message->kind, kind);
    assert_null(message->next);
    return message;
}

static inline void expect_nothing(struct controller_bench *f) {
    for (station_id at = 0; at < CONTROLLER; at++) {
        mailroom_collect_begin(f->room, at);
        assert_null(mailroom_collect_controls(f->room, at));
    }
}

static inline void expect_failed(struct controller_bench *f, uint32_t slot, uint8_t reason) {
    struct control *message = take(f, 1, CONTROL_EXTEND_FAILED);
    assert_true(message->to == half_of(1, slot));
    assert_int_equal(message->serial, slot + 100);
    assert_int_equal(message->reason, reason);
    control_free(&f->memory.memory, message);
}

static inline void expect_attach(struct controller_bench *f, station_id at, link_id link, uint32_t slot) {
    struct control *message = take(f, at, CONTROL_ATTACH);
    assert_int_equal(message->link, link);
    assert_true(message->from == half_of(1, slot));
    assert_int_equal(message->serial, slot + 100);
    assert_int_equal(message->u.extend.data_length, 3);
    assert_memory_equal(message->u.extend.data, "abc", 3);
    control_free(&f->memory.memory, message);
}

static inline link_id expect_dial(struct controller_bench *f, station_id at, struct wish wish) {
    struct control *message = take(f, at, CONTROL_DIAL);
    link_id link = message->link;
    assert_int_equal(message->u.dial.endpoint.address.bytes[3], wish.host);
    assert_int_equal(message->u.dial.endpoint.port, 9001);
    assert_int_equal(message->u.dial.rsa_id[19], wish.number);
    assert_true(message->u.dial.has_ed_id == (wish.ed != 0));
    assert_int_equal(message->u.dial.ed_id[31], wish.ed);
    control_free(&f->memory.memory, message);
    return link;
}

static inline link_id accept_from(struct controller_bench *f, uint8_t host, station_id *manager) {
    const struct endpoint peer = {{ADDRESS_IPV4, {10, 0, 0, host}}, 50000};
    link_id link;
    assert_int_equal(controller_accept(f->c, f->now, &peer, &link, manager), ERR_OK);
    return link;
}

#endif
