/* primitive - one thing that a relay does all the time and whose price is measured by itself: how it begins, runs and ends.
 *
 * The code under measurement is the relay's own, with the providers and system calls that the relay uses.
 * Owner: the meter. Thread: the main thread runs all of them, one after the other; a primitive may have a thread of its own on
 * the other core (partner.h), which sleeps between runs. Memory: state is from begin to end. */
#ifndef LOOM_PRIMITIVES_PRIMITIVE_H
#define LOOM_PRIMITIVES_PRIMITIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/nsec.h"

struct primitive {
    const char *name;
    const char *variant; /* what else tells it from its like: a cipher, "hot"; "" for nothing */
    const char *size_of; /* what size counts: "bytes", "circuits", "cells"; "" when it has none */
    uint32_t size;
    const char *unit; /* what one unit is: "cell", "call" */
    /* NULL with *reason_out when this machine cannot do it. */
    void *(*begin)(const struct primitive *primitive, const char **reason_out);
    /* Do about so many units, at least one; returns nanoseconds that all took, and how many they were in *units_done_out. */
    nsec (*run)(void *state, uint64_t units, uint64_t *units_done_out);
    void (*end)(void *state);
};

struct primitive_list {
    const struct primitive *all;
    size_t count;
};

/* One list for each unit of this folder that has primitives. */
struct primitive_list primitive_caches(void);
struct primitive_list primitive_ciphers(void);
struct primitive_list primitive_handshakes(void);
struct primitive_list primitive_layers(void);
struct primitive_list primitive_loop(void);
struct primitive_list primitive_queues(void);
struct primitive_list primitive_records(void);
struct primitive_list primitive_sockets(void);
struct primitive_list primitive_threads(void);

/* Every primitive there is, in the order in which they are reported. */
size_t primitives_count(void);
const struct primitive *primitives_at(size_t index);

#define PRIMITIVE_LABEL_LEN 96u
/* What tells it from all others, for people: "seal, TLS_AES_128_GCM_SHA256, 31 cells: a record". */
void primitive_label(const struct primitive *primitive, char out[static PRIMITIVE_LABEL_LEN]);
/* True when the label begins so; chosen NULL: always. */
bool primitive_is_chosen(const struct primitive *primitive, const char *chosen);

/* CPU time of the calling thread. */
nsec cpu_now(void);

#endif
