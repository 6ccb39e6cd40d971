#include "origin/origin_circuit.h"

#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "origin/origin_circuit_state.h"
#include "wire/multipath_messages.h"
#include "wire/relay_cell.h"

#define CIRC_ID_TRIES 64u /* of 2^31 ids: more than one try is rare */
#define CIRC_ID_INITIATOR \
    UINT32_C(0x80000000) /* tor-spec 5.1.1: the side that dialled sets the highest bit */

/* --- legs of a set ---------------------------------------------------------------------------------------------- */

/* The leg with that number or the next that there is; NULL behind the last. */
static struct origin_circuit *leg_from(const struct origin_conflux *set, unsigned number) {
    for (; number < CONFLUX_LEGS_MAX; number++) {
        struct origin_path *path = origin_conflux_path(set, number);
        if (path)
            return LIST_ENTRY(path, struct origin_circuit, path);
    }
    return NULL;
}

/* The circuits whose streams c shares, one after the other: itself alone, or all legs of its set. NULL behind the last. */
struct origin_circuit *origin_circuit_next_with(struct origin_circuit *c, unsigned *number) {
    if (!c->set)
        return (*number)++ == 0 ? c : NULL;
    struct origin_circuit *found = leg_from(c->set, *number);
    if (found)
        *number = found->leg_number + 1u;
    return found;
}

/* --- closing ---------------------------------------------------------------------------------------------------- */

void origin_circuit_drop_handshake(struct origin_circuit *c) {
    origin_handshake_drop(c->origin, c->handshake);
    c->handshake = NULL;
}

void origin_circuit_end_streams(struct origin_circuit *c) {
    for (struct list *entry = c->streams.next; entry != &c->streams; entry = entry->next)
        origin_stream_receive_end(c->origin, LIST_ENTRY(entry, struct origin_stream, entry), END_DESTROY);
}

/* The circuit has no more to do with its link, and when the user has freed it, nothing at all. */
static void leave_link(struct origin_circuit *c) {
    origin_path_want_no_write(&c->path);
    if (table_get(&c->outlet->by_id, c->path.circ_id) == c) /* not yet another circuit's */
        table_remove(&c->outlet->by_id, c->path.circ_id);
    c->owes_destroy = false;
    if (!c->is_freed)
        return;
    list_remove(&c->entry);
    slab_put(&c->origin->circuits, c);
}

/* Streams that were begun on c are another leg's from now on. */
static void pass_streams(struct origin_circuit *c, struct origin_circuit *to) {
    struct list *entry;
    while ((entry = list_take_first(&c->streams)) != NULL) {
        LIST_ENTRY(entry, struct origin_stream, entry)->circuit = to;
        list_append(&to->streams, entry);
    }
    to->stream_count = (uint16_t)(to->stream_count + c->stream_count);
    c->stream_count = 0;
    c->stream_recent = NULL;
}

static void close_first(struct origin_conflux *set);

/* No leg any more; the others end with it when it was in use. */
static void leave_set(struct origin_circuit *c) {
    struct origin_conflux *set = c->set;
    if (!set)
        return;
    c->set = NULL;
    bool is_over = origin_conflux_leave(set, &c->path);
    if (set->count == 0)
        origin_conflux_free(set);
    else if (is_over)
        close_first(set);
    else
        pass_streams(c, leg_from(set, 0));
}

void origin_circuit_close(struct origin_circuit *c, uint8_t reason, enum err error, bool tell_peer) {
    if (c->state == ORIGIN_CIRCUIT_CLOSED)
        return;
    c->state = ORIGIN_CIRCUIT_CLOSED;
    c->reason = reason;
    c->error = (uint8_t)error;
    c->origin->work.circuits_closed++;
    leave_set(c);
    origin_cells_drop(c->origin, &c->path.queue);
    origin_cells_drop(c->origin, &c->messages);
    origin_circuit_end_streams(c);
    origin_circuit_drop_handshake(c);
    origin_path_cut(&c->path, 0);
    origin_ready_lower(&c->ready, UINT8_MAX);
    origin_ready_raise(c->origin, &c->ready, ORIGIN_CIRCUIT_NEWS_CLOSED);
    c->owes_destroy = tell_peer;
    if (tell_peer)
        origin_path_want_write(&c->path);
    else
        leave_link(c);
}

