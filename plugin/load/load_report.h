/* load_report - what a run of loom-load found out, as one JSON object. */
#ifndef LOOM_LOAD_LOAD_REPORT_H
#define LOOM_LOAD_LOAD_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "base/nsec.h"
#include "base/work.h"
#include "load/load_cpu.h"
#include "load/load_delays.h"
#include "load/load_options.h"

struct load_report {
    const struct load_options *options;
    const char *cipher;
    nsec elapsed;
    uint64_t units;       /* while measuring: cells that arrived, both directions, or handshakes answered */
    uint64_t refused;     /* handshakes, of all */
    uint64_t verified;    /* cells, or answers proven; of all */
    uint64_t lost, wrong; /* at the end */
    uint64_t sendmes;     /* at an exit: while measuring, both ways, beside the units */
    uint64_t left_out;    /* of a rate: cells that the generator or TCP had no room for */
    uint64_t most_before, most_after; /* of a share: cells a second that went as fast as they could */
    struct load_delay_slices *delays; /* of a rate; otherwise NULL */
    struct load_cpu relay, own;       /* while measuring; relay is empty when it was not asked for */
    struct work work;                 /* of the generator, while measuring a load through a middle */
    nsec *trips;                      /* of echoes */
    uint32_t trip_count;
};

void load_report_print(struct load_report *report, FILE *out);

#endif
