/* Runs side by side, each a process: they share nothing but what was read before, and what each took of this machine can
 * be said. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "loom/run.h"
#include "sim/scenario_twins.h"

#define RESUMED UINT32_MAX

struct slot {
    pid_t process; /* 0: nobody */
    int news;      /* borrowed from the pollfd beside it: the end of its pipe that we read */
    uint32_t run;
    double share;
};

struct together {
    struct experiment *experiment;
    struct mistake *mistake; /* the first */
    struct slot *slots;      /* slot_count of the experiment's shape */
    struct pollfd *polled;   /* the same */
    uint32_t *simulated;     /* of each run: the first that it is a twin of, itself mostly; RESUMED */
    uint32_t runs, begun, ended, under_way;
    bool has_failed;
    struct run_progress progress;
};

static uint64_t seed_of(const struct experiment *e, uint32_t run) {
    return e->first_seed + run / e->arms;
}

static const struct scenario_arm *arm_of(const struct experiment *e, uint32_t run) {
    return experiment_arm(e, run % e->arms);
}

static bool fail(struct together *t, uint32_t run, const char *what, const char *detail) {
    if (!t->has_failed)
        mistake_at(t->mistake, t->experiment->inputs.file_name, 0, NULL, "seed %" PRIu64 ", %s: %s%s%s",
                   seed_of(t->experiment, run), arm_of(t->experiment, run)->name, what, detail ? ": " : "",
                   detail ? detail : "");
    t->has_failed = true;
    return false;
}

/* --- in the process of a run -------------------------------------------------------------------------------------- */

/* The next run behind this one that is simulated with it; t->runs: none. */
static uint32_t next_twin(const struct together *t, uint32_t run) {
    const uint32_t simulated = t->simulated[run];
    do
        run++;
    while (run < t->runs && t->simulated[run] != simulated);
    return run;
}

/* Write the folder of run, and tell of it. */
static bool write_run(const struct together *t, const struct run_arm *arm, uint32_t run, int to,
                      struct mistake *mistake) {
    const struct experiment *e = t->experiment;
    struct run_news news = {
        .word = next_twin(t, run) < t->runs ? RUN_WRITTEN : RUN_DONE, .run = run, .cost = arm->cost};
    struct plan plan;
    if (!plan_make(&e->inputs, arm_of(e, run), seed_of(e, run), &plan, mistake))
        return false;
    bool ok = run_arm_write(arm, &plan, e->out, &news.summary, mistake) && run_pipe_tell(to, &news);
    results_summary_fini(&news.summary);
    plan_fini(&plan);
    return ok;
}

static bool simulate(const struct together *t, uint32_t run, int to, struct mistake *mistake) {
    const struct experiment *e = t->experiment;
    struct plan plan;
    struct run_arm arm;
    if (!plan_make(&e->inputs, arm_of(e, run), seed_of(e, run), &plan, mistake))
        return false;
    bool ok = run_arm_simulate(&plan, &e->shape, e->out, to, &arm, mistake);
    if (ok) {
        for (uint32_t twin = run; ok && twin < t->runs; twin = next_twin(t, twin))
            ok = write_run(t, &arm, twin, to, mistake);
        run_arm_fini(&arm);
    }
    plan_fini(&plan);
    return ok;
}

static _Noreturn void be_run(const struct together *t, uint32_t run, int to, pid_t parent) {
    struct run_news news = {.word = RUN_FAILED};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it had gone before we asked to go with it */
        _exit(1);
    if (simulate(t, run, to, &news.mistake))
        _exit(0);
    run_pipe_tell(to, &news);
    _exit(1);
}

/* --- in the process of the experiment ----------------------------------------------------------------------------- */

/* The first run of its seed, not resumed, that does what this one does. */
static uint32_t first_twin(const struct together *t, uint32_t run) {
    const struct experiment *e = t->experiment;
    uint32_t first = run - run % e->arms;
    while (first < run &&
           (t->simulated[first] == RESUMED || !scenario_arms_are_twins(arm_of(e, first), arm_of(e, run))))
        first++;
    return first;
}

static void find_twins(struct together *t) {
    for (uint32_t run = 0; run < t->runs; run++)
        t->simulated[run] = t->experiment->summaries[run].quantities ? RESUMED : first_twin(t, run);
}

/* Runs that were resumed are over, others are simulated with a twin. */
static void pass_over_done(struct together *t) {
    for (; t->begun < t->runs && t->simulated[t->begun] != t->begun; t->begun++)
        t->ended += t->simulated[t->begun] == RESUMED;
}

static bool begin_run(struct together *t, uint32_t place) {
    struct slot *slot = &t->slots[place];
    int ends[2];
    uint32_t run = t->begun;
    pid_t parent = getpid();
    if (pipe(ends) != 0)
        return fail(t, run, "no pipe", strerror(errno));
    fflush(NULL); /* or the child would have our output too */
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        be_run(t, run, ends[1], parent);
    }
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return fail(t, run, "no process", strerror(errno));
    }
    *slot = (struct slot){.process = process, .news = ends[0], .run = run};
    t->polled[place] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    t->begun++;
    t->under_way++;
    return true;
}

