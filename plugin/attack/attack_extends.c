#include "attack/attack_extends.h"

#include "attack/attack_links.h"
#include "attack/attack_socket.h"
#include "attack/attack_world.h"
#include "crypt/provider.h"
#include "load/load_lane.h"
#include "origin/origin.h"

#define BEGUN_A_TURN 64u

struct extends {
    struct attack_world *world;
    struct attack_links *links;
    struct endpoint nobody;
    uint32_t circuits, next_place;
};

static void extend(struct extends *a, nsec now, struct origin_circuit *c) {
    const struct crypt_provider *crypt = a->world->shape->crypt;
    struct origin_target next;
    attack_links_first_hop(a->world, &next); /* for a key that is one */
    crypt->random(crypt->context, next.rsa_id, sizeof next.rsa_id);
    crypt->random(crypt->context, next.ed_id, sizeof next.ed_id);
    next.ipv4 = a->nobody;
    if (origin_circuit_extend(c, now, &next) == ERR_OK)
        a->world->counts.cells++;
}

static void heard(void *owner, nsec now, const struct origin_event *event) {
    struct extends *a = owner;
    if (event->kind == ORIGIN_EVENT_CIRCUIT_OPENED) {
        a->world->counts.circuits++;
        extend(a, now, event->circuit);
    } else if (event->kind == ORIGIN_EVENT_CIRCUIT_TRUNCATED) {
        extend(a, now, event->circuit);
    } else if (event->kind == ORIGIN_EVENT_CIRCUIT_CLOSED) {
        a->world->counts.killed++;
        a->circuits--;
        origin_circuit_free(event->circuit, now, DESTROY_NONE);
    }
}

static void begin_circuits(struct extends *a, nsec now) {
    struct origin_target first;
    attack_links_first_hop(a->world, &first);
    uint32_t places = attack_links_places(a->links);
    for (uint32_t i = 0; i < BEGUN_A_TURN && a->circuits < a->world->options->circuits && places > 0; i++) {
        struct attack_link *link = attack_links_at(a->links, a->next_place++ % places);
        if (link && link->is_open && !link->is_over && origin_link_circuit(link->origin, now, &first))
            a->circuits++;
    }
}

static void drop(struct extends *a, struct attack_link *link) {
    struct origin_link *gone = link->origin;
    for (struct list *entry = gone ? gone->outlet.circuits.next : NULL;
         gone && entry != &gone->outlet.circuits; entry = entry->next)
        a->circuits--;
    attack_links_drop(link);
}

bool attack_extends(struct attack_world *world, struct complaint *complaint) {
    static const struct attack_links_events events = {NULL, heard, NULL};
    const struct attack_links_shape shape = {.links_max = world->options->links,
                                             .circuits_max = world->options->circuits};
    struct extends a = {.world = world};
    if (!attack_socket_silent(&a.nobody))
        return complain(complaint, "no port on the loopback that answers nobody");
    attack_world_begin(world);
    a.links = attack_links_new(world, &shape, &events, &a);
    while (attack_world_turn(world)) {
        nsec now = attack_world_now(world);
        for (uint32_t i = 0; i < attack_links_places(a.links); i++) {
            struct attack_link *link = attack_links_at(a.links, i);
            if (link && link->is_over)
                drop(&a, link);
        }
        (void)attack_links_dial(a.links);
        begin_circuits(&a, now);
        attack_links_write(a.links, now);
    }
    attack_links_free(a.links);
    return true;
}
