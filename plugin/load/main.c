/* loom-load - saturate a relay from both sides of it, and say what a cell cost it, or a circuit handshake: one JSON object on
 * the standard output. Or fill it with circuits that idle, in stages. */
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "load/load_connection.h"
#include "load/load_cpu.h"
#include "load/load_delays.h"
#include "load/load_exits.h"
#include "load/load_flow.h"
#include "load/load_handshakes.h"
#include "load/load_idle.h"
#include "load/load_options.h"
#include "load/load_rate.h"
#include "load/load_report.h"
#include "load/load_server.h"
#include "load/load_sides.h"
#include "load/load_sink.h"
#include "load/load_source.h"
#include "load/load_steady.h"
#include "load/load_waiting.h"
#include "native/heap.h"
#include "native/openssl_provider.h"
#include "native/turn_clock.h"

#define BUILD_PATIENCE    (120 * NSEC_PER_S)
#define SETTLE            (NSEC_PER_S / 2)
#define DRAIN_PATIENCE    (20 * NSEC_PER_S)
#define ECHO_PATIENCE     (300 * NSEC_PER_S)
#define STEADY_LINE_EVERY (NSEC_PER_S / 10)
#define MOST_LENGTH       (4 * NSEC_PER_S / 5)
#define RATE_SETTLE       (NSEC_PER_S / 2) /* until what a full relay had queued is forgotten */

struct load {
    struct load_options options;
    struct load_sides *sides;
    struct load_flow flow;
    struct load_rate rate;
    struct load_delay_slices delays;
    struct load_waiting waiting;
};

/* --- setting up -------------------------------------------------------------------------------------------------- */

static void run_for(struct load *load, nsec length) {
    struct timeval time = {(time_t)(length / NSEC_PER_S), (suseconds_t)(length % NSEC_PER_S / NSEC_PER_US)};
    event_base_loopexit(load->sides->net->base, &time);
    event_base_dispatch(load->sides->net->base);
}

static bool begin_load(struct load *load, struct complaint *complaint) {
    struct load_sides *sides = load->sides;
    run_for(load, SETTLE);
    bool ok = load_source_begin_load(sides->source, true);
    load->flow.ways = 0;
    for (uint32_t i = 0; i < sides->ways; i++) {
        ok = ok && load_sink_discard(sides->sinks[i]);
        if (i % load->options.loaded_every != 0)
            continue;
        load->flow.in[load->flow.ways] = load_source_lane(sides->source, i);
        load->flow.out[load->flow.ways++] = load_sink_lane(sides->sinks[i]);
    }
    return ok || complain(complaint, "a link is not idle or not TLS 1.3");
}

static bool set_up(struct load *load, struct complaint *complaint) {
    struct load_sides *sides = load->sides = load_sides_new(&load->options, complaint);
    if (!sides)
        return false;
    uint64_t window = (uint64_t)load->options.circuits * LOAD_WINDOW_A_CIRCUIT;
    load->flow = (struct load_flow){.in = heap_new(sides->ways * sizeof(struct load_lane *)),
                                    .out = heap_new(sides->ways * sizeof(struct load_lane *)),
                                    .ways = sides->ways,
                                    .shape = sides->shape,
                                    .base = sides->net->base,
                                    .window = window < LOAD_WINDOW_MAX ? window : LOAD_WINDOW_MAX};
    return load_sides_build(sides, sides->ways, load->options.circuits, complaint) &&
           begin_load(load, complaint);
}

static void tear_down(struct load *load) {
    load_sides_free(load->sides);
    free(load->flow.in);
    free(load->flow.out);
}

/* --- running ----------------------------------------------------------------------------------------------------- */

static struct load_cpu cpu_of(uint32_t pid) {
    struct load_cpu cpu = {.count = 0};
    if (pid != 0 && !load_cpu_read(pid, &cpu))
        cpu.count = 0;
    return cpu;
}

static void press(struct load *load, nsec until) {
    if (load->options.rate > 0)
        load_rate_run(&load->rate, until);
    else
        load_flow_run(&load->flow, until);
}

/* From now on; the first ones found cold caches. */
static void begin_delays(struct load *load, struct load_report *report) {
    load_delay_slices_begin(&load->delays, &load->waiting);
    load->rate.left_out = 0;
    report->delays = &load->delays;
}

static void begin_rate(struct load *load) {
    load_waiting_init(&load->waiting);
    if (!load_waiting_watch(&load->waiting, (uint32_t)getpid()) ||
        (load->options.pid != 0 && !load_waiting_watch(&load->waiting, load->options.pid)))
        fprintf(stderr, "loom-load: nobody says how long threads wait\n");
    load_rate_init(&load->rate, &load->flow, load->options.rate, monotonic_read());
    load->sides->shape->delays = &load->delays;
}

/* Since the generator was started. */
static struct work own_work(const struct load *load, const struct load_cpu *own) {
    struct work work = load->sides->net->work;
    work.loop_turns = load->flow.turn;
    work.loop_sleeps = load_cpu_switches(own);
    return work;
}

