#include "native/testing_moves.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/check.h"
#include "core/relay_controller.h"
#include "native/event_thread.h"
#include "native/heap.h"

struct testing_moves {
    struct event_thread *thread;
    struct event *timer;
    link_id last;
};

static station_id next_thread(const struct event_team *team, station_id station) {
    return (station_id)(station % (team->count - 1) + 1);
}

/* One link. When the one before is still on its way, this one waits for its next turn. */
static void on_time(evutil_socket_t fd, short what, void *argument) {
    struct testing_moves *moves = argument;
    struct event_thread *thread = moves->thread;
    station_id station;
    (void)fd;
    (void)what;
    if (thread->team->count < 3 || controller_is_moving(thread->controller))
        return;
    moves->last = controller_next_link(thread->controller, moves->last, &station);
    if (moves->last == 0) /* from the beginning */
        moves->last = controller_next_link(thread->controller, 0, &station);
    if (moves->last != 0)
        (void)!controller_move_link(thread->controller, event_thread_now(thread), moves->last,
                                    next_thread(thread->team, station));
}

struct testing_moves *testing_moves_new(struct event_thread *main_thread, uint32_t interval_ms) {
    const struct timeval interval = {.tv_sec = interval_ms / 1000, .tv_usec = interval_ms % 1000 * 1000};
    struct testing_moves *moves = heap_new(sizeof *moves);
    CHECK(interval_ms > 0);
    moves->thread = main_thread;
    moves->timer = event_new(main_thread->base, -1, EV_PERSIST, on_time, moves);
    CHECK(moves->timer != NULL && event_add(moves->timer, &interval) == 0);
    return moves;
}

void testing_moves_free(struct testing_moves *moves) {
    if (moves == NULL)
        return;
    event_free(moves->timer);
    free(moves);
}