/* Returns the signal that ended it, or 0. */
static int end_run(struct together *t, uint32_t place) {
    struct slot *slot = &t->slots[place];
    int status = 0;
    close(slot->news);
    while (waitpid(slot->process, &status, 0) < 0 && errno == EINTR)
        continue;
    t->polled[place].fd = -1; /* poll passes it over */
    slot->process = 0;
    t->under_way--;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void keep(struct together *t, const struct run_news *news) {
    struct experiment *e = t->experiment;
    const char *arm = arm_of(e, news->run)->name;
    const uint32_t simulated = t->simulated[news->run];
    e->summaries[news->run] = news->summary;
    t->ended++;
    run_progress_clear(&t->progress);
    fprintf(stderr, "seed %" PRIu64 ", %s: ", seed_of(e, news->run), arm);
    if (simulated == news->run)
        fprintf(stderr, "%.1f s", news->cost.wall_s);
    else
        fprintf(stderr, "as %s", arm_of(e, simulated)->name);
    fprintf(stderr, ", written to %s/seed-%" PRIu64 "/%s\n", e->out, seed_of(e, news->run), arm);
}

static void hear(struct together *t, uint32_t place) {
    struct slot *slot = &t->slots[place];
    struct run_news news;
    if (!run_pipe_hear(slot->news, &news)) {
        int by = end_run(t, place);
        fail(t, slot->run, "its process ended without a result", by ? strsignal(by) : NULL);
        return;
    }
    switch (news.word) {
    case RUN_PROGRESS: slot->share = news.share; return;
    case RUN_WRITTEN:
        slot->share = 0;
        keep(t, &news);
        return;
    case RUN_DONE: keep(t, &news); break;
    case RUN_FAILED:
        if (!t->has_failed)
            *t->mistake = news.mistake;
        t->has_failed = true;
        break;
    }
    end_run(t, place);
}

static uint32_t slot_count(const struct together *t) {
    return t->experiment->shape.at_once + t->experiment->shape.last_beside;
}

static void show(struct together *t) {
    double done = t->ended;
    char what[128];
    for (uint32_t i = 0; i < slot_count(t); i++)
        done += t->slots[i].process ? t->slots[i].share : 0;
    snprintf(what, sizeof(what), "%" PRIu32 " of %" PRIu32 " runs done, %" PRIu32 " under way", t->ended,
             t->runs, t->under_way);
    run_progress_show(&t->progress, done / t->runs, what);
}

/* The next run to begin is the last one. */
static bool is_last(const struct together *t) {
    uint32_t run = t->begun + 1;
    while (run < t->runs && t->simulated[run] != run)
        run++;
    return t->begun < t->runs && run == t->runs;
}

static void fill_slots(struct together *t) {
    pass_over_done(t);
    for (uint32_t i = 0; i < slot_count(t); i++) {
        bool is_beside = i >= t->experiment->shape.at_once;
        if (!t->slots[i].process && t->begun < t->runs && !t->has_failed && (!is_beside || is_last(t)) &&
            !begin_run(t, i))
            return;
        pass_over_done(t);
    }
}

static void run_all(struct together *t) {
    const uint32_t slots = slot_count(t);
    run_progress_begin(&t->progress);
    for (fill_slots(t); t->under_way > 0; fill_slots(t)) {
        if (poll(t->polled, slots, -1) < 0) {
            CHECK(errno == EINTR); /* it takes what pipe gave */
            continue;
        }
        for (uint32_t i = 0; i < slots; i++)
            if (t->slots[i].process && t->polled[i].revents)
                hear(t, i);
        show(t);
    }
    run_progress_clear(&t->progress);
}

bool run_together(struct experiment *experiment, struct mistake *mistake) {
    const uint32_t slots = experiment->shape.at_once + experiment->shape.last_beside;
    struct together t = {.experiment = experiment,
                         .mistake = mistake,
                         .slots = calloc(slots, sizeof(*t.slots)),
                         .polled = calloc(slots, sizeof(*t.polled)),
                         .runs = experiment->seeds * experiment->arms};
    t.simulated = calloc(t.runs, sizeof(*t.simulated));
    bool ok = t.slots && t.polled && t.simulated;
    for (uint32_t i = 0; ok && i < slots; i++)
        t.polled[i].fd = -1;
    if (ok) {
        find_twins(&t);
        run_all(&t);
    } else {
        mistake_at(mistake, experiment->inputs.file_name, 0, NULL, "no memory to simulate it");
    }
    free(t.simulated);
    free(t.slots);
    free(t.polled);
    return ok && !t.has_failed;
}
