#include "core/mailroom.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/check.h"
#include "core/flag.h"
#include "core/mailbox.h"

struct station {
    uint16_t thread;
    uint16_t over; /* mailboxes from here that are over the bound */
    uint16_t to_flush_count;
    uint16_t to_wake_count;
    station_id collect_next; /* the sender that collect_cells starts with, so that each has its turn */
    station_id *to_flush;    /* destinations with something pending, in the order of their first post */
    station_id *to_wake;     /* senders that wait for room which this station has made */
    uint8_t gap[64];         /* others write the flags: not on the cache line of the above */
    atomic_bool is_woken;    /* flag.h: raised by whoever has news for the station, lowered when it looks */
    atomic_bool wants_returned; /* flag.h: raised by the station, lowered by whoever returns cells to it */
};

struct mailroom {
    const struct memory *memory;
    uint32_t cells_in_flight_max;
    uint16_t stations;
    struct station *station;
    station_id *lists;     /* to_flush and to_wake of every station */
    struct mailbox *boxes; /* [from * stations + to] */
};

/* --- making and freeing ------------------------------------------------------------------------------------------ */

static struct mailbox *box_between(const struct mailroom *room, station_id from, station_id to) {
    CHECK(from < room->stations);
    CHECK(to < room->stations);
    return &room->boxes[(size_t)from * room->stations + to];
}

static size_t station_size(const struct mailroom *room) {
    return room->stations * sizeof(struct station);
}

static size_t lists_size(const struct mailroom *room) {
    return 2 * (size_t)room->stations * room->stations * sizeof(station_id);
}

static size_t boxes_size(const struct mailroom *room) {
    return (size_t)room->stations * room->stations * sizeof(struct mailbox);
}

MUST_USE static bool allocate(struct mailroom *room) {
    room->station = memory_allocate(room->memory, station_size(room));
    room->lists = memory_allocate(room->memory, lists_size(room));
    room->boxes = memory_allocate(room->memory, boxes_size(room));
    return room->station != NULL && room->lists != NULL && room->boxes != NULL;
}

MUST_USE static bool init_station(struct mailroom *room, station_id i, const uint16_t *thread_of,
                                  uint32_t slots) {
    struct station *station = &room->station[i];
    station->thread = thread_of[i];
    station->to_flush = room->lists + 2 * (size_t)i * room->stations;
    station->to_wake = station->to_flush + room->stations;
    for (station_id to = 0; to < room->stations; to++) {
        uint32_t ring_slots = thread_of[i] == thread_of[to] ? 0 : slots;
        if (!mailbox_init(box_between(room, i, to), room->memory, ring_slots))
            return false;
    }
    return true;
}

struct mailroom *mailroom_new_with_slots(const struct memory *memory, uint16_t stations,
                                         const uint16_t *thread_of, uint32_t cells_in_flight_max,
                                         uint32_t slots) {
    CHECK(stations > 0);
    CHECK(stations <= STATIONS_MAX);
    CHECK(cells_in_flight_max > 0);
    struct mailroom *room = memory_allocate(memory, sizeof *room);
    if (room == NULL)
        return NULL;
    room->memory = memory;
    room->cells_in_flight_max = cells_in_flight_max;
    room->stations = stations;
    bool is_made = allocate(room);
    for (station_id i = 0; is_made && i < stations; i++)
        is_made = init_station(room, i, thread_of, slots);
    if (is_made)
        return room;
    mailroom_free(room);
    return NULL;
}

struct mailroom *mailroom_new(const struct memory *memory, uint16_t stations, const uint16_t *thread_of,
                              uint32_t cells_in_flight_max) {
    return mailroom_new_with_slots(memory, stations, thread_of, cells_in_flight_max, MAILBOX_SLOTS);
}

void mailroom_free(struct mailroom *room) {
    if (room == NULL)
        return;
    size_t boxes = room->boxes == NULL ? 0 : (size_t)room->stations * room->stations;
    for (size_t i = 0; i < boxes; i++)
        mailbox_fini(&room->boxes[i], room->memory);
    memory_release(room->memory, room->boxes, boxes_size(room));
    memory_release(room->memory, room->lists, lists_size(room));
    memory_release(room->memory, room->station, station_size(room));
    memory_release(room->memory, room, sizeof *room);
}

/* --- posting ----------------------------------------------------------------------------------------------------- */

static struct mailbox *post(struct mailroom *room, station_id from, station_id to, enum lane lane,
                            struct chain chain) {
    struct mailbox *box = box_between(room, from, to);
    struct station *sender = &room->station[from];
    mailbox_post(box, lane, chain);
    if (!box->is_listed) {
        CHECK(sender->to_flush_count < room->stations);
        sender->to_flush[sender->to_flush_count++] = to;
        box->is_listed = true;
    }
    return box;
}

static void note_if_over(struct mailroom *room, station_id from, struct mailbox *box) {
    if (!box->is_over && mailbox_is_over(box, room->cells_in_flight_max)) {
        box->is_over = true;
        room->station[from].over++;
    }
}

static struct chain chain_of(struct cell_run *run) {
    struct chain chain = {.first = run->first, .last = run->last, .count = run->count};
    *run = (struct cell_run){0};
    return chain;
}

void mailroom_post_cells(struct mailroom *room, station_id from, station_id to, struct cell_run *run,
                         struct work *work) {
    if (cell_run_is_empty(run))
        return;
    if (from != to)
        work->cells_crossed += run->count;
    note_if_over(room, from, post(room, from, to, LANE_CELLS, chain_of(run)));
}

