/* The picture of a bill: loom_analysis draws what it is told through a pipe. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files/project_file.h"
#include "loom/predict.h"

static void draw(const char *interpreter, const char *path, int from) {
    const char *words[] = {interpreter, "-m", "loom_analysis.bill", path, NULL};
    if (dup2(from, STDIN_FILENO) >= 0)
        execv(interpreter, (char *const *)(void *)words); /* it changes none of them */
    _exit(127);
}

static bool tell(const struct predict_options *o, const struct predict_result *results, int to) {
    FILE *out = fdopen(to, "w");
    if (!out) {
        close(to);
        return false;
    }
    bool ok = predict_json_print(o, results, o->profile_count, out);
    return fclose(out) == 0 && ok;
}

bool predict_picture_draw(const struct predict_options *o, const struct predict_result *results,
                          struct mistake *mistake) {
    char interpreter[PATH_MAX];
    int ends[2], status = 0;
    if (!project_file_find("tools/lib/python", X_OK, interpreter))
        return mistake_at(mistake, o->picture, 0, NULL, "no tools/lib/python above this program to draw it");
    fflush(stdout);
    if (pipe(ends) != 0)
        return mistake_at(mistake, o->picture, 0, NULL, "%s", strerror(errno));
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        draw(interpreter, o->picture, ends[0]);
    }
    close(ends[0]);
    bool told = tell(o, results, ends[1]);
    bool drawn =
        child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return (told && drawn) || mistake_at(mistake, o->picture, 0, NULL, "it could not be drawn");
}
