#include "attack/attack_world.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_lane.h"
#include "load/load_sink.h"
#include "native/folder.h"
#include "native/heap.h"
#include "native/relay_setup.h"

#define TURN_US   5000
#define SAY_EVERY NSEC_PER_S

bool attack_world_init(struct attack_world *world, const struct attack_options *options,
                       struct complaint *complaint) {
    *world = (struct attack_world){.options = options};
    (void)machine_raise_files();
    world->net = load_net_new("");
    world->shape = heap_new(sizeof *world->shape);
    load_shape_init(world->shape, LOAD_RECORD_MAX, 1);
    world->began = monotonic_read();
    turn_clock_init(&world->clock, world->began);
    snprintf(world->folder, sizeof world->folder, "/tmp/loom-attack-XXXXXX");
    if (mkdtemp(world->folder))
        return true;
    world->folder[0] = '\0';
    return complain(complaint, "/tmp: no folder for the keys of our relays");
}

void attack_world_fini(struct attack_world *world) {
    for (uint32_t i = 0; i < world->sink_count; i++)
        load_sink_free(world->sinks[i]);
    if (world->folder[0] && !folder_remove(world->folder))
        fprintf(stderr, "loom-attack: %s could not be removed\n", world->folder);
    load_net_free(world->net);
    free(world->shape);
}

bool attack_world_make_sinks(struct attack_world *world, uint32_t count, struct complaint *complaint) {
    CHECK(count <= ATTACK_SINKS_MAX);
    while (world->sink_count < count) {
        struct load_sink *sink =
            load_sink_new(world->net, world->shape, world->folder, world->sink_count, false, complaint);
        if (!sink)
            return false;
        world->sinks[world->sink_count++] = sink;
    }
    return true;
}

void attack_world_begin(struct attack_world *world) {
    world->began = monotonic_read();
}

nsec attack_world_now(struct attack_world *world) {
    turn_clock_next(&world->clock);
    return turn_clock_now(&world->clock);
}

static void say(const struct attack_world *world, nsec now) {
    const struct attack_counts *c = &world->counts;
    fprintf(stderr,
            "%3" PRIu64 " s: %" PRIu64 " connections of %" PRIu64 ", %" PRIu64 " closed; %" PRIu64
            " circuits, %" PRIu64 " killed; %" PRIu64 " streams; %" PRIu64 " cells\n",
            (now - world->began) / NSEC_PER_S, c->opened, c->dialled, c->closed, c->circuits, c->killed,
            c->streams, c->cells);
}

bool attack_world_turn(struct attack_world *world) {
    const struct timeval length = {0, TURN_US};
    event_base_loopexit(world->net->base, &length);
    event_base_dispatch(world->net->base);
    nsec now = monotonic_read();
    if (now >= world->say_at) {
        say(world, now);
        world->say_at = now + SAY_EVERY;
    }
    return now < world->began + world->options->seconds * NSEC_PER_S;
}
