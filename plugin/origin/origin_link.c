#include "origin/origin_link.h"

#include "base/check.h"

#define VIEWS_MAX    32u /* cells framed at a time: a TLS record's worth */
#define CIRCUIT_TURN 8u  /* cells that a circuit may send before it is another's turn */
#define VARIABLE_MAX HANDSHAKE_CELL_MAX

struct origin_link *origin_link_new(struct origin *o, UNUSED nsec now, const struct link_facts *facts,
                                    const struct link_expectation *expected) {
    CHECK(facts->is_initiator);
    CHECK(!facts->credentials || facts->export_secret);
    struct origin_link *link = slab_take(&o->links);
    if (!link)
        return NULL;
    *link = (struct origin_link){.origin = o, .state = ORIGIN_LINK_HANDSHAKING};
    link->handshake = link_handshake_new(o->config.crypt, o->config.memory, facts, expected);
    if (!link->handshake) {
        slab_put(&o->links, link);
        return NULL;
    }
    origin_ready_init(&link->ready, ORIGIN_OWNER_LINK);
    origin_outlet_init(&link->outlet, o);
    return link;
}

/* The list may lose the entry that a step works on, and no other. */
static void close_circuits(struct origin_link *link) {
    struct list *next;
    for (struct list *entry = link->outlet.circuits.next; entry != &link->outlet.circuits; entry = next) {
        next = entry->next;
        origin_circuit_link_closed(LIST_ENTRY(entry, struct origin_circuit, entry));
    }
}

static void close_link(struct origin_link *link, enum err error) {
    if (link->state == ORIGIN_LINK_CLOSED)
        return;
    link->state = ORIGIN_LINK_CLOSED;
    link->error = (uint8_t)error;
    link_handshake_free(link->handshake);
    link->handshake = NULL;
    close_circuits(link);
    origin_ready_lower(&link->ready, UINT8_MAX);
    origin_ready_raise(link->origin, &link->ready, ORIGIN_LINK_NEWS_CLOSED);
}

void origin_link_closed(struct origin_link *link, UNUSED nsec now) {
    close_link(link, ERR_OK);
}

void origin_link_free(struct origin_link *link, nsec now) {
    close_link(link, ERR_OK);
    struct list *circuits = &link->outlet.circuits;
    while (!list_is_empty(circuits))
        origin_circuit_free(LIST_ENTRY(circuits->next, struct origin_circuit, entry), now, DESTROY_NONE);
    origin_ready_lower(&link->ready, UINT8_MAX);
    origin_outlet_fini(&link->outlet);
    slab_put(&link->origin->links, link);
}

/* --- receiving -------------------------------------------------------------------------------------------------- */

/* The handshake is kept until it is over and written; its output goes before any cell. */
static void drop_handshake_when_done(struct origin_link *link) {
    if (!link->handshake || !link_handshake_is_open(link->handshake))
        return;
    if (link_handshake_output(link->handshake).length > 0)
        return;
    link_handshake_free(link->handshake);
    link->handshake = NULL;
}

static enum err receive_handshake(struct origin_link *link, nsec now, const struct cell_view *cell) {
    enum err e = link_handshake_receive(link->handshake, origin_unix_s(link->origin, now), cell);
    if (e || !link_handshake_is_open(link->handshake))
        return e;
    link->state = ORIGIN_LINK_OPEN;
    link->origin->work.handshakes_link++;
    origin_ready_raise(link->origin, &link->ready, ORIGIN_LINK_NEWS_OPENED);
    drop_handshake_when_done(link);
    return ERR_OK;
}

/* Cells of one circuit. Unknown circuits are those closed a moment ago: their cells are ignored (tor-spec 5.4). Of the
 * cells of the link itself, which have id 0, none matters to a client. */
static void receive_for_circuit(struct origin_link *link, nsec now, const struct cell_view *cells,
                                uint32_t n) {
    struct origin_circuit *c = table_get(&link->outlet.by_id, cells[0].circ_id);
    if (c)
        origin_circuit_receive(c, now, cells, n);
}

static uint32_t same_circuit(const struct cell_view *cells, uint32_t n) {
    uint32_t run = 1;
    while (run < n && cells[run].circ_id == cells[0].circ_id)
        run++;
    return run;
}

