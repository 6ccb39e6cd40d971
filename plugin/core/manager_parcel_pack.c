/* A link and its circuits on their way from one manager to another: packed here, unpacked by manager_parcel.c and
 * manager_parcel_halves.c.
 *
 * What is packed is whole structs, as they are; what in them points into the old manager - its lists, timers, slabs - is taken
 * out here and made anew there. A field that is added to struct link, half, stream or circuit_padding moves without a word here,
 * unless it points or is counted in struct manager. */
#include <string.h>

#include "base/check.h"
#include "core/manager_move_state.h"

/* --- streams ------------------------------------------------------------------------------------------- */

static nsec time_of(const struct timer *timer) {
    return timer_is_set(timer) ? timer->at : NSEC_NEVER;
}

static void pack_stream(struct manager *m, struct packed_stream *packed, struct stream *stream) {
    *packed = (struct packed_stream){.pace_at = NSEC_NEVER};
    if (stream->pace) {
        packed->has_pace = true;
        packed->bucket = stream->pace->bucket;
        packed->pace_at = time_of(&stream->pace->timer);
        manager_stream_unpace(m, stream);
    }
    packed->stream = *stream;
    slab_put(&m->streams_slab, stream);
}

static void pack_streams(struct manager *m, struct link_move *move, struct moving_half *moving,
                         struct exit_streams *exit) {
    struct list *node;
    struct stream *stream;
    uint32_t at = moving->streams_at, cursor = 0;
    while ((node = list_take_first(&exit->blocked)) != NULL) {
        stream = LIST_ENTRY(node, struct stream, blocked);
        table_remove(&exit->streams, stream->id);
        pack_stream(m, &move->streams[at], stream);
        move->streams[at++].is_blocked = true;
    }
    while ((stream = table_take(&exit->streams, &cursor)) != NULL)
        pack_stream(m, &move->streams[at++], stream);
    moving->streams_count = at - moving->streams_at;
    moving->is_resuming = list_is_linked(&exit->resuming);
    list_remove(&exit->resuming);
    m->undelivered -= exit->undelivered;
}

/* --- circuits ------------------------------------------------------------------------------------------ */

/* Last words that it takes along. */
static uint32_t words_of(const struct half *half) {
    return (half_onion(half) ? ONION_LAST_WORDS : 0) + (half_leg(half) ? LEG_LAST_WORDS : 0) +
           (half->exit ? half->exit->streams.count * STREAM_LAST_WORDS : 0);
}

static void pack_half(struct manager *m, nsec now, struct link_move *move, struct moving_half *moving,
                      struct link *link) {
    struct half *half = manager_half(m, moving->id);
    moving->deadline_at = moving->padding_at = NSEC_NEVER;
    if (!half) {
        manager_formers_forget(m, moving);
        return;
    }
    moving->is_packed = true;
    manager_formers_lead(m, now, move, moving);
    move->spares_count += words_of(half);
    bool is_padded = half->is_padded;
    if (is_padded) {
        moving->padding = *half->rare->padding;
        moving->padding_at = time_of(&half->rare->padding->timer);
        manager_circuit_padding_stop(m, half);
        half->is_padded = true;
    }
    if (half->rare) {
        moving->deadline_at = time_of(&half->rare->deadline);
        half->rare->hoard = (struct hoard){0};
        manager_deadline_clear(m, half);
    }
    if (half->exit)
        pack_streams(m, move, moving, half->exit);
    manager_link_queued(m, link, -(int64_t)half->circuit.queue.count);
    sched_leave(&m->scheduler, now, &link->queue, &half->sched);
    circuit_half_leave(&half->circuit, &m->layers, moving->layers);
    manager_link_remove_half(m, link, half);
    slot_map_remove(&m->halves, half->id);
    memcpy(moving->half, half, sizeof *half);
    slab_put(&m->halves_slab, half);
}

static void pack_link(struct manager *m, struct link_move *move, struct link *link) {
    CHECK(!link->handshake && link->first_half == HALF_NONE);
    move->timer_at = time_of(&link->timer);
    move->padding_timer_at = time_of(&link->padding_timer);
    timers_clear(&m->timers, &link->timer);
    timers_clear(&m->padding_timers, &link->padding_timer);
    manager_limit_end(m, link);
    list_remove(&link->paused);
    list_remove(&link->ripe);
    manager_link_set_waiting(m, link, false, false);
    manager_link_queued(m, link, -(int64_t)(link->urgent.count + link->destroys.count));
    CHECK(link->queued == 0);
    sched_queue_fini(&m->scheduler, &link->queue);
    table_remove(&m->links, link->id);
    m->links_open--;
    move->link = *link;
    slab_put(&m->links_slab, link);
}

void manager_parcel_pack(struct manager *m, nsec now, struct link_move *move, struct link *link) {
    uint32_t streams = 0;
    move->spares_count = LINK_LAST_WORDS;
    for (uint32_t i = 0; i < move->halves_count; i++) {
        move->halves[i].streams_at = streams;
        pack_half(m, now, move, &move->halves[i], link);
        streams += move->halves[i].streams_count;
    }
    pack_link(m, move, link);
    move->spares = control_spares_carry_out(&m->spares, move->spares_count);
}
