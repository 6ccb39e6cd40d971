#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loom/run.h"

#define BAR_WIDTH    30
#define BAR_EVERY_S  0.1
#define LINE_EVERY_S 2.0
#define STEPS        20 /* lines of a whole experiment, where nothing can be drawn over */

double run_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void run_progress_begin(struct run_progress *progress) {
    *progress = (struct run_progress){.is_terminal = isatty(STDERR_FILENO), .began = run_clock(), .last = -1};
}

static void show_bar(double share, const char *what, double left_s) {
    char bar[BAR_WIDTH + 1];
    int full = (int)(share * BAR_WIDTH);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\x1b[K[%s] %3.0f %%  %s, %.0f s left", bar, share * 100, what, left_s);
}

void run_progress_show(struct run_progress *progress, double share, const char *what) {
    double spent = run_clock() - progress->began;
    double left = share > 0 ? spent * (1 - share) / share : 0;
    int step = (int)(share * (progress->is_terminal ? 1000 : STEPS));
    if (step == progress->last ||
        spent - progress->shown < (progress->is_terminal ? BAR_EVERY_S : LINE_EVERY_S))
        return;
    progress->last = step;
    progress->shown = spent;
    if (progress->is_terminal)
        show_bar(share, what, left);
    else
        fprintf(stderr, "%.0f %%: %s in %.0f s, %.0f s left\n", share * 100, what, spent, left);
}

void run_progress_clear(const struct run_progress *progress) {
    if (progress->is_terminal)
        fputs("\r\x1b[K", stderr);
}