static uint32_t rate_of(uint64_t most, uint32_t percent) {
    uint64_t rate = most * percent / 100;
    return rate > LOAD_RATE_MAX ? LOAD_RATE_MAX : rate > 0 ? (uint32_t)rate : 1;
}

/* Until all is as it will be while we measure. */
static void warm_up(struct load *load, struct load_report *report) {
    nsec length = load->options.warmup_s * NSEC_PER_S;
    if (load->options.share > 0) {
        load_flow_run(&load->flow, monotonic_read() + length);
        report->most_before = load_flow_most(&load->flow, MOST_LENGTH);
        load->options.rate = rate_of(report->most_before, load->options.share);
        length = RATE_SETTLE;
    }
    if (load->options.rate > 0)
        begin_rate(load);
    press(load, monotonic_read() + length);
    if (load->options.rate > 0)
        begin_delays(load, report);
}

static void measure(struct load *load, struct load_report *report) {
    warm_up(load, report);
    nsec began = monotonic_read();
    fprintf(stderr, "measuring for %u s\n", load->options.seconds); /* for who reads the relay's counters */
    uint64_t cells = load_flow_arrived(&load->flow);
    struct load_cpu relay = cpu_of(load->options.pid), own = cpu_of((uint32_t)getpid());
    const struct work work = own_work(load, &own);
    press(load, began + load->options.seconds * NSEC_PER_S);
    report->relay = cpu_of(load->options.pid);
    report->own = cpu_of((uint32_t)getpid());
    report->work = own_work(load, &report->own);
    work_since(&report->work, &report->work, &work);
    report->elapsed = monotonic_read() - began;
    report->units = load_flow_arrived(&load->flow) - cells;
    report->left_out = load->rate.left_out;
    load->sides->shape->delays = NULL;
    load_waiting_fini(&load->waiting);
    load_cpu_since(&report->relay, &relay);
    load_cpu_since(&report->own, &own);
    if (load->options.share > 0)
        report->most_after = load_flow_most(&load->flow, MOST_LENGTH);
    load_flow_drain(&load->flow, monotonic_read() + DRAIN_PATIENCE);
}

static void echo(struct load *load, struct load_report *report) {
    report->trips = heap_new(load->options.echoes * sizeof *report->trips);
    report->trip_count =
        load_flow_echo(&load->flow, load->options.echoes, report->trips, monotonic_read() + ECHO_PATIENCE);
}

/* A line each time, for who watches while it runs. */
static bool run_steady(struct load *load) {
    struct load_steady *steady = load_steady_new(&load->flow, load->options.steady);
    nsec began = monotonic_read();
    struct load_steady_count count;
    for (nsec at = STEADY_LINE_EVERY; at <= load->options.seconds * NSEC_PER_S; at += STEADY_LINE_EVERY) {
        load_steady_run(steady, began + at, &count);
        printf("{\"ms\": %" PRIu64 ", \"arrived\": %" PRIu64 ", \"verified\": %" PRIu64
               ", \"oldest_us\": %" PRIu64 ", \"lost\": %" PRIu64 "}\n",
               (monotonic_read() - began) / NSEC_PER_MS, count.arrived, count.verified,
               count.oldest / NSEC_PER_US, load_sides_losses(load->sides));
        fflush(stdout);
    }
    load_steady_free(steady);
    return true;
}

static bool is_whole(const struct load_report *report, struct complaint *complaint) {
    return (report->lost == 0 && report->wrong == 0) ||
           complain(complaint, "%" PRIu64 " cells did not arrive, %" PRIu64 " were wrong", report->lost,
                    report->wrong);
}

static bool run(struct load *load, struct complaint *complaint) {
    if (load->options.steady > 0)
        return run_steady(load);
    struct load_report report = {.options = &load->options,
                                 .cipher = load_source_cipher(load->sides->source)};
    if (load->options.echoes > 0)
        echo(load, &report);
    else
        measure(load, &report);
    report.verified = load_flow_verified(&load->flow);
    report.lost = load_flow_under_way(&load->flow);
    report.wrong = load_sides_losses(load->sides);
    load_report_print(&report, stdout);
    free(report.trips);
    return is_whole(&report, complaint);
}

/* --- an exit -------------------------------------------------------------------------------------------------- */

static void measure_exits(struct load_exits *exits, struct load_report *report) {
    const struct load_options *options = report->options;
    load_server_begin(exits->gives);
    load_server_begin(exits->takes);
    load_exits_run(exits, monotonic_read() + options->warmup_s * NSEC_PER_S);
    nsec began = monotonic_read();
    fprintf(stderr, "measuring for %u s\n", options->seconds);
    uint64_t cells = load_exits_arrived(exits), sendmes = load_exits_sendmes(exits);
    struct load_cpu relay = cpu_of(options->pid), own = cpu_of((uint32_t)getpid());
    load_exits_run(exits, began + options->seconds * NSEC_PER_S);
    report->relay = cpu_of(options->pid);
    report->own = cpu_of((uint32_t)getpid());
    report->elapsed = monotonic_read() - began;
    report->units = load_exits_arrived(exits) - cells;
    report->sendmes = load_exits_sendmes(exits) - sendmes;
    load_cpu_since(&report->relay, &relay);
    load_cpu_since(&report->own, &own);
    load_exits_drain(exits, monotonic_read() + DRAIN_PATIENCE);
    report->verified = load_exits_verified(exits);
    report->lost = load_exits_under_way(exits);
}

