/* Every program is explored whole. Arguments: [orders | moves | broken | NAME OF A PROGRAM].
 *   none      no execution fails
 *   orders    each order of each atomic access of the product is needed: with a weaker one some program fails
 *   moves     the steps by which a link moves are safe, and fail when one is left out
 *   broken    the product was broken before it was compiled (broken.py): some program fails */
#include "litmus/programs.h"

#include <stdio.h>
#include <string.h>

#include "litmus/explorer.h"
#include "litmus/sites.h"

#define FAST_PROGRAMS (RING_PROGRAMS + VIEW_PROGRAMS + MAILROOM_PROGRAMS)
#define ALL_PROGRAMS  (FAST_PROGRAMS + DEEP_PROGRAMS)
/* Twenty times what the largest needs; who passes it has not been explored, and fails. */
#define EXECUTIONS_MAX 10000000u

static const struct litmus_program *program(unsigned i) {
    if (i < RING_PROGRAMS)
        return &ring_programs[i];
    i -= RING_PROGRAMS;
    if (i < VIEW_PROGRAMS)
        return &view_programs[i];
    i -= VIEW_PROGRAMS;
    return i < MAILROOM_PROGRAMS ? &mailroom_programs[i] : &deep_programs[i - MAILROOM_PROGRAMS];
}

static bool is_clean(const struct litmus_program *p) {
    struct exploration e;
    explore(p, EXECUTIONS_MAX, &e);
    printf("%-24s %8llu executions, %8llu points, %6llu ends, outcomes %llx%s%s%s\n", p->name,
           (unsigned long long)e.executions, (unsigned long long)e.points, (unsigned long long)e.finished,
           (unsigned long long)e.outcomes, e.failure ? ": " : "", e.failure ? e.failure : "",
           e.failure || e.is_exhausted ? "" : ": not explored to the end");
    fflush(stdout);
    if (e.failure)
        explorer_trace(&e);
    return !e.failure && e.is_exhausted;
}

/* Of the programs of these numbers, or the only one. */
static unsigned count_failures(unsigned from, unsigned to, const char *only) {
    unsigned failures = 0;
    for (unsigned i = from; i < to; i++) {
        if (!only || strcmp(only, program(i)->name) == 0)
            failures += !is_clean(program(i));
    }
    return failures;
}

/* How the first program that fails does so, or NULL. */
static const char *find_failure(void) {
    static char text[512];
    for (unsigned i = 0; i < FAST_PROGRAMS; i++) {
        struct exploration e;
        explore(program(i), EXECUTIONS_MAX, &e);
        if (!e.failure)
            continue;
        snprintf(text, sizeof text, "%s: %s", program(i)->name, e.failure);
        return text;
    }
    return NULL;
}

/* True when some program fails with it. */
static bool is_needed(const struct site *site, memory_order weaker) {
    sites_weaken(site, weaker);
    const char *how = find_failure();
    sites_restore();
    printf("%-40s %-8s %-7s -> %-7s  %s\n", site->name, site_kind_name(site->kind), order_name(site->order),
           order_name(weaker), how ? how : "IS NOT NEEDED");
    fflush(stdout);
    return how != NULL;
}

static unsigned count_needless_orders(void) {
    static struct site sites[SITES_MAX];
    unsigned needless = 0;
    uint32_t count = sites_list(sites);
    for (uint32_t i = 0; i < count; i++) {
        const struct site *site = &sites[i];
        if (site->order == memory_order_acq_rel) {
            needless += !is_needed(site, memory_order_acquire);
            needless += !is_needed(site, memory_order_release);
        } else if (site->order != memory_order_relaxed) {
            needless += !is_needed(site, memory_order_relaxed);
        }
    }
    return needless;
}

/* Moving a link is safe, and not without any of its steps. */
static int run_moves(void) {
    unsigned wrong = 0;
    for (unsigned i = 0; i < MOVE_PROGRAMS; i++)
        wrong += !is_clean(&move_programs[i]);
    for (unsigned i = 0; i < UNSAFE_PROGRAMS; i++) {
        struct exploration e;
        explore(&unsafe_programs[i], EXECUTIONS_MAX, &e);
        printf("%-24s %s\n", unsafe_programs[i].name, e.failure ? e.failure : "IS SAFE ALL THE SAME");
        fflush(stdout);
        wrong += !e.failure;
    }
    return wrong > 0;
}

static int run(const char *what) {
    if (what == NULL)
        return count_failures(0, FAST_PROGRAMS, NULL) > 0;
    if (strcmp(what, "deep") == 0)
        return count_failures(FAST_PROGRAMS, ALL_PROGRAMS, NULL) > 0;
    if (strcmp(what, "orders") == 0)
        return count_failures(0, FAST_PROGRAMS, NULL) > 0 || count_needless_orders() > 0;
    if (strcmp(what, "moves") == 0)
        return run_moves();
    if (strcmp(what, "broken") != 0)
        return count_failures(0, ALL_PROGRAMS, what) > 0;
    const char *how = find_failure();
    printf("%s\n", how ? how : "no program fails");
    return how == NULL;
}

int main(int argc, char **argv) {
    return run(argc > 1 ? argv[1] : NULL);
}