/* Each takes the next with it: at the end the set is free. */
static void close_first(struct origin_conflux *set) {
    origin_circuit_close(leg_from(set, 0), DESTROY_FINISHED, ERR_OK, true);
}

void origin_circuit_close_for(struct origin_circuit *c, enum err error) {
    origin_circuit_close(c, error == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL, error, true);
}

/* What went wrong is not this leg's alone. */
void origin_circuit_fail(struct origin_circuit *c, enum err error) {
    if (c->set)
        c->set->is_over = true;
    origin_circuit_close_for(c, error);
}

/* --- the link's side -------------------------------------------------------------------------------------------- */

void origin_outlet_init(struct origin_outlet *outlet, struct origin *o) {
    table_init(&outlet->by_id, o->config.memory, rng_u64(&o->rng));
    list_init(&outlet->circuits);
    list_init(&outlet->writable);
}

void origin_outlet_fini(struct origin_outlet *outlet) {
    CHECK(list_is_empty(&outlet->circuits));
    table_fini(&outlet->by_id);
}

static uint32_t take_destroy(struct origin_circuit *c, struct cell **cell_out) {
    struct cell *cell = cell_pool_take(&c->origin->cells, CELL_MUST);
    if (!cell)
        return 0;
    memset(cell->body, 0, CELL_BODY_LEN);
    cell->body[0] = c->reason;
    cell->circ_id = c->path.circ_id;
    cell->command = CELL_DESTROY;
    cell->length = CELL_BODY_LEN;
    *cell_out = cell;
    leave_link(c);
    return 1;
}

uint32_t origin_circuit_take(struct origin_circuit *c, struct cell **cells_out, uint32_t max) {
    CHECK(max > 0);
    if (c->owes_destroy)
        return take_destroy(c, cells_out);
    uint32_t n = 0;
    while (n < max && !cell_run_is_empty(&c->path.queue))
        cells_out[n++] = cell_run_shift(&c->path.queue);
    if (cell_run_is_empty(&c->path.queue))
        origin_path_want_no_write(&c->path);
    if (c->path.queue.count <= c->origin->config.queue_cells_max / 2)
        origin_circuit_unblock_streams(c);
    return n;
}

void origin_circuit_link_closed(struct origin_circuit *c) {
    if (c->state == ORIGIN_CIRCUIT_CLOSED)
        leave_link(c);
    else
        origin_circuit_close(c, DESTROY_CHANNEL_CLOSED, ERR_STALE, false);
}

/* --- the user's side: circuits ---------------------------------------------------------------------------------- */

/* A random id that this link does not use; 0 when luck is against us. */
static uint32_t choose_id(struct origin *o, const struct origin_outlet *outlet) {
    for (unsigned try = 0; try < CIRC_ID_TRIES; try++) {
        uint32_t id = (uint32_t)rng_u64(&o->rng) | CIRC_ID_INITIATOR;
        if (!table_get(&outlet->by_id, id))
            return id;
    }
    return 0;
}

static struct origin_circuit *enter_link(struct origin *o, struct origin_outlet *outlet) {
    uint32_t id = choose_id(o, outlet);
    if (id == 0)
        return NULL;
    struct origin_circuit *c = slab_take(&o->circuits);
    if (!c)
        return NULL;
    *c = (struct origin_circuit){
        .origin = o,
        .outlet = outlet,
        .stream_next = 1,
        .early_left = ORIGIN_EARLY_MAX,
        .state = ORIGIN_CIRCUIT_BUILDING,
    };
    origin_path_init(&c->path, o, &outlet->writable, id);
    origin_ready_init(&c->ready, ORIGIN_OWNER_CIRCUIT);
    list_init(&c->streams);
    list_init(&c->entry);
    if (table_set(&outlet->by_id, id, c)) {
        slab_put(&o->circuits, c);
        return NULL;
    }
    list_append(&outlet->circuits, &c->entry);
    return c;
}

