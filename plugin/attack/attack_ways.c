#include "attack/attack_ways.h"

#include "attack/attack_links.h"
#include "attack/attack_world.h"
#include "native/heap.h"
#include "origin/origin.h"

#define BUILDING_MAX 64u

void attack_ways_init(struct attack_ways *ways, struct attack_world *world) {
    const struct attack_options *options = world->options;
    *ways = (struct attack_ways){.world = world,
                                 .a_link = (options->circuits + options->links - 1) / options->links};
}

uint32_t attack_ways_links_max(const struct attack_options *options) {
    return ATTACK_WAYS_RENEWED * options->links;
}

void attack_ways_begin(struct attack_ways *ways, nsec now, struct attack_way *way) {
    struct origin_target first;
    attack_links_first_hop(ways->world, &first);
    while (ways->building < BUILDING_MAX && way->begun < ways->a_link) {
        struct origin_circuit *c = origin_link_circuit(way->link->origin, now, &first);
        if (!c)
            return;
        struct attack_aim *aim = heap_new(sizeof *aim);
        *aim = (struct attack_aim){way, false};
        c->user = aim;
        way->begun++;
        ways->building++;
    }
}

bool attack_ways_renew(struct attack_ways *ways, uint64_t killed, void (*drop)(struct attack_link *link)) {
    if (killed < ways->renewed + ways->a_link)
        return false;
    ways->renewed += ways->a_link;
    uint32_t places = attack_links_places(ways->links);
    if (attack_links_count(ways->links) == attack_ways_links_max(ways->world->options)) {
        struct attack_link *link = attack_links_at(ways->links, ways->oldest++ % places);
        if (link && (link->is_over || ((const struct attack_way *)link->user)->is_deaf))
            drop(link);
    }
    return true;
}
