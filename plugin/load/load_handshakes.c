#include "load/load_handshakes.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/check.h"
#include "load/load_clients.h"
#include "load/load_connection.h"
#include "load/load_entry.h"
#include "native/heap.h"
#include "native/turn_clock.h"
#include "origin/origin.h"
#include "wire/cell.h"
#include "wire/circuit_messages.h"

#define CIRC_ID_BASE    UINT32_C(0x80000000) /* ids of the side that has dialled */
#define CIRC_ID_END     UINT32_C(0xfff00000)
#define CELLS_A_CIRCUIT 2u /* the last one's DESTROY, and the CREATE2 */
#define CIRCUIT_BYTES   (CELLS_A_CIRCUIT * CELL_LEN)
#define RECORD_CIRCUITS (LOAD_RECORD_MAX / CELLS_A_CIRCUIT)
#define VARIABLE_MAX    1024u /* bytes of a padding cell */
#define AGAIN_US        2000  /* a connection that took no more is asked again */
#define OPEN_STEP_US    20000

/* One handshake after another; the ids of one place are as many apart as a link has places. */
struct place {
    uint32_t circ_id; /* that it has, or had last; 0: none yet */
    bool is_waiting;
};

struct way {
    struct load_handshakes *handshakes;
    struct load_connection *connection;
    struct origin_link *link;
    struct place *places;
    uint32_t *idle; /* places that wait for no answer, a stack */
    uint32_t place_count, idle_count;
};

struct load_handshakes {
    struct load_net *net;
    const struct load_options *options;
    struct load_clients *clients;
    struct origin *origin;
    struct turn_clock clock;
    struct way *ways;
    struct event *again;
    struct load_handshakes_count count;
    uint32_t ways_open;
    bool is_pressing;
    uint8_t record[RECORD_CIRCUITS * CIRCUIT_BYTES];
};

static nsec now_of(struct load_handshakes *h) {
    turn_clock_next(&h->clock);
    return turn_clock_now(&h->clock);
}

/* --- asking ------------------------------------------------------------------------------------------------------ */

static void ask(struct way *way, uint32_t index, struct bytes_out *out) {
    struct place *place = &way->places[index];
    const uint32_t first = CIRC_ID_BASE + 1 + index;
    const uint8_t reason = DESTROY_NONE;
    if (place->circ_id)
        cell_put(out, 4, place->circ_id, CELL_DESTROY, &reason, sizeof reason);
    bool begins_anew = place->circ_id == 0 || place->circ_id >= CIRC_ID_END;
    place->circ_id = begins_anew ? first : place->circ_id + way->place_count;
    cell_put(out, 4, place->circ_id, CELL_CREATE2, load_clients_ask(way->handshakes->clients, place->circ_id),
             CELL_BODY_LEN);
    place->is_waiting = true;
    way->handshakes->count.under_way++;
}

/* Ask for as many circuits as places are idle, in full records, while the connection takes them. */
static void press(struct way *way) {
    struct load_handshakes *h = way->handshakes;
    while (h->is_pressing && way->idle_count > 0 && load_connection_can_write(way->connection)) {
        struct bytes_out out = bytes_out(h->record, sizeof h->record);
        for (uint32_t n = 0; n < RECORD_CIRCUITS && way->idle_count > 0; n++)
            ask(way, way->idle[--way->idle_count], &out);
        if (!load_connection_write(way->connection, h->record, bytes_written(&out))) {
            h->count.wrong++;
            return;
        }
    }
}

static void press_all(struct load_handshakes *h) {
    for (uint32_t i = 0; i < h->options->links; i++)
        press(&h->ways[i]);
}

static void on_again(evutil_socket_t fd, short what, void *argument) {
    (void)fd;
    (void)what;
    press_all(argument);
}

/* --- answers ----------------------------------------------------------------------------------------------------- */

static struct place *waiting_place(struct way *way, uint32_t circ_id) {
    struct place *place = &way->places[(circ_id - CIRC_ID_BASE - 1) % way->place_count];
    return place->circ_id == circ_id && place->is_waiting ? place : NULL;
}

static void take_answer(struct way *way, const struct cell_view *cell) {
    struct load_handshakes_count *count = &way->handshakes->count;
    struct place *place = waiting_place(way, cell->circ_id);
    if (!place) {
        count->wrong++;
        return;
    }
    place->is_waiting = false;
    way->idle[way->idle_count++] = (uint32_t)(place - way->places);
    count->under_way--;
    if (cell->command == CELL_DESTROY) {
        count->refused++;
        return;
    }
    if (count->answered++ % way->handshakes->options->proven_every != 0)
        return;
    if (load_clients_prove(way->handshakes->clients, cell->circ_id, (struct span){cell->body, cell->length}))
        count->proven++;
    else
        count->wrong++;
}

static size_t take_cells(struct way *way, const uint8_t *bytes, size_t length) {
    struct bytes_in in = bytes_in(bytes, length);
    struct cell_view cells[LOAD_RECORD_MAX];
    for (uint32_t n = 1; n > 0;) {
        if (cell_frame(&in, 4, VARIABLE_MAX, cells, LOAD_RECORD_MAX, &n) != ERR_OK) {
            way->handshakes->count.wrong++;
            return length;
        }
        for (uint32_t i = 0; i < n; i++)
            if (cells[i].command == CELL_CREATED2 || cells[i].command == CELL_DESTROY)
                take_answer(way, &cells[i]);
    }
    return length - bytes_left(&in);
}

/* --- links ------------------------------------------------------------------------------------------------------- */

