/* What comes to a circuit at its origin: answers to CREATE and EXTEND, peeled cells, and the messages in them. */
#include "base/bytes.h"
#include "base/check.h"
#include "origin/origin_circuit.h"
#include "origin/origin_circuit_state.h"
#include "wire/multipath_messages.h"
#include "wire/relay_cell.h"

/* --- building --------------------------------------------------------------------------------------------------- */

/* The relay that we asked for has answered: it becomes a hop. */
static enum err finish_handshake(struct origin_circuit *c, uint8_t command, struct span body) {
    if (!c->handshake)
        return ERR_PROTOCOL;
    enum err e = origin_handshake_finish(&c->path, c->handshake, command, body);
    if (e)
        return e;
    origin_circuit_drop_handshake(c);
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
    origin_circuit_drop_handshake(c);
    origin_circuit_end_streams(c);
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
        origin_circuit_close_for(c, ERR_PROTOCOL);
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
                origin_circuit_close_for(c, e);
        }
        if (cells[i])
            cell_pool_put(&c->origin->cells, cells[i]);
    }
    if (taken < n)
        origin_circuit_close_for(c, ERR_LIMIT);
}

static void receive_created(struct origin_circuit *c, const struct cell_view *cell) {
    enum err e = ERR_PROTOCOL;
    if (c->path.hop_count == 0)
        e = finish_handshake(c, cell->command, (struct span){cell->body, cell->length});
    if (e)
        origin_circuit_close_for(c, e);
}

static void receive_one(struct origin_circuit *c, const struct cell_view *cell) {
    switch (cell->command) {
    case CELL_CREATED2:
    case CELL_CREATED_FAST: receive_created(c, cell); break;
    case CELL_DESTROY:
        origin_circuit_close(c, reason_decode((struct span){cell->body, cell->length}), ERR_OK, false);
        break;
    case CELL_CREATE:
    case CELL_CREATED:
    case CELL_CREATE_FAST:
    case CELL_CREATE2:
    case CELL_RELAY_EARLY:
        origin_circuit_close_for(c, ERR_PROTOCOL);
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
