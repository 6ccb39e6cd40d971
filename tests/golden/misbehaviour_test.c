/* Peers that break the rules: the smallest thing to blame is closed, the others go on, and nothing leaks. Beside each
 * offence runs an honest transfer over the same relays, which has to arrive whole. */
#include "golden/village.h"
#include "memnet/journey.h"
#include "memnet/memnet.h"
#include "origin/origin_path.h"
#include "support/test.h"
#include "wire/circuit_messages.h"
#include "wire/relay_cell.h"
#include "wire/stream_messages.h"

/* What is left of the offender afterwards. */
enum outcome { NOTHING_CLOSED, CIRCUIT_CLOSED, LINK_CLOSED };

struct offence {
    const char *name;
    void (*commit)(struct village *v);
    enum outcome outcome;
};

static uint32_t circ_id(const struct village *v) {
    return v->victim.circuit->path.circ_id;
}

static void inject_from_client(struct village *v, uint32_t id, uint8_t command, const void *body,
                               size_t length) {
    uint8_t cell[CELL_LEN];
    village_cell(cell, id, command, body, length);
    memnet_client_inject(v->victim.client, cell, sizeof(cell));
}

/* A relay message sealed and wrapped as the origin would, whatever it says. */
static void say(struct village *v, unsigned hop, uint8_t cell_command, uint8_t command, uint16_t stream,
                const void *data, size_t length) {
    struct relay_message m = {.command = command, .stream = stream, .data = {data, length}};
    assert_int_equal(origin_path_send(&v->victim.circuit->path, hop, cell_command, &m, CELL_MUST), ERR_OK);
    memnet_client_turn(v->victim.client);
}

/* --- cells of the link -------------------------------------------------------------------------------------------- */

static void unknown_circuits(struct village *v) {
    static const uint8_t commands[] = {CELL_RELAY, CELL_RELAY_EARLY, CELL_DESTROY, CELL_CREATED2,
                                       CELL_CREATED_FAST};
    for (size_t i = 0; i < COUNT(commands); i++) {
        inject_from_client(v, 0x80000001u, commands[i], NULL, 0);
        inject_from_client(v, 0x00000001u, commands[i], NULL, 0);
    }
}

static void unknown_commands(struct village *v) {
    for (unsigned command = 13; command < 128; command += 7)
        inject_from_client(v, circ_id(v), (uint8_t)command, NULL, 0);
    inject_from_client(v, 0, CELL_PADDING, NULL, 0);
    inject_from_client(v, 0, CELL_NETINFO, NULL, 0);
}

static void create_with_wrong_bit(struct village *v) {
    uint8_t body[4 + NTOR_ONIONSKIN_LEN] = {0, HANDSHAKE_NTOR, 0, NTOR_ONIONSKIN_LEN};
    inject_from_client(v, 0x00000005u, CELL_CREATE2, body, sizeof(body));
    inject_from_client(v, 0, CELL_CREATE2, body, sizeof(body));
    inject_from_client(v, 0x00000006u, CELL_CREATE_FAST, body, sizeof(body));
}

static void create_with_garbage(struct village *v) {
    uint8_t body[4 + NTOR_ONIONSKIN_LEN] = {0, HANDSHAKE_NTOR, 0, NTOR_ONIONSKIN_LEN};
    inject_from_client(v, 0x80000006u, CELL_CREATE2, body, sizeof(body)); /* no such relay, no such key */
    body[1] = HANDSHAKE_TAP;
    inject_from_client(v, 0x80000007u, CELL_CREATE2, body, sizeof(body));
    body[1] = HANDSHAKE_NTOR;
    body[3] = 83;
    inject_from_client(v, 0x80000008u, CELL_CREATE2, body, sizeof(body));
    body[2] = 0xff;
    inject_from_client(v, 0x80000009u, CELL_CREATE2, body, sizeof(body));
    inject_from_client(v, 0x8000000au, CELL_CREATE, body, sizeof(body));
    body[1] = HANDSHAKE_NTOR_V3;
    body[2] = 0;
    inject_from_client(v, 0x8000000bu, CELL_CREATE2, body, sizeof(body));
}

static void create_twice(struct village *v) {
    uint8_t body[4 + NTOR_ONIONSKIN_LEN] = {0, HANDSHAKE_NTOR, 0, NTOR_ONIONSKIN_LEN};
    inject_from_client(v, circ_id(v), CELL_CREATE2, body, sizeof(body));
}

