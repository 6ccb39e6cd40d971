#include "attack/attack_connections.h"

#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attack/attack_links.h"
#include "attack/attack_socket.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_connection.h"
#include "native/heap.h"
#include "origin/origin.h"

#define DIALS_A_TURN 64u

/* One of TCP or of TLS alone. */
struct held {
    struct attack_world *world;
    struct load_connection *tls;
    struct event *watch; /* of TCP: when the relay closes it */
    int fd;
    bool is_over;
};

/* --- TCP --------------------------------------------------------------------------------------------------------- */

static void on_event(evutil_socket_t fd, short what, void *argument) {
    struct held *held = argument;
    char byte;
    (void)what;
    held->is_over = recv(fd, &byte, 1, 0) <= 0;
}

static bool dial_tcp(struct held *held) {
    const struct attack_options *options = held->world->options;
    held->fd = attack_socket_connect(&options->from, &options->relay, false);
    if (held->fd < 0)
        return false;
    held->watch = event_new(held->world->net->base, held->fd, EV_READ, on_event, held);
    CHECK(held->watch && event_add(held->watch, NULL) == 0);
    held->world->counts.opened++;
    return true;
}

/* --- TLS --------------------------------------------------------------------------------------------------------- */

static void on_secured(void *owner) {
    struct held *held = owner;
    held->world->counts.opened++;
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    (void)owner;
    (void)bytes;
    return length;
}

static void on_discarded(void *owner, uint64_t length) {
    (void)owner;
    (void)length;
}

static void on_closed(void *owner) {
    struct held *held = owner;
    held->is_over = true;
}

static bool dial_tls(struct held *held) {
    static const struct load_connection_events events = {on_secured, on_bytes, on_discarded, on_closed};
    const struct attack_options *options = held->world->options;
    int fd = attack_socket_connect(&options->from, &options->relay, false);
    if (fd >= 0)
        held->tls = load_connection_dial_over(held->world->net, fd, &events, held);
    return fd >= 0;
}

/* --- either ------------------------------------------------------------------------------------------------------ */

static void hang_up(struct held *held) {
    if (held->watch) {
        event_free(held->watch);
        close(held->fd);
    }
    load_connection_free(held->tls);
    *held = (struct held){.world = held->world};
}

/* Dial what is missing, some at a time. */
static void fill(struct attack_world *world, struct held *all) {
    uint32_t dialled = 0;
    for (uint32_t i = 0; i < world->options->links && dialled < DIALS_A_TURN; i++) {
        struct held *held = &all[i];
        if (held->is_over) {
            hang_up(held);
            world->counts.closed++;
        }
        if (held->tls || held->watch)
            continue;
        bool ok = world->options->kind == ATTACK_TCP ? dial_tcp(held) : dial_tls(held);
        world->counts.dialled += ok;
        dialled++;
    }
}

static void hold(struct attack_world *world) {
    struct held *all = heap_new(world->options->links * sizeof *all);
    for (uint32_t i = 0; i < world->options->links; i++)
        all[i].world = world;
    while (attack_world_turn(world))
        fill(world, all);
    for (uint32_t i = 0; i < world->options->links; i++)
        hang_up(&all[i]);
    free(all);
}

static void hold_links(struct attack_world *world) {
    static const struct attack_links_events events = {NULL, NULL, NULL};
    const struct attack_links_shape shape = {.links_max = world->options->links};
    struct attack_links *links = attack_links_new(world, &shape, &events, NULL);
    while (attack_world_turn(world)) {
        for (uint32_t i = 0; i < attack_links_places(links); i++) {
            struct attack_link *link = attack_links_at(links, i);
            if (link && link->is_over)
                attack_links_drop(link);
        }
        while (attack_links_dial(links))
            continue;
    }
    attack_links_free(links);
}

bool attack_connections(struct attack_world *world, UNUSED struct complaint *complaint) {
    attack_world_begin(world);
    if (world->options->kind == ATTACK_LINKS)
        hold_links(world);
    else
        hold(world);
    return true;
}
