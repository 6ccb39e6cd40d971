/* loom-attack - do to a relay of one's own what others will do to it, for a while; and say at the end, as one JSON object on the
 * standard output, what was done. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "attack/attack_connections.h"
#include "attack/attack_creates.h"
#include "attack/attack_exits.h"
#include "attack/attack_extends.h"
#include "attack/attack_options.h"
#include "attack/attack_queues.h"
#include "attack/attack_world.h"

static bool attack(struct attack_world *world, struct complaint *complaint) {
    switch ((enum attack_kind)world->options->kind) {
    case ATTACK_SNIPER:
    case ATTACK_TRICKLE:
    case ATTACK_UPLOAD: return attack_queues(world, complaint);
    case ATTACK_UNREAD:
    case ATTACK_BEGINS:
    case ATTACK_BEGINS_NOWHERE:
    case ATTACK_RESOLVES: return attack_exits(world, complaint);
    case ATTACK_CREATES:
    case ATTACK_CHURN: return attack_creates(world, complaint);
    case ATTACK_EXTENDS: return attack_extends(world, complaint);
    case ATTACK_TCP:
    case ATTACK_TLS:
    case ATTACK_LINKS: return attack_connections(world, complaint);
    }
    return complain(complaint, "no such attack");
}

static void report(const struct attack_world *world) {
    const struct attack_counts *c = &world->counts;
    printf("{\"attack\": \"%s\", \"dialled\": %" PRIu64 ", \"opened\": %" PRIu64 ", \"closed\": %" PRIu64
           ", \"circuits\": %" PRIu64 ", \"killed\": %" PRIu64 ", \"streams\": %" PRIu64
           ", \"cells\": %" PRIu64 "}\n",
           attack_name(world->options->kind), c->dialled, c->opened, c->closed, c->circuits, c->killed,
           c->streams, c->cells);
}

int main(int argc, char **argv) {
    static struct attack_world world;
    struct attack_options options;
    struct complaint complaint;
    signal(SIGPIPE, SIG_IGN);
    if (!attack_options_parse(argc, (const char *const *)argv, &options, &complaint)) {
        fprintf(stderr, "loom-attack: %s\n", complaint.text);
        return 2;
    }
    if (options.wants_help) {
        fputs(attack_options_help(), stdout);
        return 0;
    }
    bool ok = attack_world_init(&world, &options, &complaint) && attack(&world, &complaint);
    if (ok)
        report(&world);
    else
        fprintf(stderr, "loom-attack: %s\n", complaint.text);
    attack_world_fini(&world);
    return ok ? 0 : 1;
}