static void handshake_again(struct village *v) {
    static const uint8_t versions[] = {0, 0, 0, 0, CELL_VERSIONS, 0, 2, 0, 5};
    memnet_client_inject(v->victim.client, versions, sizeof(versions));
}

static void variable_cell_too_long(struct village *v) {
    static const uint8_t header[] = {0, 0, 0, 0, CELL_VPADDING, 0xff, 0xff};
    memnet_client_inject(v->victim.client, header, sizeof(header));
}

static void created_by_the_wrong_side(struct village *v) {
    inject_from_client(v, circ_id(v), CELL_CREATED2, NULL, 0);
}

/* --- relay cells -------------------------------------------------------------------------------------------------- */

static void wrong_digest(struct village *v) {
    uint8_t body[CELL_BODY_LEN];
    memset(body, 0x5a, sizeof(body));
    inject_from_client(v, circ_id(v), CELL_RELAY, body, sizeof(body));
}

/* Two of the eight went with EXTEND2. */
static void eight_early_cells(struct village *v) {
    for (unsigned i = 2; i < 8; i++)
        say(v, 2, CELL_RELAY_EARLY, RELAY_DROP, 0, NULL, 0);
}

static void nine_early_cells(struct village *v) {
    eight_early_cells(v);
    say(v, 2, CELL_RELAY_EARLY, RELAY_DROP, 0, NULL, 0);
}

static void extend_in_plain_relay(struct village *v) {
    struct extend2_message m = {.ipv4 = v->victim.path[0].ipv4, .create = {.type = HANDSHAKE_NTOR}};
    memset(m.rsa_id, 7, sizeof(m.rsa_id));
    uint8_t room[200];
    struct bytes_out out = bytes_out(room, sizeof(room));
    extend2_encode(&out, &m);
    say(v, 2, CELL_RELAY, RELAY_EXTEND2, 0, room, bytes_written(&out));
}

static void extend_truncated(struct village *v) {
    static const uint8_t body[] = {2, 0, 6, 10, 0, 0};
    say(v, 2, CELL_RELAY_EARLY, RELAY_EXTEND2, 0, body, sizeof(body));
}

static void extend_to_itself(struct village *v) {
    struct extend2_message m = {.ipv4 = v->victim.path[2].ipv4, .create = {.type = HANDSHAKE_NTOR}};
    memcpy(m.rsa_id, v->victim.path[2].rsa_id, sizeof(m.rsa_id));
    uint8_t room[200];
    struct bytes_out out = bytes_out(room, sizeof(room));
    extend2_encode(&out, &m);
    say(v, 2, CELL_RELAY_EARLY, RELAY_EXTEND2, 0, room, bytes_written(&out));
}

static void extend_in_the_middle(struct village *v) {
    struct extend2_message m = {.ipv4 = v->victim.path[2].ipv4, .create = {.type = HANDSHAKE_NTOR}};
    memcpy(m.rsa_id, v->victim.path[2].rsa_id, sizeof(m.rsa_id));
    uint8_t room[200];
    struct bytes_out out = bytes_out(room, sizeof(room));
    extend2_encode(&out, &m);
    say(v, 1, CELL_RELAY_EARLY, RELAY_EXTEND2, 0, room, bytes_written(&out)); /* it has a next hop already */
}

static void message_too_long(struct village *v) {
    struct origin_path *path = &v->victim.circuit->path;
    struct cell *cell = cell_pool_take(&path->origin->cells, CELL_MUST);
    assert_non_null(cell);
    struct relay_message m = {.command = RELAY_DROP};
    relay_message_encode(RELAY_V0, cell->body, &m, NULL);
    store_u16(cell->body + 9, RELAY_DATA_MAX + 1);
    cell->command = CELL_RELAY;
    origin_hop_seal(path->origin, path->hops[2], cell, NULL);
    origin_hops_wrap(path->origin, path->hops, 2, &cell, 1);
    origin_path_queue(path, cell, CELL_RELAY);
    memnet_client_turn(v->victim.client);
}

static void say_wrong_sendme(struct village *v) {
    struct sendme_message m = {.version = 1, .tag_length = 20, .tag = {1, 2, 3}};
    uint8_t room[64];
    struct bytes_out out = bytes_out(room, sizeof(room));
    sendme_encode(&out, &m);
    say(v, 2, CELL_RELAY, RELAY_SENDME, 0, room, bytes_written(&out));
}

static void sendme_for_nothing(struct village *v) {
    say_wrong_sendme(v);
}

