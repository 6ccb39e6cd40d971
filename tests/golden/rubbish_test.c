/* Rubbish at the OR port: bytes cut anywhere, random bytes, random cells. An honest transfer beside it arrives whole, and
 * nothing is left. */
#include "base/rng.h"
#include "golden/village.h"
#include "memnet/memnet.h"
#include "support/test.h"
#include "wire/link_messages.h"

#define RANDOM_CONNECTIONS 3000u
#define RANDOM_BYTES_MAX   2000u
#define RANDOM_CELL_SEEDS  400u
#define RANDOM_CELLS       40u

/* What a client says before its first circuit: VERSIONS, NETINFO, and then a CREATE2. */
static size_t write_greeting(uint8_t *out, size_t room) {
    static const struct versions_message versions = {.versions = {4, 5}, .count = 2};
    static const struct netinfo_message netinfo = {.other = {.family = ADDRESS_IPV4, .bytes = {10, 0, 0, 1}}};
    uint8_t body[CELL_BODY_LEN] = {0};
    struct bytes_out all = bytes_out(out, room);
    struct bytes_out message = bytes_out(body, sizeof(body));
    versions_encode(&message, &versions);
    cell_put(&all, 2, 0, CELL_VERSIONS, body, (uint16_t)bytes_written(&message));
    message = bytes_out(body, sizeof(body));
    netinfo_encode(&message, &netinfo);
    cell_put(&all, 4, 0, CELL_NETINFO, body, (uint16_t)bytes_written(&message));
    static const uint8_t create[] = {0, 2, 0, 84};
    cell_put(&all, 4, 0x80000001u, CELL_CREATE2, create, sizeof(create));
    assert_true(bytes_out_ok(&all));
    return bytes_written(&all);
}

/* The greeting ends after each of its bytes; half of the connections are closed then, the others time out. */
static void greeting_cut_at_every_byte(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    village_begin_honest(&v);
    uint8_t greeting[2048];
    size_t length = write_greeting(greeting, sizeof(greeting));
    for (size_t cut = 0; cut <= length; cut++) {
        struct memnet_raw *raw = memnet_raw_dial(v.net, v.relays[cut % VILLAGE_RELAYS]);
        memnet_raw_send(raw, greeting, cut);
        memnet_run_for(v.net, NSEC_PER_MS);
        if (cut % 2 == 0) {
            memnet_run_for(v.net, 25 * NSEC_PER_MS);
            memnet_raw_close(raw);
        }
    }
    memnet_run_for(v.net, 120 * NSEC_PER_S);
    village_tear_down(&v);
}

/* Everything comes in pieces of one, two, three ... bytes; the honest journey does not mind. */
static void links_in_small_pieces(void **state) {
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 7, 64, 513, 514, 515, 1000};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct memnet_options options;
        memnet_options_default(&options);
        options.is_symbolic = true;
        options.deliver_max = pieces[i];
        struct village v;
        village_set_up(&v, &options);
        village_begin_honest(&v);
        village_tear_down(&v);
    }
}

static size_t random_bytes(struct rng *rng, uint8_t *out) {
    size_t length = 0;
    if (rng_below(rng, 3) != 0)
        length = write_greeting(out, RANDOM_BYTES_MAX);
    if (length > 0 && rng_below(rng, 2) == 0)
        length = rng_below(rng, length);
    size_t more = rng_below(rng, RANDOM_BYTES_MAX - length);
    rng_fill(rng, out + length, more);
    if (rng_below(rng, 2) == 0)
        out[rng_below(rng, length + more + 1)] ^= (uint8_t)(1u << rng_below(rng, 8));
    return length + more;
}

static void random_connections(void **state) {
    (void)state;
    struct village v;
    village_set_up(&v, NULL);
    village_begin_honest(&v);
    for (uint64_t seed = 0; seed < RANDOM_CONNECTIONS; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        uint8_t bytes[RANDOM_BYTES_MAX + 1] = {0};
        struct memnet_raw *raw = memnet_raw_dial(v.net, v.relays[rng_below(&rng, VILLAGE_RELAYS)]);
        memnet_raw_send(raw, bytes, random_bytes(&rng, bytes));
        memnet_run_for(v.net, NSEC_PER_MS);
    }
    memnet_run_for(v.net, 120 * NSEC_PER_S);
    village_tear_down(&v);
}

/* Random cells on a link with a circuit: any command, ids that exist and that do not, both ways. */
static void random_cells(void **state) {
    (void)state;
    static const uint8_t commands[] = {CELL_PADDING,
                                       CELL_CREATE,
                                       CELL_CREATED,
                                       CELL_RELAY,
                                       CELL_DESTROY,
                                       CELL_CREATE_FAST,
                                       CELL_CREATED_FAST,
                                       CELL_NETINFO,
                                       CELL_RELAY_EARLY,
                                       CELL_CREATE2,
                                       CELL_CREATED2,
                                       CELL_PADDING_NEGOTIATE,
                                       77};
    for (uint64_t seed = 0; seed < RANDOM_CELL_SEEDS; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        struct village v;
        village_set_up(&v, NULL);
        v.victim.keeps_circuit = true;
        village_begin_victim(&v);
        uint32_t known = v.victim.circuit->path.circ_id;
        for (unsigned i = 0; i < RANDOM_CELLS && !v.victim.link_is_closed; i++) {
            uint8_t body[CELL_BODY_LEN], cell[CELL_LEN];
            rng_fill(&rng, body, sizeof(body));
            uint32_t id = rng_below(&rng, 3) == 0 ? (uint32_t)rng_u64(&rng) : known;
            village_cell(cell, id, commands[rng_below(&rng, COUNT(commands))], body, sizeof(body));
            if (rng_below(&rng, 2) == 0)
                memnet_client_inject(v.victim.client, cell, sizeof(cell));
            else
                memnet_inject(v.net, v.relays[0], NULL, cell, sizeof(cell));
            memnet_run_for(v.net, rng_below(&rng, 20) * NSEC_PER_MS);
        }
        assert_false(v.victim.link_is_closed);
        memnet_client_hangup(
            v.victim.client); /* CREATE_FAST has made circuits of which the client knows nothing */
        village_tear_down(&v);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greeting_cut_at_every_byte),
        cmocka_unit_test(links_in_small_pieces),
        cmocka_unit_test(random_connections),
        cmocka_unit_test(random_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
