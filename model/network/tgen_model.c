#include "network/tgen_model.h"

#include <stdlib.h>
#include <string.h>

#include "network/decimal.h"
#include "wire/text.h"

#define WEIGHT_ONE  (UINT64_C(1) << 40)
#define WEIGHT_MOST (1000 * WEIGHT_ONE) /* TGEN_MODEL_EDGES_MAX of them fit into 64 bits */
#define NS_PER_US   UINT64_C(1000)

/* In units of 2^-32: 1 / ln 2, and the power of 2 that makes nanoseconds of microseconds. */
#define LOG2_E    UINT64_C(6196328019)
#define LOG2_1000 INT64_C(42802717582)

/* A graph whose nodes have been looked at. */
struct reading {
    struct graphml graph;
    struct tgen_model *out;
    struct mistake *mistake;
    uint32_t state_of[TGEN_MODEL_NODES_MAX];      /* number of the state; NO_STATE: an observation */
    uint8_t observation_of[TGEN_MODEL_NODES_MAX]; /* enum markov_observation, of an observation */
    uint32_t states;
    bool has_start;
};
#define NO_STATE UINT32_MAX

/* --- nodes --------------------------------------------------------------------------------------------------------- */

static bool read_observation(struct reading *r, uint32_t node, const char *name) {
    static const char *const names[] = {"+", "-", "F"}; /* enum markov_observation */
    r->state_of[node] = NO_STATE;
    for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(name, names[i]) == 0) {
            r->observation_of[node] = i;
            return true;
        }
    return graphml_mistake(&r->graph, &r->graph.nodes[node], "name", r->mistake,
                           "expected +, - or F of an observation");
}

static bool read_node(struct reading *r, uint32_t number) {
    const struct graphml_item *node = &r->graph.nodes[number];
    const char *type = graphml_attribute(node, "type");
    const char *name = graphml_attribute(node, "name");
    if (!type || !name || graphml_node(&r->graph, node->id) != node)
        return graphml_mistake(&r->graph, node, node->id, r->mistake,
                               "expected each node once, with a type and a name");
    if (strcmp(type, "observation") == 0)
        return read_observation(r, number, name);
    if (strcmp(type, "state") != 0)
        return graphml_mistake(&r->graph, node, "type", r->mistake, "expected state or observation");
    if (strcmp(name, "start") == 0) {
        if (r->has_start)
            return graphml_mistake(&r->graph, node, "name", r->mistake, "expected one start");
        r->has_start = true;
        r->out->model.start = (uint16_t)r->states;
    }
    r->state_of[number] = r->states++;
    return true;
}

static bool read_nodes(struct reading *r) {
    const struct graphml *graph = &r->graph;
    if (graph->node_count > TGEN_MODEL_NODES_MAX || graph->edge_count > TGEN_MODEL_EDGES_MAX)
        return graphml_mistake(graph, NULL, NULL, r->mistake, "expected at most %u nodes and %u edges",
                               TGEN_MODEL_NODES_MAX, TGEN_MODEL_EDGES_MAX);
    for (uint32_t i = 0; i < graph->node_count; i++)
        if (!read_node(r, i))
            return false;
    return r->has_start || graphml_mistake(graph, NULL, NULL, r->mistake, "expected a state named start");
}

/* --- delays -------------------------------------------------------------------------------------------------------- */

/* Attribute times factor. */
static bool read_number(struct reading *r, const struct graphml_item *edge, const char *name, uint64_t factor,
                        uint64_t most, uint64_t *out) {
    const char *text = graphml_attribute(edge, name);
    struct decimal number;
    return (text && decimal_parse(span_of(text), &number) && decimal_scale(number, factor, most, out)) ||
           graphml_mistake(&r->graph, edge, name, r->mistake, "expected a number, not negative, not huge");
}

static bool read_rate(struct reading *r, const struct graphml_item *edge, struct markov_delay *out) {
    const char *text = graphml_attribute(edge, "param_rate");
    struct decimal rate;
    uint64_t mean;
    if (!text || !decimal_parse(span_of(text), &rate) ||
        !decimal_divide(NS_PER_US, rate, (uint64_t)MARKOV_PARAMETER_MAX, &mean))
        return graphml_mistake(&r->graph, edge, "param_rate", r->mistake,
                               "expected a number above 0, not next to 0");
    *out = (struct markov_delay){MARKOV_EXPONENTIAL, (int64_t)mean, 0};
    return true;
}

static bool read_pair(struct reading *r, const struct graphml_item *edge, const char *const names[2],
                      uint64_t factor, struct markov_delay *out) {
    const uint64_t most = (uint64_t)MARKOV_PARAMETER_MAX - (uint64_t)LOG2_1000;
    uint64_t a, b;
    if (!read_number(r, edge, names[0], factor, most, &a) ||
        !read_number(r, edge, names[1], factor, most, &b))
        return false;
    out->a = (int64_t)a;
    out->b = (int64_t)b;
    return true;
}

static bool read_delay(struct reading *r, const struct graphml_item *edge, struct markov_delay *out) {
    static const char *const limits[] = {"param_low", "param_high"};
    static const char *const moments[] = {"param_location", "param_scale"};
    const char *name = graphml_attribute(edge, "distribution");
    if (name && strcmp(name, "exponential") == 0)
        return read_rate(r, edge, out);
    if (name && strcmp(name, "lognormal") == 0) {
        out->distribution = MARKOV_LOGNORMAL;
        if (!read_pair(r, edge, moments, LOG2_E, out))
            return false;
        out->a += LOG2_1000;
        return true;
    }
    if (name && strcmp(name, "normal") == 0) {
        out->distribution = MARKOV_NORMAL;
        return read_pair(r, edge, moments, NS_PER_US, out);
    }
    if (name && strcmp(name, "uniform") == 0) {
        out->distribution = MARKOV_UNIFORM;
        return read_pair(r, edge, limits, NS_PER_US, out) &&
               (out->a <= out->b ||
                graphml_mistake(&r->graph, edge, "param_high", r->mistake, "expected at least param_low"));
    }
    return graphml_mistake(&r->graph, edge, "distribution", r->mistake,
                           "expected exponential, lognormal, normal or uniform");
}