static void lose(struct way *way) {
    way->handshakes->count.wrong++;
}

static void write_link(struct way *way) {
    if (!load_entry_write(way->link, now_of(way->handshakes), way->connection))
        lose(way);
}

static void on_secured(void *owner) {
    struct way *way = owner;
    struct load_handshakes *h = way->handshakes;
    way->link = load_entry_link(h->origin, now_of(h), h->options, way->connection, NULL);
    if (way->link)
        write_link(way);
    else
        lose(way);
}

static void follow(struct load_handshakes *h) {
    struct origin_event event;
    while (origin_next_event(h->origin, now_of(h), &event)) {
        if (event.kind == ORIGIN_EVENT_LINK_OPENED)
            h->ways_open++;
        else if (event.kind == ORIGIN_EVENT_LINK_CLOSED)
            h->count.wrong++;
    }
}

static size_t on_bytes(void *owner, const uint8_t *bytes, size_t length) {
    struct way *way = owner;
    struct load_handshakes *h = way->handshakes;
    if (h->ways_open == h->options->links) {
        size_t used = take_cells(way, bytes, length);
        press(way);
        return used;
    }
    size_t used = origin_link_receive_bytes(way->link, now_of(h), bytes, length);
    follow(h);
    write_link(way);
    return used;
}

static void on_discarded(void *owner, uint64_t length) {
    (void)owner;
    (void)length;
    CHECK(!"nothing is discarded");
}

static void on_closed(void *owner) {
    lose(owner);
}

static const struct load_connection_events handshakes_events = {on_secured, on_bytes, on_discarded,
                                                                on_closed};

/* --- life -------------------------------------------------------------------------------------------------------- */

/* The places are spread over the links; the first links have one more. */
static void make_places(struct way *way, uint32_t index, const struct load_options *options) {
    way->place_count = options->circuits / options->links + (index < options->circuits % options->links);
    way->places = heap_new(way->place_count * sizeof *way->places);
    way->idle = heap_new(way->place_count * sizeof *way->idle);
    for (uint32_t i = 0; i < way->place_count; i++) {
        way->places[i] = (struct place){0, false};
        way->idle[way->idle_count++] = i;
    }
}

struct load_handshakes *load_handshakes_new(struct load_net *net, const struct crypt_provider *crypt,
                                            const struct load_options *options, struct complaint *complaint) {
    struct load_clients *clients = load_clients_new(crypt, options);
    if (!clients) {
        complain(complaint, "--onion-key is no key");
        return NULL;
    }
    struct load_handshakes *h = heap_new(sizeof *h);
    *h = (struct load_handshakes){.net = net, .options = options, .clients = clients};
    turn_clock_init(&h->clock, monotonic_read());
    h->origin = load_entry_origin(crypt, options);
    h->again = event_new(net->base, -1, EV_PERSIST, on_again, h);
    h->ways = heap_new(options->links * sizeof *h->ways);
    for (uint32_t i = 0; i < options->links; i++) {
        struct way *way = &h->ways[i];
        *way = (struct way){.handshakes = h};
        make_places(way, i, options);
        way->connection = load_connection_dial(net, &options->relay, &handshakes_events, way);
        if (!way->connection)
            lose(way);
    }
    return h;
}

void load_handshakes_free(struct load_handshakes *h) {
    if (!h)
        return;
    for (uint32_t i = 0; i < h->options->links; i++) {
        struct way *way = &h->ways[i];
        if (way->link)
            origin_link_free(way->link, now_of(h));
        load_connection_free(way->connection);
        free(way->places);
        free(way->idle);
    }
    event_free(h->again);
    origin_free(h->origin);
    load_clients_free(h->clients);
    free(h->ways);
    free(h);
}

/* --- running ----------------------------------------------------------------------------------------------------- */

static struct timeval microseconds(uint64_t n) {
    return (struct timeval){(time_t)(n / 1000000), (suseconds_t)(n % 1000000)};
}

static void turn_until(struct load_handshakes *h, nsec until) {
    nsec now = monotonic_read();
    struct timeval left = microseconds(until > now ? (until - now) / NSEC_PER_US : 0);
    event_base_loopexit(h->net->base, &left);
    event_base_dispatch(h->net->base);
}

bool load_handshakes_open(struct load_handshakes *h, nsec until, struct complaint *complaint) {
    while (h->ways_open < h->options->links) {
        nsec now = monotonic_read();
        if (h->count.wrong > 0 || now > until)
            return complain(complaint, "%u of %u links were opened, %" PRIu64 " lost", h->ways_open,
                            h->options->links, h->count.wrong);
        turn_until(h, now + OPEN_STEP_US * NSEC_PER_US);
    }
    return true;
}

void load_handshakes_run(struct load_handshakes *h, nsec until) {
    struct timeval again = microseconds(AGAIN_US);
    h->is_pressing = true;
    CHECK(event_add(h->again, &again) == 0);
    press_all(h);
    turn_until(h, until);
    CHECK(event_del(h->again) == 0);
}

void load_handshakes_drain(struct load_handshakes *h, nsec until) {
    h->is_pressing = false;
    while (h->count.under_way > 0 && monotonic_read() < until)
        turn_until(h, monotonic_read() + OPEN_STEP_US * NSEC_PER_US);
}

void load_handshakes_read(const struct load_handshakes *h, struct load_handshakes_count *out) {
    *out = h->count;
}

const char *load_handshakes_cipher(const struct load_handshakes *h) {
    return tls_session_cipher(load_connection_tls(h->ways[0].connection));
}
