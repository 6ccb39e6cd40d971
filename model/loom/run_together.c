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

struct slot {
    pid_t process; /* 0: nobody */
    int news;      /* borrowed from the pollfd beside it: the end of its pipe that we read */
    uint32_t run;
    double share;
};

struct together {
    struct experiment *experiment;
    struct mistake *mistake; /* the first */
    struct slot *slots;      /* experiment->shape.at_once */
    struct pollfd *polled;   /* the same */
    uint32_t runs, begun, ended;
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

static bool simulate(const struct experiment *e, uint32_t run, struct run_news *news, int to) {
    struct plan plan;
    if (!plan_make(&e->inputs, arm_of(e, run), seed_of(e, run), &plan, &news->mistake))
        return false;
    bool ok = run_arm(&plan, &e->shape, e->out, to, &news->summary, &news->cost, &news->mistake);
    plan_fini(&plan);
    return ok;
}

static _Noreturn void be_run(const struct experiment *e, uint32_t run, int to, pid_t parent) {
    struct run_news news = {.word = RUN_FAILED};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it had gone before we asked to go with it */
        _exit(1);
    if (simulate(e, run, &news, to))
        news.word = RUN_DONE;
    bool heard = run_pipe_tell(to, &news);
    results_summary_fini(&news.summary);
    _exit(heard ? 0 : 1);
}

/* --- in the process of the experiment ----------------------------------------------------------------------------- */

/* Runs that were resumed are over. */
static void pass_over_done(struct together *t) {
    while (t->begun < t->runs && t->experiment->summaries[t->begun].quantities) {
        t->begun++;
        t->ended++;
    }
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
        be_run(t->experiment, run, ends[1], parent);
    }
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return fail(t, run, "no process", strerror(errno));
    }
    *slot = (struct slot){.process = process, .news = ends[0], .run = run};
    t->polled[place] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    t->begun++;
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
    t->ended++;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void keep(struct together *t, const struct slot *slot, const struct run_news *news) {
    struct experiment *e = t->experiment;
    const char *arm = arm_of(e, slot->run)->name;
    e->summaries[slot->run] = news->summary;
    run_progress_clear(&t->progress);
    fprintf(stderr, "seed %" PRIu64 ", %s: %.1f s, written to %s/seed-%" PRIu64 "/%s\n",
            seed_of(e, slot->run), arm, news->cost.wall_s, e->out, seed_of(e, slot->run), arm);
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
    case RUN_DONE: keep(t, slot, &news); break;
    case RUN_FAILED:
        if (!t->has_failed)
            *t->mistake = news.mistake;
        t->has_failed = true;
        break;
    }
    end_run(t, place);
}

static void show(struct together *t) {
    double done = t->ended;
    char what[128];
    for (uint32_t i = 0; i < t->experiment->shape.at_once; i++)
        done += t->slots[i].process ? t->slots[i].share : 0;
    snprintf(what, sizeof(what), "%" PRIu32 " of %" PRIu32 " runs done, %" PRIu32 " under way", t->ended,
             t->runs, t->begun - t->ended);
    run_progress_show(&t->progress, done / t->runs, what);
}

static void fill_slots(struct together *t) {
    pass_over_done(t);
    for (uint32_t i = 0; i < t->experiment->shape.at_once; i++) {
        if (!t->slots[i].process && t->begun < t->runs && !t->has_failed && !begin_run(t, i))
            return;
        pass_over_done(t);
    }
}

static void run_all(struct together *t) {
    const uint32_t slots = t->experiment->shape.at_once;
    run_progress_begin(&t->progress);
    for (fill_slots(t); t->begun > t->ended; fill_slots(t)) {
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
    const uint32_t slots = experiment->shape.at_once;
    struct together t = {.experiment = experiment,
                         .mistake = mistake,
                         .slots = calloc(slots, sizeof(*t.slots)),
                         .polled = calloc(slots, sizeof(*t.polled)),
                         .runs = experiment->seeds * experiment->arms};
    bool ok = t.slots && t.polled;
    for (uint32_t i = 0; ok && i < slots; i++)
        t.polled[i].fd = -1;
    if (ok)
        run_all(&t);
    else
        mistake_at(mistake, experiment->inputs.file_name, 0, NULL, "no memory to simulate it");
    free(t.slots);
    free(t.polled);
    return ok && !t.has_failed;
}
