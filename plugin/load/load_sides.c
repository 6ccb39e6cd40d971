#include "load/load_sides.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "load/load_connection.h"
#include "load/load_lane.h"
#include "load/load_server.h"
#include "load/load_sink.h"
#include "load/load_source.h"
#include "native/folder.h"
#include "native/heap.h"
#include "native/relay_setup.h"
#include "native/turn_clock.h"

#define STALL_PATIENCE (120 * NSEC_PER_S) /* without a new circuit */
#define PROGRESS_EVERY NSEC_PER_S

/* The one that was named, or one that goes with us; NULL when there is none to be had. */
static const char *folder_of_keys(struct load_sides *sides) {
    if (sides->options->keys[0])
        return sides->options->keys;
    snprintf(sides->folder, sizeof sides->folder, "/tmp/loom-load-XXXXXX");
    if (mkdtemp(sides->folder))
        return sides->folder;
    sides->folder[0] = '\0';
    return NULL;
}

static bool make_sinks(struct load_sides *sides, struct complaint *complaint) {
    const char *folder = folder_of_keys(sides);
    if (!folder)
        return complain(complaint, "/tmp: no folder for the keys of the sinks");
    for (uint32_t i = 0; i < sides->sink_count; i++) {
        bool is_verified = i < sides->options->verified_links;
        sides->sinks[i] = load_sink_new(sides->net, sides->shape, folder, i, is_verified, complaint);
        if (!sides->sinks[i])
            return false;
    }
    return true;
}

static bool make_servers(struct load_sides *sides, struct complaint *complaint) {
    sides->gives = load_server_new(sides->net->base, true);
    sides->takes = load_server_new(sides->net->base, false);
    return (sides->gives && sides->takes) || complain(complaint, "no port on the loopback to listen at");
}

static bool make_ends(struct load_sides *sides, struct complaint *complaint) {
    return make_sinks(sides, complaint) &&
           (sides->options->role != LOAD_EXIT || make_servers(sides, complaint));
}

struct load_sides *load_sides_new(const struct load_options *options, struct complaint *complaint) {
    (void)machine_raise_files();
    struct load_sides *sides = heap_new(sizeof *sides);
    sides->options = options;
    sides->net = load_net_new(options->cipher);
    if (!sides->net) {
        complain(complaint, "--cipher %s: no such TLS 1.3 suite", options->cipher);
        load_sides_free(sides);
        return NULL;
    }
    sides->ways = load_options_ways(options);
    sides->sink_count = options->role == LOAD_EXIT ? 1 : sides->ways;
    sides->shape = heap_new(sizeof *sides->shape);
    load_shape_init(sides->shape, options->record_cells, options->run);
    sides->sinks = heap_new(sides->sink_count * sizeof(struct load_sink *));
    if (!make_ends(sides, complaint)) {
        load_sides_free(sides);
        return NULL;
    }
    struct load_doors doors = {0};
    if (sides->gives)
        doors = (struct load_doors){load_server_port(sides->gives), load_server_port(sides->takes)};
    sides->source = load_source_new(sides->net, sides->shape, options, sides->sinks, &doors);
    return sides;
}

void load_sides_free(struct load_sides *sides) {
    if (!sides)
        return;
    load_source_free(sides->source);
    for (uint32_t i = 0; i < sides->sink_count; i++)
        load_sink_free(sides->sinks[i]);
    load_server_free(sides->gives);
    load_server_free(sides->takes);
    if (sides->folder[0] && !folder_remove(sides->folder))
        fprintf(stderr, "loom-load: %s could not be removed\n", sides->folder);
    load_net_free(sides->net);
    free(sides->sinks);
    free(sides->shape);
    free(sides);
}

uint64_t load_sides_losses(const struct load_sides *sides) {
    uint64_t losses = load_source_losses(sides->source);
    for (uint32_t i = 0; i < sides->sink_count; i++)
        losses += load_sink_losses(sides->sinks[i]);
    if (sides->gives)
        losses += load_server_losses(sides->gives) + load_server_losses(sides->takes);
    return losses;
}

const char *load_sides_first_loss(const struct load_sides *sides) {
    const char *first = load_source_first_loss(sides->source);
    for (uint32_t i = 0; i < sides->sink_count && !first[0]; i++)
        first = load_sink_first_loss(sides->sinks[i]);
    return first[0] ? first : "nothing is known of it";
}

bool load_sides_build(struct load_sides *sides, uint32_t ways, uint32_t circuits,
                      struct complaint *complaint) {
    struct timeval tick = {0, 100000};
    nsec say = 0, moved_at = monotonic_read();
    load_source_grow(sides->source, ways, circuits);
    for (uint32_t built = 0, before = 0; built < circuits; before = built) {
        event_base_loopexit(sides->net->base, &tick);
        event_base_loop(sides->net->base, EVLOOP_ONCE);
        nsec now = monotonic_read();
        built = load_source_built(sides->source);
        uint64_t losses = load_sides_losses(sides);
        if (built != before)
            moved_at = now;
        if (losses > 0 || now - moved_at > STALL_PATIENCE)
            return complain(complaint, "%u of %u circuits were built, %" PRIu64 " links or circuits lost: %s",
                            built, circuits, losses, losses > 0 ? load_sides_first_loss(sides) : "it stands");
        if (now >= say) {
            fprintf(stderr, "%u of %u circuits\n", built, circuits);
            say = now + PROGRESS_EVERY;
        }
    }
    return true;
}
