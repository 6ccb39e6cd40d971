#include "attack/attack_links.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "attack/attack_socket.h"
#include "attack/attack_world.h"
#include "base/check.h"
#include "load/load_connection.h"
#include "load/load_entry.h"
#include "load/load_lane.h"
#include "load/load_sink.h"
#include "native/heap.h"
#include "origin/origin.h"

#define DIALLING_MAX 64u /* links in the making */

struct attack_links {
    struct attack_world *world;
    struct attack_links_shape shape;
    const struct attack_links_events *events;
    void *owner;
    struct origin *origin;
    struct attack_link **links; /* by place */
    uint32_t places, count, dialling;
};

/* --- a link ------------------------------------------------------------------------------------------------------ */

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    tls_session_export(context, cid, out);
}

static struct origin_link *shake_hands(const struct attack_link *link, nsec now) {
    const struct attack_links *links = link->links;
    struct link_facts facts = {.is_initiator = true, .peer = links->world->options->relay};
    struct link_expectation expected = {.has_ed_id = true};
    memcpy(expected.ed_id, links->world->options->ed_id, sizeof expected.ed_id);
    if (!tls_session_peer_sha256(load_connection_tls(link->connection), facts.peer_certificate_sha256))
        return NULL;
    if (links->shape.as_relay) {
        facts.credentials = load_sink_credentials(links->world->sinks[0]);
        facts.export_secret = export_secret;
        facts.export_context = load_connection_tls_change(link->connection);
    }
    return origin_link_new(links->origin, now, &facts, &expected);
}

void attack_link_lose(struct attack_link *link) {
    struct attack_links *links = link->links;
    if (link->is_over)
        return;
    link->is_over = true;
    links->dialling -= !link->is_open;
    links->world->counts.closed++;
    if (link->origin)
        origin_link_closed(link->origin, attack_world_now(links->world));
}

void attack_link_write(struct attack_link *link, nsec now) {
    if (link->origin && !link->is_over && !load_entry_write(link->origin, now, link->connection))
        attack_link_lose(link);
}

static void on_secured(void *owner) {
    struct attack_link *link = owner;
    nsec now = attack_world_now(link->links->world);
    link->origin = shake_hands(link, now);
    if (!link->origin) {
        attack_link_lose(link);
        return;
    }
    link->origin->user = link;
    attack_link_write(link, now);
}

static void open(struct attack_link *link, nsec now) {
    link->is_open = true;
    link->links->dialling--;
    link->links->world->counts.opened++;
    if (link->links->events->opened)
        link->links->events->opened(link->links->owner, now, link);
}

static void follow(struct attack_links *links, nsec now) {
    struct origin_event event;
    while (origin_next_event(links->origin, now, &event)) {
        if (event.kind == ORIGIN_EVENT_LINK_OPENED)
            open(event.link->user, now);
        else if (event.kind == ORIGIN_EVENT_LINK_CLOSED)
            attack_link_lose(event.link->user);
        else if (links->events->heard)
            links->events->heard(links->owner, now, &event);
    }
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    struct attack_link *link = owner;
    struct attack_links *links = link->links;
    nsec now = attack_world_now(links->world);
    if (link->is_over || !link->origin)
        return length;
    if (link->is_open && links->events->bytes)
        return links->events->bytes(links->owner, link, bytes, length);
    size_t used = origin_link_receive_bytes(link->origin, now, bytes, length);
    follow(links, now);
    attack_link_write(link, now);
    return used;
}

static void on_discarded(void *owner, uint64_t length) {
    (void)owner;
    (void)length;
    CHECK(!"nothing is discarded");
}

static void on_closed(void *owner) {
    struct attack_link *link = owner;
    attack_link_lose(link);
    follow(link->links, attack_world_now(link->links->world));
}

static const struct load_connection_events link_events = {on_secured, on_bytes, on_discarded, on_closed};

/* --- all of them ------------------------------------------------------------------------------------------------- */

static struct origin *make_origin(const struct attack_world *world, const struct attack_links_shape *shape) {
    struct origin_config config;
    origin_config_default(&config);
    config.memory = &heap_memory;
    config.crypt = world->shape->crypt;
    CHECK(getrandom(&config.seed, sizeof config.seed, 0) == (ssize_t)sizeof config.seed);
    config.unix_s_at_zero = (uint64_t)time(NULL);
    config.links_max = shape->links_max;
    config.circuits_max = shape->circuits_max;
    config.streams_max = shape->streams_max;
    config.cells_max = 65536 + 4 * shape->circuits_max + 2 * shape->streams_max;
    struct origin *o = origin_new(&config);
    CHECK(o);
    return o;
}

struct attack_links *attack_links_new(struct attack_world *world, const struct attack_links_shape *shape,
                                      const struct attack_links_events *events, void *owner) {
    struct attack_links *links = heap_new(sizeof *links);
    *links = (struct attack_links){.world = world, .shape = *shape, .events = events, .owner = owner};
    links->links = heap_new(shape->links_max * sizeof *links->links);
    links->origin = make_origin(world, shape);
    return links;
}

void attack_links_free(struct attack_links *links) {
    if (!links)
        return;
    for (uint32_t i = 0; i < links->places; i++)
        if (links->links[i])
            attack_links_drop(links->links[i]);
    origin_free(links->origin);
    free(links->links);
    free(links);
}

static uint32_t free_place(struct attack_links *links) {
    for (uint32_t i = 0; links->count < links->places && i < links->places; i++)
        if (!links->links[i])
            return i;
    return links->places++;
}

struct attack_link *attack_links_dial(struct attack_links *links) {
    const struct attack_options *options = links->world->options;
    if (links->count == links->shape.links_max || links->dialling == DIALLING_MAX)
        return NULL;
    int fd = attack_socket_connect(&options->from, &options->relay, links->shape.has_small_buffers);
    if (fd < 0)
        return NULL;
    struct attack_link *link = heap_new(sizeof *link);
    *link = (struct attack_link){.links = links, .place = free_place(links)};
    link->connection = load_connection_dial_over(links->world->net, fd, &link_events, link);
    links->links[link->place] = link;
    links->count++;
    links->dialling++;
    links->world->counts.dialled++;
    return link;
}

void attack_links_drop(struct attack_link *link) {
    struct attack_links *links = link->links;
    if (!link->is_over && !link->is_open)
        links->dialling--;
    if (link->origin)
        origin_link_free(link->origin, attack_world_now(links->world));
    load_connection_free(link->connection);
    links->links[link->place] = NULL;
    links->count--;
    free(link);
}

uint32_t attack_links_count(const struct attack_links *links) {
    return links->count;
}

uint32_t attack_links_places(const struct attack_links *links) {
    return links->places;
}

struct attack_link *attack_links_at(const struct attack_links *links, uint32_t place) {
    return links->links[place];
}

void attack_links_first_hop(const struct attack_world *world, struct origin_target *out) {
    const struct attack_options *options = world->options;
    *out = (struct origin_target){.has_ed_id = true, .ipv4 = options->relay};
    memcpy(out->rsa_id, options->rsa_id, sizeof out->rsa_id);
    memcpy(out->ed_id, options->ed_id, sizeof out->ed_id);
    memcpy(out->onion_key, options->onion_key, sizeof out->onion_key);
}

void attack_links_write(struct attack_links *links, nsec now) {
    follow(links, now);
    for (uint32_t i = 0; i < links->places; i++)
        if (links->links[i])
            attack_link_write(links->links[i], now);
}