/* In the middle of a download one is due, but it has another tag. */
static void sendme_with_wrong_tag(struct village *v) {
    v->server.sends = 2000000;
    say(v, 2, CELL_RELAY, RELAY_DATA, v->victim.stream->id, "go", 2);
    memnet_run_for(v->net, 80 * NSEC_PER_MS);
    assert_in_range(v->victim.received, 1, v->server.sends - 1);
    say_wrong_sendme(v);
}

static void sendme_not_due(struct village *v) {
    say(v, 2, CELL_RELAY, RELAY_SENDME, v->victim.stream->id, NULL, 0);
}

/* DATA beyond the stream's window, but within the circuit's, whose tags are kept as they should be. */
static void send_cells(struct village *v, unsigned cells) {
    static const uint8_t data[RELAY_DATA_MAX];
    struct flow_window boundless;
    flow_window_init(&boundless, CIRCUIT_WINDOW_START, STREAM_WINDOW_INCREMENT);
    v->server.is_stalled = true;
    for (unsigned i = 0; i < cells; i++) {
        bool is_starved;
        struct origin_path *path = &v->victim.circuit->path;
        struct span bytes = {data, sizeof(data)};
        assert_int_equal(origin_path_package(path, memnet_now(v->net), v->victim.stream->id, &boundless,
                                             bytes, &is_starved),
                         sizeof(data));
        memnet_client_turn(v->victim.client);
    }
}

static void stream_window_used_up(struct village *v) {
    send_cells(v, STREAM_WINDOW_START);
}

static void stream_window_overrun(struct village *v) {
    send_cells(v, STREAM_WINDOW_START + 1);
}

static void begin_twice(struct village *v) {
    static const char to[] = "victim.test:80";
    say(v, 2, CELL_RELAY, RELAY_BEGIN, v->victim.stream->id, to, sizeof(to));
}

static void begin_for_stream_zero(struct village *v) {
    static const char to[] = "victim.test:80";
    say(v, 2, CELL_RELAY, RELAY_BEGIN, 0, to, sizeof(to));
}

static void begin_malformed(struct village *v) {
    say(v, 2, CELL_RELAY, RELAY_BEGIN, 77, "no end", 6);
    say(v, 2, CELL_RELAY, RELAY_BEGIN, 78, NULL, 0);
    say(v, 2, CELL_RELAY, RELAY_BEGIN, 79, "nobody.test:81", 15);
    say(v, 2, CELL_RELAY, RELAY_BEGIN_DIR, 80, NULL, 0);
    say(v, 2, CELL_RELAY, RELAY_RESOLVE, 81, "victim.test", 12);
}

static void empty_and_unknown_messages(struct village *v) {
    for (unsigned command = 29; command < 255; command += 9)
        say(v, 2, CELL_RELAY, (uint8_t)command, 0, NULL, 0);
    say(v, 2, CELL_RELAY, RELAY_DATA, 99, "x", 1);
    say(v, 2, CELL_RELAY, RELAY_DATA, v->victim.stream->id, NULL, 0);
    say(v, 2, CELL_RELAY, RELAY_END, 99, NULL, 0);
    say(v, 2, CELL_RELAY, RELAY_SENDME, 99, NULL, 0);
    say(v, 0, CELL_RELAY, RELAY_DROP, 0, NULL, 0);
}

static void linked_by_an_origin(struct village *v) {
    say(v, 2, CELL_RELAY, RELAY_CONFLUX_LINKED, 0, NULL, 0);
}

static void link_without_congestion_control(struct village *v) {
    static const uint8_t body[50] = {1};
    say(v, 2, CELL_RELAY, RELAY_CONFLUX_LINK, 0, body, sizeof body);
}

static void sendme_malformed(struct village *v) {
    say(v, 2, CELL_RELAY, RELAY_SENDME, 0, "\1\0\24", 3);
}

/* --- relays that misbehave towards the origin --------------------------------------------------------------------- */

static void early_cell_inbound(struct village *v) {
    uint8_t cell[CELL_LEN];
    village_cell(cell, circ_id(v), CELL_RELAY_EARLY, NULL, 0);
    memnet_inject(v->net, v->relays[0], NULL, cell, sizeof(cell));
}

static void garbage_inbound(struct village *v) {
    uint8_t cell[CELL_LEN];
    village_cell(cell, circ_id(v), CELL_RELAY, "garbage", 7);
    memnet_inject(v->net, v->relays[0], NULL, cell, sizeof(cell));
}