void mailroom_post_control(struct mailroom *room, station_id from, station_id to, struct control *message,
                           struct work *work) {
    if (from != to)
        work->controls_posted++;
    message->next = NULL;
    note_if_over(
        room, from,
        post(room, from, to, LANE_CONTROL, (struct chain){.first = message, .last = message, .count = 1}));
}

void mailroom_return_cell(struct mailroom *room, station_id from, struct cell *cell,
                          const struct cell_pool *like) {
    station_id home = cell->home;
    struct slab_tray *tray = box_between(room, from, home)->pending[LANE_RETURNED].last;
    if (tray != NULL && slab_tray_add(tray, cell))
        return;
    tray = cell_pool_tray_of(like, cell);
    (void)post(room, from, home, LANE_RETURNED, (struct chain){.first = tray, .last = tray, .count = 1});
}

bool mailroom_is_full(struct mailroom *room, station_id from) {
    struct station *sender = &room->station[from];
    if (sender->over == 0)
        return false;
    for (station_id to = 0; to < room->stations; to++) {
        struct mailbox *box = box_between(room, from, to);
        if (box->is_over && !mailbox_waits_while_over(box, room->cells_in_flight_max)) {
            box->is_over = false;
            sender->over--;
        }
    }
    return sender->over > 0;
}

/* --- flush ------------------------------------------------------------------------------------------------------- */

struct waker {
    void (*wake)(void *context, station_id to);
    void *context;
    struct work *work;
};

static void wake_station(struct mailroom *room, station_id from, station_id to, const struct waker *waker) {
    struct station *station = &room->station[to];
    bool is_here = room->station[from].thread == station->thread;
    if (is_here ? flag_raise_here(&station->is_woken) : flag_raise(&station->is_woken)) {
        waker->work->wakes++;
        waker->wake(waker->context, to);
    }
}

/* Has the station asked to be told of cells that come home? */
static bool lower_wants_returned(struct mailroom *room, station_id from, station_id to) {
    struct station *station = &room->station[to];
    bool is_here = room->station[from].thread == station->thread;
    return is_here ? flag_lower_here(&station->wants_returned) : flag_lower(&station->wants_returned);
}

/* Senders for which this station has made room: they publish what they have left, or read again. */
static void wake_waiting(struct mailroom *room, station_id at, const struct waker *waker) {
    struct station *receiver = &room->station[at];
    for (uint16_t i = 0; i < receiver->to_wake_count; i++) {
        station_id sender = receiver->to_wake[i];
        box_between(room, sender, at)->owes_wake = false;
        wake_station(room, at, sender, waker);
    }
    receiver->to_wake_count = 0;
}

void mailroom_flush(struct mailroom *room, station_id from, struct work *work,
                    void (*wake)(void *context, station_id to), void *context) {
    struct waker waker = {.wake = wake, .context = context, .work = work};
    struct station *sender = &room->station[from];
    uint16_t kept = 0;
    for (uint16_t i = 0; i < sender->to_flush_count; i++) {
        station_id to = sender->to_flush[i];
        struct mailbox *box = box_between(room, from, to);
        struct mailbox_published published = mailbox_publish(box, work);
        if (published.returned && lower_wants_returned(room, from, to))
            published.news = true;
        if (published.news)
            wake_station(room, from, to, &waker);
        box->is_listed = mailbox_has_pending(box);
        if (box->is_listed)
            sender->to_flush[kept++] = to;
    }
    sender->to_flush_count = kept;
    wake_waiting(room, from, &waker);
}

/* --- collecting -------------------------------------------------------------------------------------------------- */

void mailroom_collect_begin(struct mailroom *room, station_id at) {
    /* Lower first, then look: see flag.h. */
    (void)flag_lower(&room->station[at].is_woken);
    for (station_id from = 0; from < room->stations; from++)
        mailbox_begin(box_between(room, from, at));
}

/* Something was taken from the mailbox; if its sender waits for that, wake it with the next flush. */
static void note_room(struct mailroom *room, station_id from, station_id at) {
    struct mailbox *box = box_between(room, from, at);
    struct station *receiver = &room->station[at];
    if (!mailbox_sender_waits(box) || box->owes_wake)
        return;
    CHECK(receiver->to_wake_count < room->stations);
    receiver->to_wake[receiver->to_wake_count++] = from;
    box->owes_wake = true;
}

static struct chain collect(struct mailroom *room, station_id at, enum lane lane) {
    struct chain all = {0};
    for (station_id from = 0; from < room->stations; from++) {
        if (mailbox_take(box_between(room, from, at), lane, &all))
            note_room(room, from, at);
    }
    return all;
}

struct control *mailroom_collect_controls(struct mailroom *room, station_id at) {
    return collect(room, at, LANE_CONTROL).first;
}

struct slab_tray *mailroom_collect_returned(struct mailroom *room, station_id at) {
    return collect(room, at, LANE_RETURNED).first;
}

struct cell_run mailroom_collect_cells(struct mailroom *room, station_id at, uint32_t cells_max,
                                       bool *left_out) {
    struct chain all = {0};
    station_id from = room->station[at].collect_next;
    *left_out = false;
    for (uint16_t i = 0; i < room->stations; i++) {
        struct mailbox *box = box_between(room, from, at);
        station_id next = (station_id)(from + 1 < room->stations ? from + 1 : 0);
        if (all.count < cells_max && mailbox_take_cells(box, cells_max - all.count, &all)) {
            note_room(room, from, at);
            room->station[at].collect_next = next;
        }
        *left_out |= mailbox_has_cells(box);
        from = next;
    }
    return (struct cell_run){.first = all.first, .last = all.last, .count = all.count};
}

void mailroom_want_returned(struct mailroom *room, station_id at) {
    (void)flag_raise(&room->station[at].wants_returned);
}
