#define _GNU_SOURCE
#include "litmus/explorer.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attributes.h"
#include "base/check.h"
#include "litmus/arena.h"
#include "litmus/coroutine.h"
#include "litmus/explorer_state.h"
#include "litmus/races.h"
#include "litmus/verdict.h"
#include "litmus/visited.h"

enum phase { PHASE_NONE, PHASE_SET_UP, PHASE_RUN, PHASE_FINISH };

/* Why an execution ended. */
enum ending { END_FINISHED, END_KNOWN, END_NEW_WRITER, END_FAILED };

struct choice {
    uint8_t options;
    uint8_t taken;
};

struct thread {
    bool has_begun;
    bool has_ended;
    struct litmus_bell *const *bells; /* it waits for one of these */
    unsigned bell_count;
};

struct writers {
    uintptr_t address;
    unsigned threads; /* bit n: thread n */
};

struct orders orders;

static const struct litmus_program *program;
static enum phase phase;
static enum ending ending;
static const char *failure;
static jmp_buf failed;
static void *state;
static struct thread threads[THREADS_MAX];
static struct choice choices[CHOICES_MAX];
static uint32_t choice_count, depth; /* of depth choices this execution has taken, the rest is to come */
static struct writers writers[LOCATIONS_MAX];
static uint32_t writers_count;
static bool is_traced, is_naive;
static const uint8_t *repeated; /* what a traced execution has to choose */
static uint32_t repeated_count;

bool explorer_runs(void) {
    return phase == PHASE_RUN;
}

_Noreturn void give_up(const char *why) {
    fprintf(stderr, "%s: %s\n", program ? program->name : "no program", why);
    abort();
}

_Noreturn void fail(const char *why) {
    if (phase == PHASE_NONE)
        give_up(why);
    failure = why;
    ending = END_FAILED;
    _longjmp(failed, 1);
}

_Noreturn void check_failed(const char *condition, const char *file, int line) {
    static char text[256];
    snprintf(text, sizeof text, "CHECK(%s) at %s:%d", condition, file, line);
    fail(text);
}

void litmus_expect(bool holds, const char *what) {
    if (!holds)
        fail(what);
}

/* --- memory ------------------------------------------------------------------------------------------------------ */

static void *allocate(UNUSED void *context, size_t size) {
    return arena_take(phase == PHASE_RUN ? coroutine_current() : THREADS_MAX, size);
}

static void release(UNUSED void *context, void *object, size_t size) {
    if (object && phase == PHASE_RUN)
        races_access(&orders, coroutine_current(), arena_offset(object), (uint32_t)size, ACCESS_FREE);
}

static const struct memory memory = {.allocate = allocate, .release = release};

/* --- choices ----------------------------------------------------------------------------------------------------- */

static bool is_on_new_ground(void) {
    return depth == choice_count;
}

static unsigned choose(unsigned options) {
    if (options == 1)
        return 0;
    if (is_on_new_ground()) {
        if (choice_count == CHOICES_MAX)
            give_up("more than CHOICES_MAX choices in one execution");
        uint8_t taken = depth < repeated_count ? repeated[depth] : 0;
        choices[choice_count++] = (struct choice){(uint8_t)options, taken};
    }
    if (choices[depth].options != options)
        give_up("an execution is not the same the second time");
    return choices[depth++].taken;
}

/* The next path of the search; false when there is none. */
static bool choose_next(void) {
    while (choice_count > 0 && choices[choice_count - 1].taken + 1 == choices[choice_count - 1].options)
        choice_count--;
    if (choice_count == 0)
        return false;
    choices[choice_count - 1].taken++;
    return true;
}

/* --- who goes on ------------------------------------------------------------------------------------------------- */

static void end_with(enum ending why) {
    ending = why;
    coroutine_leave();
}

static bool is_rung(const struct litmus_bell *bell) {
    return orders_newest(&orders, (uintptr_t)&bell->rung, sizeof bell->rung) != 0;
}

static bool can_go_on(const struct thread *thread) {
    bool can = thread->bell_count == 0 && !thread->has_ended;
    for (unsigned i = 0; i < thread->bell_count; i++)
        can |= is_rung(thread->bells[i]);
    return can;
}

static void end_all(void) {
    for (unsigned i = 0; i < program->threads; i++) {
        if (!threads[i].has_ended && !program->sleeps)
            fail("a thread waits for ever");
    }
    end_with(END_FINISHED);
}

/* Whoever is chosen goes on; the caller, when he is. */
static void schedule(void) {
    unsigned ready[THREADS_MAX], count = 0;
    for (unsigned i = 0; i < program->threads; i++) {
        if (!threads[i].has_begun) {
            coroutine_switch(i);
            return;
        }
    }
    if (is_on_new_ground() && !is_traced && !is_naive && !visited_add(orders_digest(&orders)))
        end_with(END_KNOWN);
    for (unsigned i = 0; i < program->threads; i++) {
        if (can_go_on(&threads[i]))
            ready[count++] = i;
    }
    if (count == 0)
        end_all();
    unsigned next = ready[choose(count)];
    if (next != coroutine_current())
        coroutine_switch(next);
}

static void body(unsigned number) {
    threads[number].has_begun = true;
    program->run(state, number);
    threads[number].has_ended = true;
    schedule();
    abort();
}

static struct writers *find_writers(uintptr_t address) {
    for (uint32_t i = 0; i < writers_count; i++) {
        if (writers[i].address == address)
            return &writers[i];
    }
    if (writers_count == LOCATIONS_MAX)
        give_up("more than LOCATIONS_MAX atomics");
    writers[writers_count] = (struct writers){.address = address};
    return &writers[writers_count++];
}

