/* A run by Shadow: the plan goes to tools/loom_shadow as JSON, and what was measured comes back as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/project_file.h"
#include "loom/run.h"
#include "sim/plan_json.h"
#include "sim/results_outside.h"

#define INTERPRETER   "tools/lib/python"
#define LINE_MAX_SAID 2048 /* of what it says */

struct shadow_run {
    const struct plan *plan;
    const struct run_shape *shape;
    int news;
    struct mistake *mistake;
    char folder[RESULTS_PATH_MAX];
    bool has_said_why;
};

static bool fail(struct shadow_run *run, const char *what, const char *detail) {
    return mistake_at(run->mistake, run->folder, 0, NULL, "%s: %s", what, detail);
}

static bool make_folders(struct shadow_run *run) {
    char part[RESULTS_PATH_MAX];
    for (const char *end = run->folder; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(part, sizeof(part), "%.*s", (int)(end - run->folder), run->folder);
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return fail(run, "cannot be made", strerror(errno));
    }
    return true;
}

/* FOLDER/NAME; false when it is too long. */
static bool name_file(struct shadow_run *run, const char *name, char out[static RESULTS_PATH_MAX]) {
    int n = snprintf(out, RESULTS_PATH_MAX, "%s/%s", run->folder, name);
    return (n > 0 && n < (int)RESULTS_PATH_MAX) || fail(run, name, "expected a shorter name");
}

static bool write_plan(struct shadow_run *run) {
    char path[RESULTS_PATH_MAX];
    if (!name_file(run, "plan.json", path))
        return false;
    json_t *json = plan_json(run->plan);
    bool ok = json && json_dump_file(json, path, JSON_INDENT(1)) == 0;
    json_decref(json);
    return ok || fail(run, "plan.json", "cannot be written");
}

/* --- its process --------------------------------------------------------------------------------------------------- */

/* The folder of this program, and of those that relays run. */
static void find_programs(char out[static PATH_MAX]) {
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash)
        *slash = '\0';
}

static _Noreturn void be_python(const struct shadow_run *run, const char *interpreter, int said) {
    char threads[16], at_once[16], programs[PATH_MAX];
    snprintf(threads, sizeof(threads), "%" PRIu32, run->shape->threads);
    snprintf(at_once, sizeof(at_once), "%" PRIu32, run->shape->at_once);
    find_programs(programs);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    dup2(said, STDOUT_FILENO);
    execl(interpreter, interpreter, "-m", "loom_shadow.run", run->folder, "--threads", threads, "--at-once",
          at_once, "--programs", programs, (char *)NULL);
    _exit(127);
}

static void hear_line(struct shadow_run *run, char *line) {
    static const char progress[] = "progress ", error[] = "error ";
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, progress, sizeof(progress) - 1) == 0) {
        double share = strtod(line + sizeof(progress) - 1, NULL);
        run_pipe_tell(run->news, &(struct run_news){.word = RUN_PROGRESS, .share = share});
    } else if (strncmp(line, error, sizeof(error) - 1) == 0) {
        run->has_said_why = true;
        mistake_at(run->mistake, "loom run --engine shadow", 0, NULL, "%s", line + sizeof(error) - 1);
    }
}

static bool hear(struct shadow_run *run, int said) {
    char line[LINE_MAX_SAID];
    FILE *file = fdopen(said, "r");
    if (!file) {
        close(said);
        return fail(run, "its pipe", strerror(errno));
    }
    while (fgets(line, sizeof(line), file))
        hear_line(run, line);
    fclose(file);
    return true;
}

static bool run_python(struct shadow_run *run) {
    char interpreter[PATH_MAX];
    int ends[2], status = 0;
    if (!project_file_find(INTERPRETER, X_OK, interpreter))
        return fail(run, INTERPRETER, "not above this program: run it from where it was built");
    if (pipe(ends) != 0)
        return fail(run, "no pipe", strerror(errno));
    fflush(NULL);
    pid_t process = fork();
    if (process == 0) {
        close(ends[0]);
        be_python(run, interpreter, ends[1]);
    }
    close(ends[1]);
    if (process < 0) {
        close(ends[0]);
        return fail(run, "no process", strerror(errno));
    }
    bool heard = hear(run, ends[0]);
    while (waitpid(process, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!heard || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return heard;
    return run->has_said_why ? false : fail(run, "loom_shadow.run", "ended without a result");
}

/* ------------------------------------------------------------------------------------------------------------------- */

static void end_cost(struct run_cost *cost, double began) {
    struct rusage usage;
    *cost = (struct run_cost){.wall_s = run_clock() - began};
    if (getrusage(RUSAGE_CHILDREN, &usage) != 0)
        return;
    cost->cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    cost->rss_bytes_max = (uint64_t)usage.ru_maxrss * 1024;
}

bool run_arm_shadow(const struct plan *plan, const struct run_shape *shape, const char *folder, int news,
                    struct results_outside *outside_out, struct run_cost *cost_out, struct mistake *mistake) {
    char path[RESULTS_PATH_MAX];
    struct shadow_run run = {.plan = plan, .shape = shape, .news = news, .mistake = mistake};
    double began = run_clock();
    int n = snprintf(run.folder, sizeof(run.folder), "%s/shadow/seed-%" PRIu64 "/%s", folder, plan->seed,
                     plan->arm->name);
    if (n <= 0 || (size_t)n >= sizeof(run.folder))
        return mistake_at(mistake, folder, 0, NULL, "expected a shorter name");
    bool ok = make_folders(&run) && write_plan(&run) && run_python(&run);
    end_cost(cost_out, began);
    return ok && name_file(&run, "measured.json", path) &&
           results_outside_read(path, plan, outside_out, mistake);
}