struct origin_circuit *origin_circuit_new(struct origin *o, struct origin_outlet *outlet, UNUSED nsec now,
                                          const struct origin_target *first) {
    struct origin_circuit *c = enter_link(o, outlet);
    if (!c)
        return NULL;
    c->handshake = origin_handshake_create(&c->path, first);
    if (!c->handshake) {
        c->is_freed = true; /* nobody has heard of it */
        leave_link(c);
        return NULL;
    }
    o->work.circuits_opened++;
    return c;
}

void origin_circuit_free(struct origin_circuit *c, UNUSED nsec now, uint8_t reason) {
    CHECK(!c->is_freed);
    origin_circuit_close(c, reason, ERR_OK, true);
    while (!list_is_empty(&c->streams))
        origin_circuit_free_stream(c, LIST_ENTRY(c->streams.next, struct origin_stream, entry));
    origin_ready_lower(&c->ready, UINT8_MAX);
    c->is_freed = true;
    if (!c->owes_destroy)
        leave_link(c);
}

enum err origin_circuit_extend(struct origin_circuit *c, UNUSED nsec now, const struct origin_target *next) {
    if (c->state != ORIGIN_CIRCUIT_OPEN || c->stream_count > 0 || c->set ||
        origin_path_last(&c->path)->flow.tags.count > 0)
        return ERR_REFUSED;
    if (next->handshake == ORIGIN_HANDSHAKE_FAST)
        return ERR_REFUSED;
    if (c->path.hop_count == ORIGIN_HOPS_MAX || c->early_left == 0)
        return ERR_LIMIT;
    c->handshake = origin_handshake_extend(&c->path, next);
    if (!c->handshake)
        return ERR_LIMIT;
    c->early_left--;
    c->state = ORIGIN_CIRCUIT_BUILDING;
    return ERR_OK;
}

enum err origin_circuit_truncate(struct origin_circuit *c, UNUSED nsec now, unsigned last) {
    if (c->state == ORIGIN_CIRCUIT_CLOSED || c->state == ORIGIN_CIRCUIT_TRUNCATING || c->set)
        return ERR_REFUSED;
    if (last + 1u > c->path.hop_count)
        return ERR_REFUSED;
    if (last + 1u == c->path.hop_count && !c->handshake)
        return ERR_REFUSED;
    uint8_t reason = DESTROY_NONE;
    struct relay_message m = {.command = RELAY_TRUNCATE, .data = {&reason, 1}};
    enum err e = origin_path_send(&c->path, last, CELL_RELAY, &m, CELL_MAY_FAIL);
    if (e == ERR_OK)
        c->state = ORIGIN_CIRCUIT_TRUNCATING;
    return e;
}

/* --- the user's side: sets -------------------------------------------------------------------------------------- */

static bool may_link(const struct origin_circuit *c, const struct origin_circuit *first) {
    if (c->state != ORIGIN_CIRCUIT_OPEN || c->set || c->stream_count > 0 ||
        !origin_circuit_has_congestion_control(c))
        return false;
    const struct origin_hop *own = origin_path_last(&c->path), *other = origin_path_last(&first->path);
    return own->layer_kind == other->layer_kind && own->flow.increment == other->flow.increment;
}

enum err origin_circuit_link(struct origin_circuit *const *legs, unsigned n, nsec now,
                             enum conflux_wish wish) {
    struct origin_path *paths[CONFLUX_LEGS_MAX];
    if (n < 2 || n > CONFLUX_LEGS_MAX)
        return ERR_REFUSED;
    for (unsigned i = 0; i < n; i++) {
        if (!may_link(legs[i], legs[0]))
            return ERR_REFUSED;
        paths[i] = &legs[i]->path;
    }
    struct origin_conflux *set = origin_conflux_new(legs[0]->origin, paths, n);
    if (!set)
        return ERR_LIMIT;
    for (unsigned i = 0; i < n; i++) {
        legs[i]->set = set;
        legs[i]->leg_number = (uint8_t)i;
    }
    enum err e = origin_conflux_ask(set, now, wish);
    if (e)
        origin_circuit_fail(legs[0], e);
    return e;
}
