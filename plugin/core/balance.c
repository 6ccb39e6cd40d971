#include "core/balance.h"

#include "base/check.h"
#include "core/ewma.h"

/* Reports come each BALANCE_REPORT_INTERVAL while there is something to do: until two of them are missing, nothing new is known. */
#define REPORT_GRACE (2 * BALANCE_REPORT_INTERVAL)

bool balance_init(struct balance *b, const struct memory *memory, uint16_t threads,
                  enum balance_policy policy) {
    CHECK(threads > 0);
    *b = (struct balance){.memory = memory, .count = threads, .policy = policy, .look_at = NSEC_NEVER};
    b->threads = memory_allocate(memory, threads * sizeof *b->threads);
    return b->threads != NULL;
}

void balance_fini(struct balance *b) {
    memory_release(b->memory, b->threads, b->count * sizeof *b->threads);
    b->threads = NULL;
}

/* --- loads ------------------------------------------------------------------------------------------------------------- */

/* value * 2^-(age / half life). The weight of the rest of a half life is 2 * 2^-(its part that is over). */
static uint32_t decayed(uint32_t value, nsec age) {
    nsec halves = age / BALANCE_HALF_LIFE, part = age % BALANCE_HALF_LIFE;
    if (halves >= 32)
        return 0;
    if (part == 0)
        return value >> halves;
    uint64_t weight =
        ewma_weight(BALANCE_HALF_LIFE - part, BALANCE_HALF_LIFE); /* below 2^25, value below 2^32 */
    return (uint32_t)(value * weight / EWMA_ONE >> (halves + 1));
}

uint32_t balance_load(const struct balance *b, nsec now, uint16_t thread) {
    const struct balance_thread *t = &b->threads[thread];
    CHECK(thread < b->count && now >= t->reported_at);
    nsec age = now - t->reported_at;
    return age <= REPORT_GRACE ? t->load : decayed(t->load, age - REPORT_GRACE);
}

/* Before the span that the report is about, the thread had nothing to do. */
void balance_report(struct balance *b, nsec now, uint16_t thread, nsec busy, nsec span) {
    struct balance_thread *t = &b->threads[thread];
    CHECK(thread < b->count && now >= t->reported_at);
    if (span == 0)
        return;
    if (busy > span)
        busy = span;
    uint32_t share = (uint32_t)(busy < UINT64_MAX / BALANCE_ONE ? busy * BALANCE_ONE / span : BALANCE_ONE);
    nsec age = nsec_max(now - t->reported_at, span);
    t->load = decayed(t->load, age) + share - decayed(share, span);
    t->reported_at = now;
    if (b->look_at == NSEC_NEVER && t->load >= BALANCE_BUSY)
        b->look_at = now;
}

/* --- placing ----------------------------------------------------------------------------------------------------------- */

/* Of all links together, at most as much as makes a thread worth relieving. */
static uint32_t average_link(const struct balance *b, nsec now) {
    uint64_t sum = 0;
    for (uint16_t i = 0; i < b->count; i++)
        sum += balance_load(b, now, i);
    return b->links == 0 ? 0 : (uint32_t)(sum / b->links < BALANCE_GAP ? sum / b->links : BALANCE_GAP);
}

/* In whole steps; then by links. */
static bool is_better(const struct balance *b, nsec now, uint16_t i, uint16_t best) {
    uint32_t load = balance_load(b, now, i) / BALANCE_STEP, least = balance_load(b, now, best) / BALANCE_STEP;
    return load != least ? load < least : b->threads[i].links < b->threads[best].links;
}

static uint16_t least_busy_in_turn(const struct balance *b, nsec now) {
    uint16_t best = b->turn;
    for (uint16_t n = 1; n < b->count; n++) {
        uint16_t i = (uint16_t)((b->turn + n) % b->count);
        if (is_better(b, now, i, best))
            best = i;
    }
    return best;
}

static void set_load(struct balance *b, nsec now, uint16_t thread, uint32_t load) {
    b->threads[thread].load = load < BALANCE_ONE ? load : BALANCE_ONE;
    b->threads[thread].reported_at = now;
}

uint16_t balance_place(struct balance *b, nsec now) {
    uint16_t thread = b->policy == BALANCE_ROUND_ROBIN ? b->turn : least_busy_in_turn(b, now);
    if (b->policy != BALANCE_ROUND_ROBIN)
        set_load(b, now, thread, balance_load(b, now, thread) + average_link(b, now));
    b->turn = (uint16_t)((thread + 1) % b->count);
    b->threads[thread].links++;
    b->links++;
    return thread;
}

void balance_unplace(struct balance *b, uint16_t thread) {
    CHECK(thread < b->count && b->threads[thread].links > 0);
    b->threads[thread].links--;
    b->links--;
}

void balance_expect(struct balance *b, nsec now, const struct balance_move *move) {
    uint32_t from = balance_load(b, now, move->from);
    set_load(b, now, move->from, from < move->load ? 0 : from - move->load);
    set_load(b, now, move->to, balance_load(b, now, move->to) + move->load);
}

void balance_moved(struct balance *b, uint16_t from, uint16_t to) {
    CHECK(from < b->count && to < b->count && b->threads[from].links > 0);
    b->threads[from].links--;
    b->threads[to].links++;
}

/* --- moving ------------------------------------------------------------------------------------------------------------ */

nsec balance_next(const struct balance *b) {
    return b->policy == BALANCE_MOVING ? b->look_at : NSEC_NEVER;
}

bool balance_look(struct balance *b, nsec now, struct balance_question *question_out) {
    uint16_t busiest = 0, least = 0;
    if (balance_next(b) > now)
        return false;
    for (uint16_t i = 1; i < b->count; i++) {
        if (balance_load(b, now, i) > balance_load(b, now, busiest))
            busiest = i;
        if (balance_load(b, now, i) < balance_load(b, now, least))
            least = i;
    }
    uint32_t load = balance_load(b, now, busiest), gap = load - balance_load(b, now, least);
    b->look_at = load >= BALANCE_BUSY ? now + BALANCE_ROUND : NSEC_NEVER;
    if (load < BALANCE_BUSY || gap < BALANCE_GAP)
        return false;
    b->asked = busiest;
    b->target = least;
    b->is_asking = true;
    *question_out = (struct balance_question){.thread = busiest, .most = gap};
    return true;
}

bool balance_choose(struct balance *b, nsec now, const struct link_load *links, uint32_t count,
                    struct balance_move *move_out) {
    if (!b->is_asking)
        return false;
    b->is_asking = false;
    uint32_t from = balance_load(b, now, b->asked), to = balance_load(b, now, b->target);
    const struct link_load *best = NULL;
    uint32_t most = BALANCE_GAIN - 1;
    if (from < BALANCE_BUSY || to > from || from - to < BALANCE_GAP)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (balance_gain(from - to, links[i].load) <= most)
            continue;
        most = balance_gain(from - to, links[i].load);
        best = &links[i];
    }
    if (!best)
        return false;
    *move_out =
        (struct balance_move){.link = best->link, .from = b->asked, .to = b->target, .load = best->load};
    return true;
}
