/* load_exits - cells of streams that end at the relay, pressed both ways: up from clients to a server of ours, and down.
 *
 * Each client writes what the windows of its streams allow, lanes in turn, LOAD_RECORDS_A_SEND full records at a time, and answers
 * with SENDMEs what has come. So the windows bound what is under way.
 * Owner: main. */
#ifndef LOOM_LOAD_LOAD_EXITS_H
#define LOOM_LOAD_LOAD_EXITS_H

#include <stdint.h>

#include "base/nsec.h"
#include "load/load_lane.h"

struct event_base;
struct load_server;

struct load_exits {
    struct load_lane **lanes;
    uint32_t ways;
    struct load_shape *shape;
    struct event_base *base;
    struct load_server *gives, *takes;
    uint32_t turn; /* whose lane writes first */
};

/* DATA cells that have arrived so far, both ways; those of streams up by the bytes that the server got. */
uint64_t load_exits_arrived(const struct load_exits *exits);
uint64_t load_exits_sendmes(const struct load_exits *exits);
/* DATA cells that were compared: sealed by the relay, and of their stream. */
uint64_t load_exits_verified(const struct load_exits *exits);
/* DATA cells that clients wrote and the server does not have. */
uint64_t load_exits_under_way(const struct load_exits *exits);
/* Press cells until that time. */
void load_exits_run(struct load_exits *exits, nsec until);
/* Write nothing more, and wait until what was written has arrived, or until that time. */
void load_exits_drain(struct load_exits *exits, nsec until);

#endif