/* Some other thread that has not ended writes here. */
static bool is_disturbed(const struct writers *w) {
    for (unsigned i = 0; i < program->threads; i++) {
        if (i != coroutine_current() && (w->threads & 1u << i) && !threads[i].has_ended)
            return true;
    }
    return false;
}

static struct writers *note_access(uintptr_t address, bool writes) {
    unsigned self = coroutine_current();
    if (!arena_has((const void *)address))
        give_up("an atomic is outside of the arena");
    struct writers *w = find_writers(address);
    if (writes && !(w->threads & 1u << self)) {
        w->threads |= 1u << self;
        end_with(END_NEW_WRITER);
    }
    return w;
}

void explorer_before_step(uintptr_t address, bool writes) {
    const struct writers *w = note_access(address, writes);
    if (is_naive || is_disturbed(w))
        schedule();
    /* After whoever has gone first: he may have given the memory back. */
    races_access(&orders, coroutine_current(), arena_offset((const void *)address), 1, ACCESS_READ);
}

void explorer_before_fence(void) {
    schedule();
}

/* --- bells ------------------------------------------------------------------------------------------------------- */

static uint64_t replace(UNUSED uint64_t old, uint64_t operand) {
    return operand;
}

static void set_bell(struct litmus_bell *bell, bool rung) {
    uintptr_t address = (uintptr_t)&bell->rung;
    struct step step = orders_exchange(&orders, coroutine_current(), address, sizeof bell->rung, replace,
                                       rung, memory_order_relaxed);
    explorer_after_step(NULL, SITE_EXCHANGE, address, memory_order_relaxed, step, rung);
}

void litmus_ring(struct litmus_bell *bell) {
    explorer_before_step((uintptr_t)&bell->rung, true);
    set_bell(bell, true);
}

unsigned litmus_wait(struct litmus_bell *const bells[], unsigned count) {
    struct thread *self = &threads[coroutine_current()];
    unsigned rung[MESSAGES_MAX], rung_count = 0;
    for (unsigned i = 0; i < count; i++)
        (void)note_access((uintptr_t)&bells[i]->rung, true);
    self->bells = bells;
    self->bell_count = count;
    schedule();
    self->bell_count = 0;
    for (unsigned i = 0; i < count; i++) {
        if (is_rung(bells[i]))
            rung[rung_count++] = i;
    }
    unsigned taken = rung[choose(rung_count)];
    set_bell(bells[taken], false);
    return taken;
}

/* --- executions -------------------------------------------------------------------------------------------------- */

void explorer_after_step(const void *pc, enum site_kind kind, uintptr_t address, memory_order order,
                         struct step step, uint64_t written) {
    if (!is_traced)
        return;
    printf("  thread %u  %-8s %-7s", coroutine_current(), site_kind_name(kind), order_name(order));
    if (kind != SITE_FENCE)
        printf("  at %05x", arena_offset((const void *)address));
    if (kind == SITE_LOAD || kind == SITE_EXCHANGE)
        printf("  read %llu of %u.%u", (unsigned long long)step.value, step.from >> 16, step.from & 0xffff);
    if (kind == SITE_STORE || kind == SITE_EXCHANGE)
        printf("  wrote %llu", (unsigned long long)written);
    printf("  %s\n", pc ? sites_describe(pc) : "bell");
}

static unsigned run_phases(void) {
    phase = PHASE_SET_UP;
    state = arena_take(THREADS_MAX, program->state_size);
    if (program->set_up)
        program->set_up(state, &memory, program->plan);
    phase = PHASE_RUN;
    coroutine_run(0, body);
    phase = PHASE_FINISH;
    return ending == END_FINISHED ? program->finish(state) : 0;
}

/* Returns what finish() did. */
static unsigned execute(void) {
    arena_begin();
    races_begin();
    orders_begin(&orders, program->threads);
    orders.choose = choose;
    memset(threads, 0, sizeof threads);
    depth = 0;
    unsigned outcome = 0;
    if (_setjmp(failed) == 0)
        outcome = run_phases();
    phase = PHASE_NONE;
    return outcome;
}

static void begin(const struct litmus_program *p) {
    program = p;
    writers_count = 0;
    choice_count = 0;
    visited_clear();
}

static void keep_choices(struct exploration *out) {
    out->failure = failure;
    out->choice_count = choice_count;
    for (uint32_t i = 0; i < choice_count; i++)
        out->choices[i] = choices[i].taken;
}

void explore(const struct litmus_program *p, uint64_t executions_max, struct exploration *out) {
    memset(out, 0, sizeof *out);
    begin(p);
    bool has_more = true;
    while (has_more && out->executions < executions_max) {
        unsigned outcome = execute();
        out->executions++;
        if (ending == END_FAILED)
            break;
        if (ending == END_NEW_WRITER) {
            visited_clear();
            choice_count = 0;
            continue;
        }
        if (ending == END_FINISHED) {
            out->finished++;
            out->outcomes |= (uint64_t)1 << outcome;
        }
        has_more = choose_next();
    }
    out->is_exhausted = !has_more;
    out->points = visited_count();
    if (ending == END_FAILED)
        keep_choices(out);
    visited_clear();
}

void explore_naively(const struct litmus_program *p, uint64_t executions_max, struct exploration *out) {
    is_naive = true;
    explore(p, executions_max, out);
    is_naive = false;
}

void explorer_trace(const struct exploration *failed_one) {
    is_traced = true;
    choice_count = 0;
    repeated = failed_one->choices;
    repeated_count = failed_one->choice_count;
    printf("%s\n", program->name);
    (void)execute();
    printf("  %s\n  choices",
           ending == END_FAILED ? failure : "comes to its end this time: not the same program");
    for (uint32_t i = 0; i < repeated_count; i++)
        printf(" %u", repeated[i]);
    printf("\n");
    repeated_count = 0;
    is_traced = false;
}
