#include "core/congestion_control.h"

#include "base/check.h"

static uint32_t least_u32(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

static uint32_t most_u32(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* SENDMEs between two changes of cwnd, to the nearest; 0: each one may change it. */
static uint32_t sendmes_per_change(const struct congestion *c, const struct congestion_params *p) {
    uint32_t cells = (uint32_t)p->cwnd_inc_rate * c->sendme_inc;
    return c->in_slow_start ? 1 : (c->cwnd + cells / 2) / cells;
}

static uint32_t sendmes_per_window(const struct congestion *c) {
    return (c->cwnd + c->sendme_inc / 2u) / c->sendme_inc;
}

/* A window with less than a SENDME's worth would never be answered, and so stay as it is for ever. */
static uint32_t cwnd_floor(const struct congestion *c, const struct congestion_params *p) {
    return most_u32((uint32_t)p->cwnd_min, c->sendme_inc);
}

void congestion_init(struct congestion *c, const struct congestion_params *params, uint8_t sendme_inc) {
    CHECK(sendme_inc > 0);
    *c = (struct congestion){.cwnd = most_u32((uint32_t)params->cwnd_init, sendme_inc),
                             .sendme_inc = sendme_inc,
                             .in_slow_start = true,
                             .next_change = 1};
}

/* --- what the circuit can hold ---------------------------------------------------------------------------------- */

/* Samples that the average runs over: few in slow start, which looks at each; then half a window's. */
static uint32_t samples_averaged(const struct congestion *c, const struct congestion_params *p) {
    if (c->in_slow_start)
        return most_u32((uint32_t)p->ewma_ss, 2);
    uint32_t n = sendmes_per_change(c, p) * (uint32_t)p->ewma_cwnd_pct / 100;
    return most_u32(least_u32(n, (uint32_t)p->ewma_max), 2);
}

/* The clock stood still or jumped, or the other side slept. While there is little to compare with, all but 0 is believed. */
static bool is_a_jump(const struct congestion *c, nsec rtt) {
    if (rtt == 0)
        return true;
    return !c->in_slow_start && c->rtt > 0 && rtt / CONGESTION_JUMP_RATIO > c->rtt;
}

/* False when the sample tells nothing. */
static bool measure(struct congestion *c, const struct congestion_params *p, nsec rtt) {
    if (is_a_jump(c, rtt))
        return false;
    uint64_t n = samples_averaged(c, p);
    c->rtt = c->rtt == 0 ? rtt : (2 * rtt + (n - 1) * c->rtt) / (n + 1);
    bool at_floor = !c->in_slow_start && c->cwnd == cwnd_floor(c, p);
    if (c->rtt_min == 0 || c->rtt < c->rtt_min)
        c->rtt_min = c->rtt;
    else if (at_floor) /* the least may have been a fluke: it must not pin us down for ever */
        c->rtt_min += (c->rtt - c->rtt_min) * (uint32_t)p->rtt_reset_pct / 100;
    return true;
}

/* The link got blocked, or free again: cwnd may change at once. */
static void note_blocked(struct congestion *c, bool is_blocked) {
    if (c->is_blocked != is_blocked)
        c->next_change = 0;
    c->is_blocked = is_blocked;
}

static void estimate(struct congestion *c, const struct congestion_params *p, bool is_blocked,
                     uint32_t queued) {
    if (c->rtt == 0) { /* nothing but our own queue tells us anything */
        c->is_blocked = is_blocked;
        uint32_t left = c->cwnd > queued ? c->cwnd - queued : 0;
        c->bdp = is_blocked ? most_u32(left, cwnd_floor(c, p)) : c->cwnd;
        return;
    }
    c->bdp = (uint32_t)((uint64_t)c->cwnd * c->rtt_min / c->rtt);
    note_blocked(c, is_blocked);
}

/* --- the window ------------------------------------------------------------------------------------------------- */

static void note_fullness(struct congestion *c, const struct congestion_params *p) {
    uint64_t inflight = c->inflight;
    if (inflight + (uint32_t)p->cwnd_full_gap * c->sendme_inc >= c->cwnd)
        c->is_full = true;
    else if (100 * inflight < (uint64_t)p->cwnd_full_minpct * c->cwnd)
        c->is_full = false;
}

/* RFC 3742, limited slow start. */
static uint32_t slow_start_step(const struct congestion *c, const struct congestion_params *p) {
    uint64_t cap = (uint32_t)p->ss_cwnd_cap;
    if (c->cwnd <= cap)
        return ((uint32_t)p->cwnd_inc_pct_ss * c->sendme_inc + 50) / 100;
    return most_u32((uint32_t)((c->sendme_inc * cap + c->cwnd) / (2 * (uint64_t)c->cwnd)), 1);
}

static void slow_start(struct congestion *c, const struct congestion_params *p, uint32_t queued) {
    if (queued >= (uint32_t)p->gamma || c->is_blocked) {
        c->cwnd = c->bdp + (uint32_t)p->gamma;
        c->in_slow_start = false;
    } else if (c->is_full) {
        uint32_t step = slow_start_step(c, p);
        c->cwnd += step;
        /* No faster than what comes after it would be. */
        c->in_slow_start =
            (uint64_t)step * sendmes_per_window(c) > (uint64_t)p->cwnd_inc * (uint32_t)p->cwnd_inc_rate;
    }
    if (c->cwnd >= (uint32_t)p->ss_cwnd_max) {
        c->cwnd = (uint32_t)p->ss_cwnd_max;
        c->in_slow_start = false;
    }
}

static void avoid(struct congestion *c, const struct congestion_params *p, uint32_t queued) {
    uint32_t step = (uint32_t)p->cwnd_inc;
    if (queued > (uint32_t)p->delta)
        c->cwnd = c->bdp + (uint32_t)p->delta - least_u32(step, (uint32_t)p->delta);
    else if (queued > (uint32_t)p->beta || c->is_blocked)
        c->cwnd -= least_u32(step, c->cwnd);
    else if (queued < (uint32_t)p->alpha && c->is_full)
        c->cwnd += step;
}

static void change(struct congestion *c, const struct congestion_params *p) {
    uint32_t queued = c->cwnd > c->bdp ? c->cwnd - c->bdp : 0;
    note_fullness(c, p);
    if (c->in_slow_start)
        slow_start(c, p, queued);
    else if (c->next_change == 0)
        avoid(c, p, queued);
    c->cwnd = least_u32(most_u32(c->cwnd, cwnd_floor(c, p)), (uint32_t)p->cwnd_max);

    uint32_t per_window = sendmes_per_window(c), per_change = sendmes_per_change(c, p);
    if (c->next_window == 0)
        c->next_window = per_window;
    if (c->next_change == 0)
        c->next_change = per_change;
    if (p->cwnd_full_per_cwnd ? c->next_window == per_window : c->next_change == per_change)
        c->is_full = false;
}

void congestion_answered(struct congestion *c, const struct congestion_params *params, nsec rtt,
                         bool is_blocked, uint32_t queued) {
    CHECK(c->inflight >= c->sendme_inc);
    if (c->next_change > 0)
        c->next_change--;
    if (c->next_window > 0)
        c->next_window--;
    bool is_measured = measure(c, params, rtt);
    estimate(c, params, is_blocked, queued);
    if (is_measured || is_blocked)
        change(c, params);
    c->inflight -= c->sendme_inc;
}
