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

static void drop_handshake(struct origin_circuit *c) {
    origin_handshake_drop(c->origin, c->handshake);
    c->handshake = NULL;
}

static void end_streams(struct origin_circuit *c) {
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

static void close_circuit(struct origin_circuit *c, uint8_t reason, enum err error, bool tell_peer) {
    if (c->state == ORIGIN_CIRCUIT_CLOSED)
        return;
    c->state = ORIGIN_CIRCUIT_CLOSED;
    c->reason = reason;
    c->error = (uint8_t)error;
    c->origin->work.circuits_closed++;
    leave_set(c);
    origin_cells_drop(c->origin, &c->path.queue);
    origin_cells_drop(c->origin, &c->messages);
    end_streams(c);
    drop_handshake(c);
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
    close_circuit(leg_from(set, 0), DESTROY_FINISHED, ERR_OK, true);
}

static void close_for_error(struct origin_circuit *c, enum err error) {
    close_circuit(c, error == ERR_LIMIT ? DESTROY_RESOURCELIMIT : DESTROY_PROTOCOL, error, true);
}

/* What went wrong is not this leg's alone. */
void origin_circuit_fail(struct origin_circuit *c, enum err error) {
    if (c->set)
        c->set->is_over = true;
    close_for_error(c, error);
}

/* --- building --------------------------------------------------------------------------------------------------- */

/* The relay that we asked for has answered: it becomes a hop. */
static enum err finish_handshake(struct origin_circuit *c, uint8_t command, struct span body) {
    if (!c->handshake)
        return ERR_PROTOCOL;
    enum err e = origin_handshake_finish(&c->path, c->handshake, command, body);
    if (e)
        return e;
    drop_handshake(c);
    if (c->state == ORIGIN_CIRCUIT_TRUNCATING)
        return ERR_OK; /* it comes too late, and will be cut off again */
    c->state = ORIGIN_CIRCUIT_OPEN;
    bool is_first = c->path.hop_count == 1;
    origin_ready_raise(c->origin, &c->ready,
                       is_first ? ORIGIN_CIRCUIT_NEWS_OPENED : ORIGIN_CIRCUIT_NEWS_EXTENDED);
    return ERR_OK;
}

/* --- receiving -------------------------------------------------------------------------------------------------- */

/* Hops beyond `from` are gone, or the one that we asked for could not be reached. */
static void receive_truncated(struct origin_circuit *c, unsigned from, struct span data) {
    bool is_asked_for = c->state == ORIGIN_CIRCUIT_TRUNCATING;
    if (from + 1u == c->path.hop_count && !c->handshake && !is_asked_for)
        return; /* nothing was beyond */
    drop_handshake(c);
    end_streams(c);
    origin_path_cut(&c->path, from + 1);
    c->state = ORIGIN_CIRCUIT_OPEN;
    c->reason = reason_decode(data);
    origin_ready_lower(&c->ready, ORIGIN_CIRCUIT_NEWS_EXTENDED);
    origin_ready_raise(c->origin, &c->ready, ORIGIN_CIRCUIT_NEWS_TRUNCATED);
}

/* Takes *cell over. */
static enum err keep_message(struct origin_circuit *c, struct cell **cell) {
    if (c->messages.count == ORIGIN_MESSAGES_MAX)
        return ERR_LIMIT;
    (*cell)->serial =
        origin_hop_format(origin_path_last(&c->path)); /* until it is told, the path may change */
    cell_run_append(&c->messages, *cell);
    *cell = NULL;
    origin_ready_raise(c->origin, &c->ready, ORIGIN_CIRCUIT_NEWS_MESSAGE);
    return ERR_OK;
}

struct cell *origin_circuit_read_message(struct origin_circuit *c, struct relay_message *message_out) {
    struct cell *cell = cell_run_shift(&c->messages);
    if (cell_run_is_empty(&c->messages))
        origin_ready_lower(&c->ready, ORIGIN_CIRCUIT_NEWS_MESSAGE);
    if (!cell)
        return NULL;
    enum err e = relay_message_decode((enum relay_format)cell->serial, cell->body, message_out);
    CHECK(!e); /* it was read when it came */
    return cell;
}

static enum err receive_linked(struct origin_circuit *c, nsec now, struct span data) {
    enum err e = c->set ? origin_conflux_linked(c->set, now, &c->path, data) : ERR_PROTOCOL;
    if (e == ERR_OK)
        origin_ready_raise(c->origin, &c->ready, ORIGIN_CIRCUIT_NEWS_LINKED);
    return e;
}

static enum err receive_switch(struct origin_circuit *c, struct span data) {
    return c->set ? origin_conflux_switched(c->set, &c->path, data) : ERR_PROTOCOL;
}

/* A message of the set, which may have to wait for others, or with which others come in order. What each says may close all
 * legs. Takes *cell over when it sets it to NULL. */
static enum err receive_for_set(struct origin_circuit *c, struct cell **cell) {
    struct relay_message m;
    struct cell *next;
    enum err e = origin_conflux_received(c->set, &c->path, *cell);
    if (e)
        return e;
    *cell = NULL;
    while (c->set && (next = origin_conflux_next(c->set)) != NULL) {
        e = relay_message_decode(origin_hop_format(origin_path_last(&c->path)), next->body, &m);
        CHECK(!e); /* it was read when it came */
        origin_circuit_receive_for_stream(c, &m, &next);
        if (next)
            cell_pool_put(&c->origin->cells, next);
    }
    return ERR_OK;
}

/* A recognized message of hop number `from`. Streams, flow control and growth are the last hop's; what we do not know is
 * ignored, as tor does. */
static enum err receive_message(struct origin_circuit *c, nsec now, unsigned from, struct cell **cell) {
    struct relay_message m;
    enum err e = relay_message_decode(origin_hop_format(c->path.hops[from]), (*cell)->body, &m);
    if (e)
        return e;
    if (m.command == RELAY_TRUNCATED && c->set)
        return ERR_PROTOCOL; /* a leg is as long as it is */
    if (m.command == RELAY_TRUNCATED)
        receive_truncated(c, from, m.data);
    if (m.command == RELAY_TRUNCATED || m.command == RELAY_DROP)
        return ERR_OK;
    if (from + 1u != c->path.hop_count)
        return ERR_PROTOCOL;

    switch (m.command) {
    case RELAY_EXTENDED2: return finish_handshake(c, CELL_CREATED2, m.data);
    case RELAY_SENDME:
        if (m.stream == 0)
            return origin_circuit_receive_sendme(c, now, m.data);
        break;
    case RELAY_DATA: e = origin_circuit_count_data(c); break;
    case RELAY_INTRODUCE2:
    case RELAY_RENDEZVOUS2:
    case RELAY_INTRO_ESTABLISHED:
    case RELAY_RENDEZVOUS_ESTABLISHED:
    case RELAY_INTRODUCE_ACK: return keep_message(c, cell);
    case RELAY_CONFLUX_LINKED: return receive_linked(c, now, m.data);
    case RELAY_CONFLUX_SWITCH: return receive_switch(c, m.data);
    case RELAY_CONFLUX_LINK:
    case RELAY_CONFLUX_LINKED_ACK:
    case RELAY_BEGIN:
    case RELAY_BEGIN_DIR:
    case RELAY_EXTEND2:
    case RELAY_TRUNCATE: return ERR_PROTOCOL; /* nobody asks an origin */
    default: break;
    }
    if (e)
        return e;
    if (c->set && conflux_is_numbered(m.command))
        return receive_for_set(c, cell);
    origin_circuit_receive_for_stream(c, &m, cell);
    return ERR_OK;
}

static uint32_t take_cells(struct origin *o, struct cell **cells_out, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        cells_out[i] = cell_pool_take(&o->cells, CELL_MAY_FAIL);
        if (!cells_out[i])
            return i;
    }
    return n;
}