/* --- edges --------------------------------------------------------------------------------------------------------- */

/* What edges of one kind that leave a state become. */
struct run {
    uint32_t begin; /* of the arrays */
    uint32_t count;
    uint64_t sum;
};

static bool read_transition(struct reading *r, const struct graphml_item *edge, uint32_t to, uint32_t at) {
    if (r->state_of[to] == NO_STATE)
        return graphml_mistake(&r->graph, edge, "type", r->mistake,
                               "expected a transition to lead to a state");
    r->out->next[at] = (uint16_t)r->state_of[to];
    return true;
}

static bool read_emission(struct reading *r, const struct graphml_item *edge, uint32_t to, uint32_t at) {
    if (r->state_of[to] != NO_STATE)
        return graphml_mistake(&r->graph, edge, "type", r->mistake,
                               "expected an emission to lead to an observation");
    r->out->emissions[at].observation = (enum markov_observation)r->observation_of[to];
    return read_delay(r, edge, &r->out->emissions[at].delay);
}

/* Take an edge, when it is of that kind and leaves that node, as the next one of run. */
static bool take_edge(struct reading *r, const struct graphml_item *edge, bool is_emission, struct run *run) {
    const struct graphml_item *target = graphml_node(&r->graph, edge->target);
    uint32_t at = run->begin + run->count;
    uint64_t weight;
    if (!target)
        return graphml_mistake(&r->graph, edge, "target", r->mistake, "expected a node that is there");
    if (!read_number(r, edge, "weight", WEIGHT_ONE, WEIGHT_MOST, &weight))
        return false;
    run->count++;
    run->sum += weight;
    r->out->weights[at] = run->sum;
    uint32_t to = (uint32_t)(target - r->graph.nodes);
    return is_emission ? read_emission(r, edge, to, at) : read_transition(r, edge, to, at);
}

/* All edges of one kind that leave a node, one after the other from run->begin on. */
static bool take_edges(struct reading *r, const struct graphml_item *node, bool is_emission,
                       struct run *run) {
    for (uint32_t i = 0; i < r->graph.edge_count; i++) {
        const struct graphml_item *edge = &r->graph.edges[i];
        const char *type = graphml_attribute(edge, "type");
        if (strcmp(edge->source, node->id) != 0)
            continue;
        if (!type || (strcmp(type, "emission") != 0 && strcmp(type, "transition") != 0))
            return graphml_mistake(&r->graph, edge, "type", r->mistake, "expected emission or transition");
        if ((strcmp(type, "emission") == 0) == is_emission && !take_edge(r, edge, is_emission, run))
            return false;
    }
    return true;
}

static bool check_sources(struct reading *r) {
    for (uint32_t i = 0; i < r->graph.edge_count; i++) {
        const struct graphml_item *edge = &r->graph.edges[i];
        const struct graphml_item *source = graphml_node(&r->graph, edge->source);
        if (!source || r->state_of[source - r->graph.nodes] == NO_STATE)
            return graphml_mistake(&r->graph, edge, "source", r->mistake, "expected a state that is there");
    }
    return true;
}

static bool read_states(struct reading *r) {
    struct tgen_model *out = r->out;
    uint32_t used = 0;
    if (!check_sources(r))
        return false;
    for (uint32_t i = 0; i < r->graph.node_count; i++) {
        if (r->state_of[i] == NO_STATE)
            continue;
        struct run next = {.begin = used};
        if (!take_edges(r, &r->graph.nodes[i], false, &next))
            return false;
        struct run emissions = {.begin = used + next.count};
        if (!take_edges(r, &r->graph.nodes[i], true, &emissions))
            return false;
        used += next.count + emissions.count;
        out->states[r->state_of[i]] = (struct markov_state){
            &out->weights[next.begin],      &out->next[next.begin],           next.count,
            &out->weights[emissions.begin], &out->emissions[emissions.begin], emissions.count};
    }
    return true;
}

static bool read_model(struct reading *r) {
    struct tgen_model *out = r->out;
    size_t edges = (size_t)r->graph.edge_count + 1; /* one more, so that there is something to point at */
    if (!read_nodes(r))
        return false;
    out->states = calloc(r->states, sizeof(*out->states));
    out->weights = calloc(edges, sizeof(*out->weights));
    out->next = calloc(edges, sizeof(*out->next));
    out->emissions = calloc(edges, sizeof(*out->emissions));
    if (!out->states || !out->weights || !out->next || !out->emissions)
        return graphml_mistake(&r->graph, NULL, NULL, r->mistake, "no memory for it");
    out->model.states = out->states;
    out->model.count = (uint16_t)r->states;
    return read_states(r);
}

bool tgen_model_parse(const char *file, const char *text, size_t length, struct tgen_model *out,
                      struct mistake *mistake) {
    struct reading r = {.out = out, .mistake = mistake};
    *out = (struct tgen_model){.states = NULL};
    if (!graphml_parse(file, text, length, &r.graph, mistake))
        return false;
    bool ok = read_model(&r);
    graphml_fini(&r.graph);
    if (!ok)
        tgen_model_fini(out);
    return ok;
}

void tgen_model_fini(struct tgen_model *model) {
    free(model->states);
    free(model->weights);
    free(model->next);
    free(model->emissions);
    *model = (struct tgen_model){.states = NULL};
}
