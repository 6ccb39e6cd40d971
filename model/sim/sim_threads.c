#include "sim/sim_threads.h"

#include "base/check.h"

#define WAKE_EVENT 0x10000u /* beside the number of a thread */

bool sim_threads_init(struct sim_threads *threads, struct host *host, const struct sim_threads_calls *calls,
                      struct sim_series *series, uint16_t count, event_kind end_kind) {
    threads->host = host;
    threads->calls = calls;
    threads->series = series;
    threads->end_kind = end_kind;
    threads->running = 0;
    threads->is_dispatching = false;
    threads->has_pinned = false;
    threads->wake_delay = 0;
    threads->thread_count = count;
    list_init(&threads->waiting);
    threads->items = memory_allocate(host_memory(host), count * sizeof(*threads->items));
    if (!threads->items)
        return false;
    for (uint16_t i = 0; i < count; i++) {
        core_thread_init(&threads->items[i].core, CORE_ANY);
        list_init(&threads->items[i].waiting);
    }
    return true;
}

void sim_threads_pin(struct sim_threads *threads, uint16_t number, uint16_t core) {
    CHECK(number < threads->thread_count);
    CHECK(core < threads->cores.logical);
    threads->items[number].core.pinned = core;
    threads->has_pinned = true;
}

void sim_threads_make_kernel(struct sim_threads *threads, uint16_t number) {
    CHECK(number < threads->thread_count);
    threads->items[number].is_kernel = true;
}

static bool take_input(struct sim_thread *thread, struct sim_input *input_out) {
    if (thread->count == 0)
        return false;
    *input_out = thread->inputs[thread->first];
    thread->first = (thread->first + 1) % thread->room;
    thread->count--;
    return true;
}

void sim_threads_fini(struct sim_threads *threads,
                      void (*drop)(struct sim_threads *threads, const struct sim_input *input)) {
    const struct memory *memory = host_memory(threads->host);
    for (uint16_t i = 0; threads->items && i < threads->thread_count; i++) {
        struct sim_thread *thread = &threads->items[i];
        struct sim_input input;
        while (take_input(thread, &input))
            drop(threads, &input);
        memory_release(memory, thread->inputs, thread->room * sizeof(*thread->inputs));
    }
    memory_release(memory, threads->items, threads->thread_count * sizeof(*threads->items));
    threads->items = NULL;
}

static bool grow(struct sim_threads *threads, struct sim_thread *thread) {
    const struct memory *memory = host_memory(threads->host);
    uint32_t room = thread->room ? 2 * thread->room : 8;
    struct sim_input *inputs = memory_allocate(memory, room * sizeof(*inputs));
    if (!inputs) {
        host_fail(threads->host);
        return false;
    }
    for (uint32_t i = 0; i < thread->count; i++)
        inputs[i] = thread->inputs[(thread->first + i) % thread->room];
    memory_release(memory, thread->inputs, thread->room * sizeof(*inputs));
    thread->inputs = inputs;
    thread->room = room;
    thread->first = 0;
    return true;
}

static void stand_in_line(struct sim_threads *threads, nsec now, struct sim_thread *thread) {
    if (thread->is_running || thread->is_waking || thread->count == 0 || list_is_linked(&thread->waiting))
        return;
    thread->ready_at = now;
    list_insert_before(thread->is_kernel ? threads->waiting.next : &threads->waiting, &thread->waiting);
}

static void wake_at(struct sim_threads *threads, nsec at, struct sim_thread *thread) {
    thread->is_waking = true;
    host_at(threads->host, at, threads->end_kind, WAKE_EVENT | (uint32_t)(thread - threads->items), NULL);
}

/* An input for it has come: if it sleeps, that wakes it. */
static void rouse(struct sim_threads *threads, nsec now, struct sim_thread *thread) {
    bool sleeps = !thread->is_running && !thread->is_kernel && !thread->is_waking && thread->count == 1;
    thread->has_slept = thread->has_slept || sleeps;
    if (threads->wake_delay > 0 && sleeps)
        wake_at(threads, now + threads->wake_delay, thread);
    else
        stand_in_line(threads, now, thread);
}

/* The step of thread is over. */
static void go_on(struct sim_threads *threads, nsec now, struct sim_thread *thread) {
    thread->is_running = false;
    if (thread->held > 0)
        wake_at(threads, now + thread->held, thread);
    else
        stand_in_line(threads, now, thread);
    thread->held = 0;
}

void sim_threads_hold(struct sim_threads *threads, uint16_t number, nsec duration) {
    CHECK(threads->items[number].is_running);
    threads->items[number].held = nsec_max(threads->items[number].held, duration);
}

static struct sim_thread *make_room(struct sim_threads *threads, uint16_t number) {
    CHECK(number < threads->thread_count);
    struct sim_thread *thread = &threads->items[number];
    return thread->count < thread->room || grow(threads, thread) ? thread : NULL;
}