/* A cell of a run that was peeled while there were `hops` hops, and recognized with it unless it is the last one's. Behind
 * a TRUNCATED cells come from the hop that sent it, or from before it: others are of a hop that is not there any more. */
static enum err receive_peeled(struct origin_circuit *c, nsec now, unsigned hops, unsigned from,
                               struct cell **cell) {
    if (from >= c->path.hop_count)
        return ERR_PROTOCOL;
    if (from + 1u < hops)
        return receive_message(c, now, from, cell);
    if (!origin_hop_recognizes(c->origin, c->path.hops[from], *cell))
        return ERR_PROTOCOL; /* tor-spec 5.5: not ours, and there is nowhere to send it on */
    return receive_message(c, now, from, cell);
}

static void receive_relay(struct origin_circuit *c, nsec now, const struct cell_view *views, uint32_t n) {
    if (c->path.hop_count == 0) {
        close_for_error(c, ERR_PROTOCOL);
        return;
    }
    struct cell *cells[ORIGIN_RUN_MAX];
    uint8_t from[ORIGIN_RUN_MAX];
    uint32_t taken = take_cells(c->origin, cells, n);
    unsigned hops = c->path.hop_count;
    if (taken > 0)
        origin_hops_peel(c->origin, c->path.hops, hops, views, cells, taken, from);
    for (uint32_t i = 0; i < taken; i++) {
        if (c->state != ORIGIN_CIRCUIT_CLOSED) {
            enum err e = receive_peeled(c, now, hops, from[i], &cells[i]);
            if (e)
                close_for_error(c, e);
        }
        if (cells[i])
            cell_pool_put(&c->origin->cells, cells[i]);
    }
    if (taken < n)
        close_for_error(c, ERR_LIMIT);
}

