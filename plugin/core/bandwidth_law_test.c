/* Pool and shares together, with messages that take their time: what all managers send keeps the law of rate and burst, who
 * always wants more gets it, all of these the same, and when nobody wants anything nobody says anything. */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "core/bandwidth_pool.h"
#include "core/bandwidth_share.h"
#include "support/test.h"
#include "support/test_memory.h"

#define MANAGERS_MAX 64u
#define MESSAGES_MAX 4096u
#define SETTLED      (2 * NSEC_PER_S)
#define LENGTH       (20 * NSEC_PER_S)
#define CELL         514u

enum demand { NOTHING, EVERYTHING, NOW_AND_THEN, A_LITTLE };

struct message {
    nsec at;
    uint16_t manager;
    bool is_loan;
    uint64_t lent;
    struct bandwidth_report report;
};

struct manager_model {
    struct bandwidth_share share;
    enum demand demand;
    uint64_t backlog; /* bytes */
    nsec next_at;     /* of its own next run */
    uint64_t sent, sent_settled;
};

struct world {
    struct test_memory memory;
    struct bandwidth_terms terms;
    struct bandwidth_pool pool;
    struct token_bucket law; /* all of what is sent goes through it */
    struct manager_model managers[MANAGERS_MAX];
    struct message messages[MESSAGES_MAX];
    uint32_t message_count, messages_sent;
    struct rng rng;
    nsec now;
    bool is_scarce; /* there is not always memory for a message */
    bool is_over;   /* nobody wants anything any more */
};

static nsec delay(struct world *w) {
    return 10 * NSEC_PER_US +
           rng_below(&w->rng, rng_below(&w->rng, 8) == 0 ? 3 * NSEC_PER_MS : 50 * NSEC_PER_US);
}

/* Messages of a manager keep their order. */
static void post(struct world *w, struct message message) {
    assert_true(w->message_count < MESSAGES_MAX);
    message.at = w->now + delay(w);
    for (uint32_t i = 0; i < w->message_count; i++) {
        const struct message *other = &w->messages[i];
        if (other->manager == message.manager && other->is_loan == message.is_loan && other->at >= message.at)
            message.at = other->at + 1;
    }
    w->messages[w->message_count++] = message;
    w->messages_sent++;
}

static void refill(struct world *w, struct manager_model *m) {
    if (w->is_over)
        m->backlog = 0;
    else if (m->demand == EVERYTHING)
        m->backlog = 20000 + rng_below(&w->rng, 1000000 + w->terms.rate / 10);
    else if (m->demand == NOW_AND_THEN && rng_below(&w->rng, 50) == 0)
        m->backlog = rng_below(&w->rng, 500000);
    else if (m->demand == A_LITTLE)
        m->backlog = rng_below(&w->rng, 3000);
}

static void run_manager(struct world *w, uint16_t i) {
    struct manager_model *m = &w->managers[i];
    struct bandwidth_report report;
    uint64_t cells = bandwidth_share_available(&m->share, w->now) / CELL;
    cells = cells < m->backlog / CELL ? cells : m->backlog / CELL;
    uint64_t bytes = cells * CELL;
    bandwidth_share_send(&m->share, w->now, bytes);
    assert_true(bytes <= token_bucket_available(&w->law, w->now));
    token_bucket_take(&w->law, w->now, bytes);
    m->backlog -= bytes;
    m->sent += bytes;
    m->sent_settled += w->now >= SETTLED && !w->is_over ? bytes : 0;
    if (bandwidth_share_must_report(&m->share, m->backlog / CELL * CELL, &report)) {
        bandwidth_share_reported(&m->share, &report);
        post(w, (struct message){.manager = i, .report = report});
    }
}

static void lend(struct world *w) {
    bandwidth_pool_divide(&w->pool, w->now);
    for (uint16_t i = 0; i < w->terms.managers; i++) {
        uint64_t loan = bandwidth_pool_loan(&w->pool, i);
        if (loan > 0 && w->is_scarce && rng_below(&w->rng, 100) == 0)
            bandwidth_pool_take_back(&w->pool, w->now, i);
        else if (loan > 0)
            post(w, (struct message){.manager = i, .is_loan = true, .lent = loan});
    }
}

static void deliver(struct world *w, uint32_t index) {
    struct message message = w->messages[index];
    w->messages[index] = w->messages[--w->message_count];
    if (message.is_loan) {
        bandwidth_share_lend(&w->managers[message.manager].share, message.lent);
        run_manager(w, message.manager);
        return;
    }
    const struct bandwidth_report *report = &message.report;
    bandwidth_pool_report(&w->pool, w->now, message.manager, report->sent, report->returned, report->want);
    if (bandwidth_pool_next(&w->pool) <= w->now)
        lend(w);
}

