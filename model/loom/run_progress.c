#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loom/run.h"

#define BAR_WIDTH    30
#define BAR_EVERY_S  0.1
#define LINE_EVERY_S 2.0

double run_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void run_progress_begin(struct run_progress *progress, const char *label) {
    *progress = (struct run_progress){.is_terminal = isatty(STDERR_FILENO), .began = run_clock(), .last = -1};
    snprintf(progress->label, sizeof(progress->label), "%s", label);
}

static void show_bar(const struct run_progress *progress, double share, double simulated_s, double left_s) {
    char bar[BAR_WIDTH + 1];
    int full = (int)(share * BAR_WIDTH);
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r\x1b[K%s [%s] %3.0f %%  %.0f s simulated, %.0f s left", progress->label, bar,
            share * 100, simulated_s, left_s);
}

void run_progress_show(struct run_progress *progress, double share, double simulated_s) {
    double spent = run_clock() - progress->began;
    double left = share > 0 ? spent * (1 - share) / share : 0;
    int step = (int)(share * (progress->is_terminal ? 1000 : 10));
    if (step == progress->last ||
        spent - progress->shown < (progress->is_terminal ? BAR_EVERY_S : LINE_EVERY_S))
        return;
    progress->last = step;
    progress->shown = spent;
    if (progress->is_terminal)
        show_bar(progress, share, simulated_s, left);
    else
        fprintf(stderr, "%s: %.0f %%, %.0f s simulated in %.0f s, %.0f s left\n", progress->label,
                share * 100, simulated_s, spent, left);
}

void run_progress_end(struct run_progress *progress) {
    if (progress->is_terminal)
        fputs("\r\x1b[K", stderr);
}