bool sim_threads_post(struct sim_threads *threads, nsec now, uint16_t number, const struct sim_input *input) {
    struct sim_thread *thread = make_room(threads, number);
    if (!thread)
        return false;
    struct sim_input *place = &thread->inputs[(thread->first + thread->count++) % thread->room];
    *place = *input;
    place->since = now;
    rouse(threads, now, thread);
    return true;
}

void sim_threads_post_rest(struct sim_threads *threads, nsec now, uint16_t number,
                           const struct sim_input *input) {
    struct sim_thread *thread = make_room(threads, number);
    if (!thread)
        return;
    thread->first = (thread->first + thread->room - 1) % thread->room;
    thread->count++;
    thread->turn_left++;
    thread->inputs[thread->first] = *input;
    thread->inputs[thread->first].since = now;
    thread->inputs[thread->first].goes_on = true;
    stand_in_line(threads, now, thread);
}

static nsec handle_input(struct sim_threads *threads, nsec now, uint16_t number) {
    struct sim_input input;
    CHECK(take_input(&threads->items[number], &input));
    if (!input.goes_on)
        sim_series_delay(threads->series, now, number, now - input.since);
    return threads->calls->step(threads, now, number, &input);
}

static nsec wake(struct sim_threads *threads, nsec now, uint16_t number) {
    if (!threads->items[number].has_slept)
        return 0;
    threads->items[number].has_slept = false;
    return threads->calls->wake(threads, now, number);
}

/* Returns the end of the step. */
static nsec run_step(struct sim_threads *threads, nsec now, uint16_t number) {
    struct sim_thread *thread = &threads->items[number];
    sim_series_core_wait(threads->series, now, number, now - thread->ready_at);
    nsec price = wake(threads, now, number);
    if (price == 0)
        price = handle_input(threads, now, number);
    if (price == 0)
        return now;
    struct core_slot slot = cores_run(&threads->cores, now, &thread->core, price);
    CHECK(slot.start == now); /* a core was free */
    sim_series_busy(threads->series, number, slot.start, slot.end);
    thread->busy += slot.end - slot.start;
    return slot.end;
}

static void start(struct sim_threads *threads, nsec now, struct sim_thread *thread) {
    uint16_t number = (uint16_t)(thread - threads->items);
    thread->is_running = true; /* what it posts to itself waits */
    nsec end = run_step(threads, now, number);
    if (end > now) {
        threads->running++;
        host_at(threads->host, end, threads->end_kind, number, NULL);
        return;
    }
    threads->calls->finish(threads, now, number);
    go_on(threads, now, thread);
}

/* The first in line for which there is a core, taken off; NULL: none. */
static struct sim_thread *next_in_line(struct sim_threads *threads, nsec now) {
    if (threads->running >= threads->cores.logical)
        return NULL;
    if (!threads->has_pinned) {
        struct list *first = list_take_first(&threads->waiting);
        return first ? LIST_ENTRY(first, struct sim_thread, waiting) : NULL;
    }
    for (struct list *entry = threads->waiting.next; entry != &threads->waiting; entry = entry->next) {
        struct sim_thread *thread = LIST_ENTRY(entry, struct sim_thread, waiting);
        if (!cores_can_run(&threads->cores, now, &thread->core))
            continue;
        list_remove(entry);
        return thread;
    }
    return NULL;
}

void sim_threads_dispatch(struct sim_threads *threads, nsec now) {
    if (threads->is_dispatching)
        return;
    threads->is_dispatching = true;
    struct sim_thread *thread;
    while ((thread = next_in_line(threads, now)))
        start(threads, now, thread);
    threads->is_dispatching = false;
}

static void end_step(struct sim_threads *threads, nsec now, uint16_t number) {
    struct sim_thread *thread = &threads->items[number];
    CHECK(thread->is_running);
    threads->is_dispatching = true;
    threads->calls->finish(threads, now, number);
    threads->is_dispatching = false;
    threads->running--;
    go_on(threads, now, thread);
}

void sim_threads_event(struct sim_threads *threads, nsec now, uint32_t arg) {
    uint16_t number = (uint16_t)(arg & ~WAKE_EVENT);
    CHECK(number < threads->thread_count);
    if (arg & WAKE_EVENT) {
        threads->items[number].is_waking = false;
        stand_in_line(threads, now, &threads->items[number]);
    } else {
        end_step(threads, now, number);
    }
    sim_threads_dispatch(threads, now);
}

bool sim_threads_turns(struct sim_threads *threads, uint16_t number) {
    struct sim_thread *thread = &threads->items[number];
    bool turns = thread->turn_left == 0;
    if (turns)
        thread->turn_left = thread->count + 1;
    thread->turn_left--;
    return turns;
}