/* The next thing that happens; false when nothing does. */
static bool step(struct world *w, nsec until) {
    nsec at = bandwidth_pool_next(&w->pool), message_at = NSEC_NEVER;
    uint32_t message = 0;
    uint16_t manager = 0;
    for (uint32_t i = 0; i < w->message_count; i++) {
        if (w->messages[i].at < message_at) {
            message_at = w->messages[i].at;
            message = i;
        }
    }
    for (uint16_t i = 1; i < w->terms.managers; i++) {
        if (w->managers[i].next_at < w->managers[manager].next_at)
            manager = i;
    }
    nsec manager_at = w->managers[manager].next_at;
    at = nsec_min(nsec_min(at, message_at), manager_at);
    if (at > until)
        return false;
    w->now = nsec_max(w->now, at);
    if (at == message_at) {
        deliver(w, message);
    } else if (at == manager_at) {
        w->managers[manager].next_at += 5 * NSEC_PER_MS + rng_below(&w->rng, 10 * NSEC_PER_MS);
        refill(w, &w->managers[manager]);
        run_manager(w, manager);
    } else {
        w->now += rng_below(&w->rng, 4) == 0 ? rng_below(&w->rng, 4 * NSEC_PER_MS) : 0; /* a lazy timer */
        lend(w);
    }
    return true;
}

static void start(struct world *w, uint64_t seed, uint64_t rate, uint64_t burst, uint16_t managers) {
    struct relay_config config;
    memset(w, 0, sizeof *w);
    test_memory_init(&w->memory);
    rng_seed(&w->rng, seed);
    relay_config_default(&config);
    config.bandwidth_rate = rate;
    config.bandwidth_burst = burst;
    config.connection_threads = managers;
    w->terms = bandwidth_terms_of(&config);
    token_bucket_init(&w->law, 0, rate, w->terms.burst);
    assert_true(bandwidth_pool_init(&w->pool, &w->memory.memory, 0, &w->terms));
    for (uint16_t i = 0; i < managers; i++)
        bandwidth_share_init(&w->managers[i].share, 0, &w->terms, w->terms.keep);
}

/* A rate is reached, and equally by those who always want more. */
static void check_sent(const struct world *w) {
    uint64_t sum = 0, least = UINT64_MAX, most = 0;
    for (uint16_t i = 0; i < w->terms.managers; i++) {
        const struct manager_model *m = &w->managers[i];
        sum += m->sent_settled;
        if (m->demand != EVERYTHING)
            continue;
        least = m->sent_settled < least ? m->sent_settled : least;
        most = m->sent_settled > most ? m->sent_settled : most;
    }
    uint64_t seconds = LENGTH / NSEC_PER_S, expected = w->terms.rate * seconds;
    /* A piece may be left over at the end, and each may have some under way. */
    uint64_t slack = (w->terms.managers + 2) * w->terms.piece;
    assert_true(sum + slack >= expected * 97 / 100);
    assert_true(sum >= expected * 97 / 100 || expected < 50 * slack);
    assert_true(most - least <= least / 50 + 2 * w->terms.piece + w->terms.keep);
}

/* No more than a loan for each and a report for each in every tick. */
static void check_messages(const struct world *w) {
    uint64_t ticks = (SETTLED + LENGTH) / BANDWIDTH_TICK;
    assert_true(w->messages_sent <= 3 * ticks * w->terms.managers);
}

/* Who wanted something gets a piece or two before he sees that he does not need it. */
static void check_end(struct world *w) {
    nsec end = w->now + NSEC_PER_S + 4 * w->terms.managers * w->terms.piece * NSEC_PER_S / w->terms.rate;
    w->is_over = true;
    for (uint16_t i = 0; i < w->terms.managers; i++)
        w->managers[i].backlog = 0;
    while (step(w, end))
        ;
    uint32_t messages = w->messages_sent;
    while (step(w, end + NSEC_PER_S))
        ;
    assert_int_equal(messages, w->messages_sent);
    assert_true(bandwidth_pool_next(&w->pool) == NSEC_NEVER);
    for (uint16_t i = 0; i < w->terms.managers; i++) {
        assert_true(w->managers[i].share.held <= 2 * w->terms.keep);
        assert_true(w->managers[i].share.sent <= w->terms.keep);
    }
}

static void play(uint64_t seed, uint64_t rate, uint64_t burst, uint16_t managers, unsigned greedy) {
    struct world *w = malloc(sizeof *w);
    assert_non_null(w);
    start(w, seed, rate, burst, managers);
    w->is_scarce = greedy == 1; /* who is left out once is left behind the others */
    for (uint16_t i = 0; i < managers; i++)
        w->managers[i].demand = i < greedy ? EVERYTHING : (enum demand)(NOTHING + 2 * rng_below(&w->rng, 2));
    if (managers > greedy)
        w->managers[managers - 1].demand = A_LITTLE;
    while (step(w, SETTLED + LENGTH))
        ;
    check_sent(w);
    check_messages(w);
    check_end(w);
    bandwidth_pool_fini(&w->pool);
    test_memory_fini(&w->memory);
    free(w);
}

static void the_rate_is_kept_and_reached(UNUSED void **state) {
    static const struct {
        uint64_t rate, burst;
    } limits[] = {{75000, 75000},       {75000, 1000000},        {1000000, 1000000},   {3840000, 192000},
                  {3840000, 3840000},   {20000000, 1000000},     {20000000, 20000000}, {20000000, 100000000},
                  {125000000, 6250000}, {1250000000, 1250000000}};
    static const uint16_t managers[] = {2, 4, 8, 64};
    uint64_t seed = 1;
    for (size_t i = 0; i < COUNT(limits); i++)
        for (size_t j = 0; j < COUNT(managers); j++) {
            play(seed++, limits[i].rate, limits[i].burst, managers[j], 1);
            play(seed++, limits[i].rate, limits[i].burst, managers[j], 2);
            play(seed++, limits[i].rate, limits[i].burst, managers[j], managers[j]);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_rate_is_kept_and_reached)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