static void receive_created(struct origin_circuit *c, const struct cell_view *cell) {
    enum err e = ERR_PROTOCOL;
    if (c->path.hop_count == 0)
        e = finish_handshake(c, cell->command, (struct span){cell->body, cell->length});
    if (e)
        close_for_error(c, e);
}

static void receive_one(struct origin_circuit *c, const struct cell_view *cell) {
    switch (cell->command) {
    case CELL_CREATED2:
    case CELL_CREATED_FAST: receive_created(c, cell); break;
    case CELL_DESTROY:
        close_circuit(c, reason_decode((struct span){cell->body, cell->length}), ERR_OK, false);
        break;
    case CELL_CREATE:
    case CELL_CREATED:
    case CELL_CREATE_FAST:
    case CELL_CREATE2:
    case CELL_RELAY_EARLY:
        close_for_error(c, ERR_PROTOCOL);
        break;      /* tor-spec 5.6: never towards the origin */
    default: break; /* padding, and what later versions may add */
    }
}

/* Cells that may be peeled together: while a hop is being added each one may be the last that is peeled without it. */
static uint32_t relay_run(const struct origin_circuit *c, const struct cell_view *cells, uint32_t n) {
    uint32_t max = c->handshake ? 1 : ORIGIN_RUN_MAX;
    uint32_t run = 0;
    while (run < n && run < max && cells[run].command == CELL_RELAY) {
        CHECK(cells[run].length == CELL_BODY_LEN);
        run++;
    }
    return run;
}

