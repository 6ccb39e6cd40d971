/* tgen_model - a Markov model of tgen 1.0, GraphML with states and observations, as the walk of traffic/markov.
 *
 * Delays are in microseconds there: uniform, normal, lognormal or exponential.
 * Memory: owns its arrays. Bound: TGEN_MODEL_NODES_MAX nodes, TGEN_MODEL_EDGES_MAX edges: finding a node is a walk. */
#ifndef LOOM_NETWORK_TGEN_MODEL_H
#define LOOM_NETWORK_TGEN_MODEL_H

#include "files/mistake.h"
#include "network/graphml.h"
#include "traffic/markov.h"

#define TGEN_MODEL_NODES_MAX 1024u
#define TGEN_MODEL_EDGES_MAX 16384u

struct tgen_model {
    struct markov_model model; /* borrows all below */
    struct markov_state *states;
    uint64_t *weights;
    uint16_t *next;
    struct markov_emission *emissions;
};

/* On failure out holds nothing. */
MUST_USE bool tgen_model_parse(const char *file, const char *text, size_t length, struct tgen_model *out,
                               struct mistake *mistake);
void tgen_model_fini(struct tgen_model *model);

#endif
