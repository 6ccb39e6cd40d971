#include "attack/attack_creates.h"

#include <stdlib.h>
#include <string.h>

#include "attack/attack_links.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_clients.h"
#include "load/load_connection.h"
#include "load/load_lane.h"
#include "native/heap.h"
#include "origin/origin.h"
#include "wire/cell.h"

#define FIRST_ID       UINT32_C(0x80000001) /* of the side that has dialled */
#define IDS            0x7ff00000u
#define RECORD_CELLS   31u
#define RECORDS_A_TURN 16u /* of a link */
#define VARIABLE_MAX   1024u
#define VIEWS_MAX      64u

struct creates {
    struct attack_world *world;
    struct attack_links *links;
    struct load_clients *clients;
    bool destroys;
    uint8_t record[RECORD_CELLS * CELL_LEN];
};

/* --- asking ------------------------------------------------------------------------------------------------------ */

/* The number of a link's circuits so far is where its next id comes from. */
static uint32_t next_id(struct attack_link *link) {
    uint32_t *asked = link->user;
    return FIRST_ID + (*asked)++ % IDS;
}

static uint32_t fill_record(struct creates *a, struct attack_link *link) {
    const uint8_t reason = DESTROY_NONE;
    const uint32_t cells_each = a->destroys ? 2 : 1;
    struct bytes_out out = bytes_out(a->record, sizeof a->record);
    for (uint32_t n = 0; n + cells_each <= RECORD_CELLS; n += cells_each) {
        uint32_t id = next_id(link);
        cell_put(&out, 4, id, CELL_CREATE2, load_clients_ask(a->clients, id), CELL_BODY_LEN);
        if (a->destroys)
            cell_put(&out, 4, id, CELL_DESTROY, &reason, sizeof reason);
        a->world->counts.cells += cells_each;
    }
    return (uint32_t)bytes_written(&out);
}

static void press(struct creates *a, struct attack_link *link) {
    for (uint32_t i = 0; i < RECORDS_A_TURN; i++) {
        if (!load_connection_can_write(link->connection) ||
            a->world->counts.cells >= a->world->options->circuits)
            return;
        if (!load_connection_write(link->connection, a->record, fill_record(a, link))) {
            attack_link_lose(link);
            return;
        }
    }
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

static size_t take_answers(void *owner, UNUSED struct attack_link *link, const uint8_t *bytes,
                           size_t length) {
    struct creates *a = owner;
    struct bytes_in in = bytes_in(bytes, length);
    struct cell_view cells[VIEWS_MAX];
    for (uint32_t n = 1; n > 0;) {
        if (cell_frame(&in, 4, VARIABLE_MAX, cells, VIEWS_MAX, &n) != ERR_OK)
            return length;
        for (uint32_t i = 0; i < n; i++) {
            a->world->counts.circuits += cells[i].command == CELL_CREATED2;
            a->world->counts.killed += cells[i].command == CELL_DESTROY;
        }
    }
    return length - bytes_left(&in);
}

/* --- the attack -------------------------------------------------------------------------------------------------- */

static struct load_clients *make_clients(const struct attack_world *world) {
    struct load_options who = {.mode = LOAD_NTOR};
    memcpy(who.rsa_id, world->options->rsa_id, sizeof who.rsa_id);
    memcpy(who.ed_id, world->options->ed_id, sizeof who.ed_id);
    memcpy(who.onion_key, world->options->onion_key, sizeof who.onion_key);
    return load_clients_new(world->shape->crypt, &who);
}

static void tend(struct creates *a, struct attack_link *link) {
    if (link->is_over) {
        free(link->user);
        attack_links_drop(link);
    } else if (link->is_open) {
        press(a, link);
    }
}

bool attack_creates(struct attack_world *world, struct complaint *complaint) {
    static const struct attack_links_events events = {NULL, NULL, take_answers};
    const struct attack_links_shape shape = {.links_max = world->options->links};
    struct creates a = {
        .world = world, .clients = make_clients(world), .destroys = world->options->kind == ATTACK_CHURN};
    if (!a.clients)
        return complain(complaint, "--onion-key is no key");
    attack_world_begin(world);
    a.links = attack_links_new(world, &shape, &events, &a);
    while (attack_world_turn(world)) {
        struct attack_link *dialled = attack_links_dial(a.links);
        if (dialled)
            dialled->user = heap_new(sizeof(uint32_t));
        for (uint32_t i = 0; i < attack_links_places(a.links); i++)
            if (attack_links_at(a.links, i))
                tend(&a, attack_links_at(a.links, i));
    }
    load_clients_free(a.clients);
    return true;
}