void origin_circuit_receive(struct origin_circuit *c, nsec now, const struct cell_view *cells, uint32_t n) {
    uint32_t done = 0;
    while (done < n && c->state != ORIGIN_CIRCUIT_CLOSED) {
        uint32_t run = relay_run(c, cells + done, n - done);
        if (run > 0)
            receive_relay(c, now, cells + done, run);
        else
            receive_one(c, &cells[done]);
        done += run > 0 ? run : 1;
    }
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
        close_circuit(c, DESTROY_CHANNEL_CLOSED, ERR_STALE, false);
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

static void free_stream(struct origin_circuit *c, struct origin_stream *s) {
    if (c->stream_recent == s)
        c->stream_recent = NULL;
    list_remove(&s->entry);
    c->stream_count--;
    origin_stream_fini(c->origin, s);
    slab_put(&c->origin->streams, s);
}

void origin_circuit_free(struct origin_circuit *c, UNUSED nsec now, uint8_t reason) {
    CHECK(!c->is_freed);
    close_circuit(c, reason, ERR_OK, true);
    while (!list_is_empty(&c->streams))
        free_stream(c, LIST_ENTRY(c->streams.next, struct origin_stream, entry));
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

/* --- the user's side: streams ----------------------------------------------------------------------------------- */

static uint16_t choose_stream_id(struct origin_circuit *c) {
    uint16_t id, *next = c->set ? &c->set->stream_next : &c->stream_next;
    do {
        id = (*next)++;
        if (*next == 0)
            *next = 1;
    } while (origin_circuit_stream(c, id)); /* ends: ORIGIN_STREAMS_MAX is far below 65535 */
    return id;
}

struct origin_stream *origin_circuit_begin(struct origin_circuit *c, UNUSED nsec now,
                                           const struct begin_message *to) {
    if (c->state != ORIGIN_CIRCUIT_OPEN || c->stream_count == ORIGIN_STREAMS_MAX)
        return NULL;
    if (c->set && (!to || !origin_conflux_is_linked(c->set)))
        return NULL; /* proposal 329: no directory over sets */
    struct origin_stream *s = slab_take(&c->origin->streams);
    if (!s)
        return NULL;
    origin_stream_init(s, c, choose_stream_id(c));
    s->is_uncounted = origin_circuit_has_congestion_control(c);
    list_append(&c->streams, &s->entry);
    c->stream_count++;
    enum err e =
        c->set ? origin_conflux_begin(c->set, s->id, to) : origin_path_send_begin(&c->path, s->id, to);
    if (e == ERR_OK)
        return s;
    free_stream(c, s);
    if (c->set)
        origin_circuit_fail(c, e); /* a number was given to it */
    return NULL;
}

static size_t package(struct origin_circuit *c, nsec now, struct origin_stream *s, struct span bytes,
                      bool *starved_out, bool *is_lost_out) {
    if (c->set)
        return origin_conflux_package(c->set, now, s->id, bytes, starved_out, is_lost_out);
    struct flow_window *window = s->is_uncounted ? NULL : &s->window;
    size_t sent = origin_path_package(&c->path, now, s->id, window, bytes, starved_out);
    *is_lost_out = c->path.is_lost;
    return sent;
}

size_t origin_circuit_send(struct origin_circuit *c, nsec now, struct origin_stream *s, const uint8_t *bytes,
                           size_t length) {
    CHECK(s->circuit == c);
    if (c->state != ORIGIN_CIRCUIT_OPEN || s->state == ORIGIN_STREAM_ENDED)
        return 0;
    if (s->is_stopped) {
        origin_stream_block(s);
        return 0;
    }
    bool is_starved, is_lost;
    size_t sent = package(c, now, s, (struct span){bytes, length}, &is_starved, &is_lost);
    if (is_lost)
        origin_circuit_fail(c, ERR_LIMIT);
    else if (is_starved)
        origin_stream_starve(c->origin, s);
    else if (sent < length)
        origin_stream_block(s);
    return sent;
}

void origin_circuit_end(struct origin_circuit *c, UNUSED nsec now, struct origin_stream *s, uint8_t reason) {
    CHECK(s->circuit == c);
    if (c->state != ORIGIN_CIRCUIT_CLOSED && s->state != ORIGIN_STREAM_ENDED)
        origin_circuit_say_end(c, s, reason);
    free_stream(c, s);
}

struct cell *origin_circuit_read(struct origin_circuit *c, struct origin_stream *s) {
    uint16_t due;
    struct cell *cell = origin_stream_read(s, &due);
    struct relay_message m = {.command = RELAY_SENDME, .stream = s->id};
    while (due-- > 0 && c->state != ORIGIN_CIRCUIT_CLOSED && s->state == ORIGIN_STREAM_CONNECTED)
        origin_circuit_say(c, &m);
    if (s->has_stopped && cell_run_is_empty(&s->inbox) && c->state == ORIGIN_CIRCUIT_OPEN &&
        s->state == ORIGIN_STREAM_CONNECTED)
        origin_circuit_say_xon(c, s);
    return cell;
}
