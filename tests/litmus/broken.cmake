# The core, broken in one place each: some program must fail. A text that is no longer there leaves the core whole, and so
# fails the test.
function(litmus_broken name file from to)
    set(folder ${CMAKE_CURRENT_BINARY_DIR}/broken/${name})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${core}/${file})
    file(READ ${core}/${file} text)
    string(FIND "${text}" "${from}" first)
    string(FIND "${text}" "${from}" last REVERSE)
    if(first EQUAL last)
        string(REPLACE "${from}" "${to}" text "${text}")
    endif()
    file(CONFIGURE OUTPUT ${folder}/core/${file} CONTENT "${text}" @ONLY)

    set(objects)
    set(sources)
    foreach(unit chain_ring mailbox mailroom)
        if("${unit}.c" STREQUAL file)
            list(APPEND sources ${folder}/core/${file})
        elseif(file MATCHES "\\.h$")
            list(APPEND sources ${core}/${unit}.c)
        else()
            list(APPEND objects $<TARGET_OBJECTS:litmus_${unit}>)
        endif()
    endforeach()
    add_library(litmus_broken_${name} OBJECT ${sources})
    litmus_watched(litmus_broken_${name} ${folder})
    relay_test(litmus.broken.${name} LABEL litmus
               SOURCES ${programs} ${objects} $<TARGET_OBJECTS:litmus_broken_${name}> TARGETS litmus ARGS broken)
endfunction()

litmus_broken(raise-in-two-steps flag.h
[[    return !atomic_exchange_explicit(flag, true, memory_order_acq_rel);]]
[[    bool was_up = atomic_load_explicit(flag, memory_order_acquire);
    atomic_store_explicit(flag, true, memory_order_release);
    return !was_up;]])
litmus_broken(lower-in-two-steps flag.h
[[    return atomic_exchange_explicit(flag, false, memory_order_acq_rel);]]
[[    bool was_up = atomic_load_explicit(flag, memory_order_acquire);
    atomic_store_explicit(flag, false, memory_order_release);
    return was_up;]])

litmus_broken(index-before-slot chain_ring.c
[[    ring->slots[tail & ring->mask] = *chain;
    *chain = (struct chain){0};
    /* Release, pairs with the acquire in published: the slot, and all that hangs on it, is seen with the index. */
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);]]
[[    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    ring->slots[tail & ring->mask] = *chain;
    *chain = (struct chain){0};]])
litmus_broken(room-before-copy chain_ring.c
[[    *chain_out = ring->slots[head & ring->mask];
    /* Release, pairs with the acquire in push: the slot is ours until here. */
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);]]
[[    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    *chain_out = ring->slots[head & ring->mask];]])
litmus_broken(one-slot-too-many chain_ring.c
[[    if (tail - head == ring->mask + 1)
        return false;]]
[[    if (tail - head > ring->mask + 1)
        return false;]])

litmus_broken(full-ring-without-a-flag mailbox.c
[[        (void)flag_raise(&box->sender_waits);
        publish_lanes(box, &published, work);]]
[[        publish_lanes(box, &published, work);]])
litmus_broken(full-ring-without-a-second-look mailbox.c
[[        (void)flag_raise(&box->sender_waits);
        publish_lanes(box, &published, work);]]
[[        (void)flag_raise(&box->sender_waits);]])
litmus_broken(full-ring-looks-before-it-raises mailbox.c
[[        (void)flag_raise(&box->sender_waits);
        publish_lanes(box, &published, work);]]
[[        publish_lanes(box, &published, work);
        (void)flag_raise(&box->sender_waits);]])
litmus_broken(bound-without-a-flag mailbox.c
[[    (void)flag_raise(&box->sender_waits);
    return mailbox_is_over(box, max);]]
[[    return mailbox_is_over(box, max);]])
litmus_broken(bound-without-a-second-look mailbox.c
[[    (void)flag_raise(&box->sender_waits);
    return mailbox_is_over(box, max);]]
[[    (void)flag_raise(&box->sender_waits);
    return true;]])
litmus_broken(taken-cells-not-counted mailbox.c
[[        concat(LANE_CELLS, chain, &next);
    }
    count_taken(box, taken);]]