void origin_link_receive(struct origin_link *link, nsec now, const struct cell_view *cells, uint32_t n) {
    link->origin->work.cells_received += n;
    for (uint32_t done = 0; done < n && link->state != ORIGIN_LINK_CLOSED;) {
        if (link->state == ORIGIN_LINK_HANDSHAKING) {
            enum err e = receive_handshake(link, now, &cells[done++]);
            if (e)
                close_link(link, e);
            continue;
        }
        uint32_t run = same_circuit(cells + done, n - done);
        receive_for_circuit(link, now, cells + done, run);
        done += run;
    }
}

/* Until the peer's VERSIONS has come, cells have short circuit ids: frame one at a time while the handshake lasts. */
static enum err receive_some(struct origin_link *link, nsec now, struct bytes_in *in, uint32_t *count_out) {
    struct cell_view views[VIEWS_MAX];
    bool is_open = link->state == ORIGIN_LINK_OPEN;
    unsigned id_length = is_open ? 4 : link_handshake_circ_id_length(link->handshake);
    enum err e = cell_frame(in, id_length, VARIABLE_MAX, views, is_open ? VIEWS_MAX : 1, count_out);
    origin_link_receive(link, now, views, *count_out);
    return e;
}

size_t origin_link_receive_bytes(struct origin_link *link, nsec now, const uint8_t *bytes, size_t length) {
    struct bytes_in in = bytes_in(bytes, length);
    uint32_t count = 1;
    while (link->state != ORIGIN_LINK_CLOSED && count > 0) {
        enum err e = receive_some(link, now, &in, &count);
        if (e)
            close_link(link, e);
    }
    size_t used = link->state == ORIGIN_LINK_CLOSED ? length : length - bytes_left(&in);
    link->origin->work.bytes_received += used;
    return used;
}

/* --- sending ---------------------------------------------------------------------------------------------------- */

struct span origin_link_handshake_output(const struct origin_link *link) {
    return link->handshake ? link_handshake_output(link->handshake) : (struct span){0};
}

void origin_link_handshake_written(struct origin_link *link, size_t length) {
    if (!link->handshake)
        return; /* closed meanwhile */
    link_handshake_written(link->handshake, length);
    link->origin->work.bytes_sent += length;
    drop_handshake_when_done(link);
}

bool origin_link_wants_write(const struct origin_link *link) {
    return link->state == ORIGIN_LINK_OPEN && !list_is_empty(&link->outlet.writable);
}

/* First circuit in the list sends a turn, then goes to the end of the list if it has more. */
static uint32_t take_turn(struct origin_link *link, struct cell **cells_out, uint32_t max) {
    struct list *writable = &link->outlet.writable;
    struct list *first = writable->next;
    struct origin_path *path = LIST_ENTRY(first, struct origin_path, writable);
    uint32_t n = origin_circuit_take(LIST_ENTRY(path, struct origin_circuit, path), cells_out, max);
    if (!list_is_empty(writable) && writable->next == first) {
        list_remove(first);
        list_append(writable, first);
    }
    return n;
}

uint32_t origin_link_take(struct origin_link *link, UNUSED nsec now, struct cell **cells_out, uint32_t max) {
    uint32_t n = 0;
    while (n < max && origin_link_wants_write(link)) {
        uint32_t left = max - n;
        uint32_t taken = take_turn(link, cells_out + n, left < CIRCUIT_TURN ? left : CIRCUIT_TURN);
        if (taken == 0)
            break; /* no cell for a DESTROY: the next take tries again */
        n += taken;
    }
    link->origin->work.cells_sent += n;
    link->origin->work.bytes_sent += (uint64_t)n * CELL_LEN;
    return n;
}

void origin_link_release(struct origin_link *link, struct cell **cells, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        cell_pool_put(&link->origin->cells, cells[i]);
        origin_stream_feed(link->origin);
    }
}

struct origin_circuit *origin_link_circuit(struct origin_link *link, nsec now,
                                           const struct origin_target *first) {
    if (link->state != ORIGIN_LINK_OPEN)
        return NULL;
    return origin_circuit_new(link->origin, &link->outlet, now, first);
}
