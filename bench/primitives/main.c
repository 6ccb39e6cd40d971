/* loom-primitives - what the pieces of a relay's work cost on this machine, each by itself: one JSON object on the standard
 * output. And, beside something else that is measured, how fast this core is meanwhile. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "native/turn_clock.h"
#include "primitives/meter.h"
#include "primitives/partner.h"
#include "primitives/primitives_options.h"

/* --- primitives ----------------------------------------------------------------------------------------------------- */

static void print_figure(const char *name, const struct meter_figure *f) {
    printf(
        ", \"%s\": {\"least\": %.3f, \"lower\": %.3f, \"median\": %.3f, \"upper\": %.3f, \"spread\": %.4f}",
        name, f->least, f->lower, f->median, f->upper, f->median > 0 ? (f->upper - f->lower) / f->median : 0);
}

static void print_result(const struct meter_result *r, bool is_first) {
    const struct primitive *p = r->primitive;
    printf(
        "%s\n  {\"name\": \"%s\", \"variant\": \"%s\", \"size_of\": \"%s\", \"size\": %u, \"unit\": \"%s\"",
        is_first ? "" : ",", p->name, p->variant, p->size_of, p->size, p->unit);
    if (r->missing) {
        printf(", \"missing\": \"%s\"}", r->missing);
        return;
    }
    printf(", \"batches\": %u, \"units_a_batch\": %" PRIu64, r->batches, r->units_a_batch);
    print_figure("ns", &r->corrected);
    print_figure("raw_ns", &r->raw);
    printf("}");
}

static void print_yardstick(const struct meter_yardstick *y) {
    printf("{\"yardstick\": {\"readings\": %u, \"best_ns\": %.0f, \"median_ns\": %.0f, \"worst_ns\": %.0f",
           y->readings, y->total_best, y->total_median, y->total_worst);
    for (unsigned i = 0; i < YARDSTICK_PARTS; i++)
        printf(", \"%s\": {\"best_ns\": %.0f, \"median_ns\": %.0f}",
               yardstick_part_name((enum yardstick_part)i), y->best[i], y->median[i]);
    printf("}");
}

static int measure_primitives(const struct primitives_options *options) {
    const struct meter_options meter = {.length = options->milliseconds * NSEC_PER_MS,
                                        .batch = options->batch_us * NSEC_PER_US,
                                        .only = options->only,
                                        .is_quiet = options->is_quiet};
    struct meter_yardstick yardstick;
    size_t count;
    partner_pin_caller();
    struct meter_result *results = meter_run(&meter, &yardstick, &count);
    print_yardstick(&yardstick);
    printf(", \"primitives\": [");
    for (size_t i = 0; i < count; i++)
        print_result(&results[i], i == 0);
    printf("\n]}\n");
    free(results);
    if (count == 0) {
        fprintf(stderr, "loom-primitives: --only %s: --list has none that begins so\n", options->only);
        return 1;
    }
    return 0;
}

/* --- the yardstick alone -------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t is_over;

static void end_soon(int signal_number) {
    (void)signal_number;
    is_over = 1;
}

static void rest(uint32_t milliseconds) {
    const struct timespec time = {.tv_sec = milliseconds / 1000,
                                  .tv_nsec = (long)(milliseconds % 1000) * 1000000};
    (void)nanosleep(&time, NULL);
}

/* A line for each reading: when, and the CPU time of each part; until a signal or the end of the time. */
static int watch_yardstick(const struct primitives_options *options) {
    const struct sigaction action = {.sa_handler = end_soon};
    struct yardstick *yardstick = yardstick_new();
    struct yardstick_reading reading;
    nsec end = monotonic_read() + options->milliseconds * NSEC_PER_MS;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    while (!is_over && monotonic_read() < end) {
        yardstick_read(yardstick, &reading);
        printf("%" PRIu64, monotonic_read());
        for (unsigned i = 0; i < YARDSTICK_PARTS; i++)
            printf(" %" PRIu64, reading.part[i]);
        printf("\n");
        fflush(stdout);
        rest(options->every_ms);
    }
    yardstick_free(yardstick);
    return 0;
}

/* --- units alone ---------------------------------------------------------------------------------------------------- */

/* A line each: how many units were done, and of what; no clock has a say in what is run. */
static int run_units(const struct primitives_options *options) {
    uint64_t chosen = 0;
    for (size_t i = 0; i < primitives_count(); i++) {
        const struct primitive *primitive = primitives_at(i);
        char label[PRIMITIVE_LABEL_LEN];
        const char *reason = "it could not begin";
        uint64_t done;
        if (!primitive_is_chosen(primitive, options->only))
            continue;
        chosen++;
        primitive_label(primitive, label);
        void *state = primitive->begin(primitive, &reason);
        if (!state) {
            fprintf(stderr, "loom-primitives: %s: %s\n", label, reason);
            return 1;
        }
        (void)primitive->run(state, options->units, &done);
        primitive->end(state);
        printf("%" PRIu64 " %s\n", done, label);
    }
    if (chosen == 0)
        fprintf(stderr, "loom-primitives: --only %s: --list has none that begins so\n", options->only);
    return chosen == 0;
}

static void list_primitives(void) {
    for (size_t i = 0; i < primitives_count(); i++) {
        char label[PRIMITIVE_LABEL_LEN];
        primitive_label(primitives_at(i), label);
        printf("%s\n", label);
    }
}

int main(int argc, char **argv) {
    struct primitives_options options;
    struct complaint complaint;
    signal(SIGPIPE, SIG_IGN);
    if (!primitives_options_parse(argc, (const char *const *)argv, &options, &complaint)) {
        fprintf(stderr, "loom-primitives: %s\n", complaint.text);
        return 2;
    }
    if (options.wants_help)
        fputs(primitives_options_help(), stdout);
    else if (options.wants_list)
        list_primitives();
    else if (options.units > 0)
        return run_units(&options);
    else
        return options.is_yardstick ? watch_yardstick(&options) : measure_primitives(&options);
    return 0;
}