[[        concat(LANE_CELLS, chain, &next);
    }
    count_taken(box, 0);]])
litmus_broken(taken-control-not-counted mailbox.c
[[    if (lane == LANE_CONTROL && taken > 0)]]
[[    if (false)]])
litmus_broken(cells-overtake-control-of-the-sender mailbox.c
[[    if (box->pending[LANE_CONTROL].first == NULL)
        published->news |= publish_lane(box, LANE_CELLS, work);]]
[[    published->news |= publish_lane(box, LANE_CELLS, work);]])
litmus_broken(cells-before-control mailbox.c
[[    published->news |= publish_lane(box, LANE_CONTROL, work);
    /* Cells may need what the control messages before them have told: they stay as long as those do. */
    if (box->pending[LANE_CONTROL].first == NULL)
        published->news |= publish_lane(box, LANE_CELLS, work);]]
[[    published->news |= publish_lane(box, LANE_CELLS, work);
    published->news |= publish_lane(box, LANE_CONTROL, work);]])
litmus_broken(cells-up-to-now mailbox.c
[[    if (!mailbox_has_cells(box))
        return false;
    if (box->rings == NULL)
        return take_arrived_cells]]
[[    mailbox_begin(box);
    if (!mailbox_has_cells(box))
        return false;
    if (box->rings == NULL)
        return take_arrived_cells]])
litmus_broken(chain-used-after-push mailbox.c
[[    else if (!chain_ring_push(&box->rings[lane], &box->pending[lane]))
        return false;
    work->mailbox_flushes++;]]
[[    else {
        void *last = box->pending[lane].last;
        if (!chain_ring_push(&box->rings[lane], &box->pending[lane]))
            return false;
        if (lane != LANE_CONTROL)
            ((struct cell *)last)->next = NULL;
    }
    work->mailbox_flushes++;]])

litmus_broken(lower-after-the-look mailroom.c
[[    (void)flag_lower(&room->station[at].is_woken);
    for (station_id from = 0; from < room->stations; from++)
        mailbox_begin(box_between(room, from, at));]]
[[    for (station_id from = 0; from < room->stations; from++)
        mailbox_begin(box_between(room, from, at));
    (void)flag_lower(&room->station[at].is_woken);]])
litmus_broken(wake-before-publish mailroom.c
[[        struct mailbox_published published = mailbox_publish(box, work);
        if]]
[[        if (mailbox_has_pending(box))
            wake_station(room, from, to, &waker);
        struct mailbox_published published = mailbox_publish(box, work);
        published.news = false;
        if]])
litmus_broken(home-asked-before-publish mailroom.c
[[        struct mailbox_published published = mailbox_publish(box, work);
        if (published.returned && lower_wants_returned(room, from, to))]]
[[        bool wants = lower_wants_returned(room, from, to);
        struct mailbox_published published = mailbox_publish(box, work);
        if (published.returned && wants)]])
litmus_broken(home-without-a-wake mailroom.c
[[        if (published.returned && lower_wants_returned(room, from, to))
            published.news = true;]]
[[        if (published.returned)
            (void)lower_wants_returned(room, from, to);]])
litmus_broken(room-told-before-it-is-made mailroom.c
[[        if (mailbox_take(box_between(room, from, at), lane, &all))
            note_room(room, from, at);]]
[[        note_room(room, from, at);
        (void)!mailbox_take(box_between(room, from, at), lane, &all);]])
litmus_broken(room-not-told mailroom.c
[[    receiver->to_wake_count = 0;
}]]
[[    receiver->to_wake_count = 0;
}
__attribute__((unused)) static void (*const no_longer_used)(struct mailroom *, station_id, const struct waker *) = wake_waiting;
#define wake_waiting(room, at, waker) ((void)(waker))]])
litmus_broken(rest-forgotten mailroom.c
[[        if (box->is_listed)
            sender->to_flush[kept++] = to;]]
[[        if (false)
            sender->to_flush[kept++] = to;]])
litmus_broken(here-is-everywhere mailroom.c
[[    if (is_here ? flag_raise_here(&station->is_woken) : flag_raise(&station->is_woken)) {]]
[[    (void)is_here;
    if (flag_raise_here(&station->is_woken)) {]])