static bool press_exits(struct load_sides *sides, struct complaint *complaint) {
    struct load_report report = {.options = sides->options, .cipher = load_source_cipher(sides->source)};
    struct load_exits exits = {.lanes = heap_new(sides->ways * sizeof(struct load_lane *)),
                               .ways = sides->ways,
                               .shape = sides->shape,
                               .base = sides->net->base,
                               .gives = sides->gives,
                               .takes = sides->takes};
    for (uint32_t i = 0; i < exits.ways; i++)
        exits.lanes[i] = load_source_lane(sides->source, i);
    bool ok = load_source_begin_load(sides->source, false);
    if (ok) {
        measure_exits(&exits, &report);
        report.wrong = load_sides_losses(sides);
        load_report_print(&report, stdout);
    }
    free(exits.lanes);
    return ok && is_whole(&report, complaint);
}

static bool run_exits(const struct load_options *options, struct complaint *complaint) {
    struct load_sides *sides = load_sides_new(options, complaint);
    bool ok = sides && load_sides_build(sides, sides->ways, options->circuits, complaint) &&
              press_exits(sides, complaint);
    load_sides_free(sides);
    return ok;
}

/* --- handshakes -------------------------------------------------------------------------------------------------- */

static void measure_handshakes(struct load_handshakes *h, struct load_report *report) {
    const struct load_options *options = report->options;
    struct load_handshakes_count before, after, end;
    load_handshakes_run(h, monotonic_read() + options->warmup_s * NSEC_PER_S);
    nsec began = monotonic_read();
    load_handshakes_read(h, &before);
    struct load_cpu relay = cpu_of(options->pid), own = cpu_of((uint32_t)getpid());
    load_handshakes_run(h, began + options->seconds * NSEC_PER_S);
    report->relay = cpu_of(options->pid);
    report->own = cpu_of((uint32_t)getpid());
    report->elapsed = monotonic_read() - began;
    load_handshakes_read(h, &after);
    load_cpu_since(&report->relay, &relay);
    load_cpu_since(&report->own, &own);
    load_handshakes_drain(h, monotonic_read() + DRAIN_PATIENCE);
    load_handshakes_read(h, &end);
    report->units = after.answered - before.answered;
    report->refused = end.refused;
    report->verified = end.proven;
    report->lost = end.under_way;
    report->wrong = end.wrong;
}

static bool run_handshakes(const struct load_options *options, struct complaint *complaint) {
    struct load_net *net = load_net_new(options->cipher);
    struct load_report report = {.options = options};
    if (!net)
        return complain(complaint, "--cipher %s: no such TLS 1.3 suite", options->cipher);
    struct load_handshakes *h = load_handshakes_new(net, openssl_provider(), options, complaint);
    bool ok = h && load_handshakes_open(h, monotonic_read() + BUILD_PATIENCE, complaint);
    if (ok) {
        report.cipher = load_handshakes_cipher(h);
        measure_handshakes(h, &report);
        load_report_print(&report, stdout);
        ok = (report.lost == 0 && report.wrong == 0) ||
             complain(complaint, "%" PRIu64 " handshakes were not answered, %" PRIu64 " wrongly", report.lost,
                      report.wrong);
    }
    load_handshakes_free(h);
    load_net_free(net);
    return ok;
}

static bool run_idle(const struct load_options *options, struct complaint *complaint) {
    struct load_sides *sides = load_sides_new(options, complaint);
    bool ok = sides && load_idle_run(sides, options->steps, complaint);
    load_sides_free(sides);
    return ok;
}

static bool run_cells(const struct load_options *options, struct complaint *complaint) {
    static struct load load;
    load.options = *options;
    bool ok = set_up(&load, complaint) && run(&load, complaint);
    tear_down(&load);
    return ok;
}

static bool run_mode(const struct load_options *options, struct complaint *complaint) {
    switch (options->mode) {
    case LOAD_CELLS:
        return options->role == LOAD_EXIT ? run_exits(options, complaint) : run_cells(options, complaint);
    case LOAD_IDLE: return run_idle(options, complaint);
    case LOAD_NTOR:
    case LOAD_NTOR_V3: break;
    }
    return run_handshakes(options, complaint);
}

int main(int argc, char **argv) {
    struct load_options options;
    struct complaint complaint;
    signal(SIGPIPE, SIG_IGN);
    if (!load_options_parse(argc, (const char *const *)argv, &options, &complaint)) {
        fprintf(stderr, "loom-load: %s\n", complaint.text);
        return 2;
    }
    if (options.wants_help) {
        fputs(load_options_help(), stdout);
        return 0;
    }
    bool ok = run_mode(&options, &complaint);
    if (!ok)
        fprintf(stderr, "loom-load: %s\n", complaint.text);
    return ok ? 0 : 1;
}