static void created_twice_inbound(struct village *v) {
    uint8_t cell[CELL_LEN];
    village_cell(cell, circ_id(v), CELL_CREATED2, NULL, 0);
    memnet_inject(v->net, v->relays[0], NULL, cell, sizeof(cell));
}

static const struct offence offences[] = {
    {"cells on unknown circuits", unknown_circuits, NOTHING_CLOSED},
    {"unknown commands", unknown_commands, NOTHING_CLOSED},
    {"CREATE2 with the other side's bit", create_with_wrong_bit, NOTHING_CLOSED},
    {"CREATE2 with garbage", create_with_garbage, NOTHING_CLOSED},
    {"CREATE2 twice", create_twice, CIRCUIT_CLOSED},
    {"VERSIONS again", handshake_again, LINK_CLOSED},
    {"variable cell too long", variable_cell_too_long, LINK_CLOSED},
    {"CREATED2 by the wrong side", created_by_the_wrong_side, CIRCUIT_CLOSED},
    {"wrong digest", wrong_digest, CIRCUIT_CLOSED},
    {"eight RELAY_EARLY", eight_early_cells, NOTHING_CLOSED},
    {"nine RELAY_EARLY", nine_early_cells, CIRCUIT_CLOSED},
    {"EXTEND2 in RELAY", extend_in_plain_relay, CIRCUIT_CLOSED},
    {"EXTEND2 truncated", extend_truncated, CIRCUIT_CLOSED},
    {"EXTEND2 to itself", extend_to_itself, CIRCUIT_CLOSED},
    {"EXTEND2 in the middle", extend_in_the_middle, CIRCUIT_CLOSED},
    {"message too long", message_too_long, CIRCUIT_CLOSED},
    {"SENDME for nothing", sendme_for_nothing, CIRCUIT_CLOSED},
    {"SENDME with a wrong tag", sendme_with_wrong_tag, CIRCUIT_CLOSED},
    {"SENDME not due", sendme_not_due, CIRCUIT_CLOSED},
    {"SENDME malformed", sendme_malformed, CIRCUIT_CLOSED},
    {"stream window used up", stream_window_used_up, NOTHING_CLOSED},
    {"stream window overrun", stream_window_overrun, CIRCUIT_CLOSED},
    {"BEGIN twice", begin_twice, CIRCUIT_CLOSED},
    {"BEGIN for stream 0", begin_for_stream_zero, CIRCUIT_CLOSED},
    {"BEGIN malformed", begin_malformed, NOTHING_CLOSED},
    {"empty and unknown messages", empty_and_unknown_messages, NOTHING_CLOSED},
    {"LINKED by an origin", linked_by_an_origin, CIRCUIT_CLOSED},
    {"LINK without congestion control", link_without_congestion_control, CIRCUIT_CLOSED},
    {"RELAY_EARLY inbound", early_cell_inbound, CIRCUIT_CLOSED},
    {"garbage inbound", garbage_inbound, CIRCUIT_CLOSED},
    {"CREATED2 twice inbound", created_twice_inbound, CIRCUIT_CLOSED},
};

static void check_outcome(const struct offence *offence, const struct journey *j) {
    enum outcome outcome = j->link_is_closed ? LINK_CLOSED : j->is_closed ? CIRCUIT_CLOSED : NOTHING_CLOSED;
    if (outcome != offence->outcome)
        fail_msg("%s: outcome %d, expected %d (reason %u, error %d)", offence->name, outcome,
                 offence->outcome, j->close_reason, j->error);
}

static void offences_close_the_smallest_thing(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(offences); i++) {
        struct village v;
        village_set_up(&v, NULL);
        village_begin_victim(&v);
        village_begin_honest(&v);
        memnet_run_for(v.net, 100 * NSEC_PER_MS);
        offences[i].commit(&v);
        memnet_run_for(v.net, 3 * NSEC_PER_S);
        check_outcome(&offences[i], &v.victim);
        village_tear_down(&v);
    }
}

/* Between relays too: the honest circuit uses the same links. */
static void relay_sends_early_cell_backwards(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    village_begin_victim(&v);
    uint8_t cell[CELL_LEN];
    for (uint32_t id = 0; id < 3; id++) {
        village_cell(cell, id, CELL_RELAY_EARLY, NULL, 0);
        memnet_inject(v.net, v.relays[1], v.relays[0], cell, sizeof(cell));
    }
    village_begin_honest(&v);
    village_tear_down(&v);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offences_close_the_smallest_thing),
        cmocka_unit_test(relay_sends_early_cell_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
