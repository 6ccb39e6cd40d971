#include "network/tgen_actions.h"

#include <string.h>

#include "network/decimal.h"
#include "wire/text.h"

/* --- amounts ------------------------------------------------------------------------------------------------------- */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit times[] = {{"", NSEC_PER_S},
                                    {"second", NSEC_PER_S},
                                    {"seconds", NSEC_PER_S},
                                    {"minute", 60 * NSEC_PER_S},
                                    {"minutes", 60 * NSEC_PER_S},
                                    {"hour", 3600 * NSEC_PER_S},
                                    {"hours", 3600 * NSEC_PER_S},
                                    {"millisecond", NSEC_PER_MS},
                                    {"milliseconds", NSEC_PER_MS},
                                    {"microsecond", NSEC_PER_US},
                                    {"microseconds", NSEC_PER_US},
                                    {"nanosecond", 1},
                                    {"nanoseconds", 1},
                                    {NULL, 0}};

static const struct unit sizes[] = {{"", 1},
                                    {"byte", 1},
                                    {"bytes", 1},
                                    {"b", 1},
                                    {"kib", UINT64_C(1) << 10},
                                    {"mib", UINT64_C(1) << 20},
                                    {"gib", UINT64_C(1) << 30},
                                    {"kb", 1000},
                                    {"mb", 1000000},
                                    {"gb", 1000000000},
                                    {NULL, 0}};

static bool amount(const char *text, const struct unit *units, uint64_t most, uint64_t *out) {
    struct span rest = span_of(text);
    struct span number = text_word(&rest);
    struct span unit = text_word(&rest);
    struct decimal value;
    if (!decimal_parse(number, &value) || text_word(&rest).length > 0)
        return false;
    for (; units->name; units++)
        if (span_is_nocase(unit, units->name))
            return decimal_scale(value, units->factor, most, out);
    return false;
}

bool tgen_time(const char *text, nsec *out) {
    uint64_t value;
    bool ok = amount(text, times, TGEN_TIME_MAX, &value);
    *out = ok ? (nsec)value : 0;
    return ok;
}

bool tgen_bytes(const char *text, uint64_t *out) {
    return amount(text, sizes, TGEN_BYTES_MAX, out);
}

/* --- attributes ---------------------------------------------------------------------------------------------------- */

struct reading {
    struct graphml graph;
    struct tgen_actions *out;
    struct mistake *mistake;
    const struct graphml_item *start;
};

/* fallback: when it is left out. */
static bool read_time(const struct reading *r, const struct graphml_item *node, const char *name,
                      nsec fallback, nsec *out) {
    const char *text = graphml_attribute(node, name);
    *out = fallback;
    return !text || tgen_time(text, out) ||
           graphml_mistake(&r->graph, node, name, r->mistake, "expected a time, as \"5 minutes\"");
}

static bool read_bytes(const struct reading *r, const struct graphml_item *node, const char *name,
                       uint64_t *out) {
    const char *text = graphml_attribute(node, name);
    return (text && tgen_bytes(text, out)) ||
           graphml_mistake(&r->graph, node, name, r->mistake, "expected a size, as \"50 KiB\"");
}

static bool read_path(const struct reading *r, const struct graphml_item *node, const char *name,
                      char out[static TGEN_PATH_MAX]) {
    const char *text = graphml_attribute(node, name);
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length >= TGEN_PATH_MAX)
        return graphml_mistake(&r->graph, node, name, r->mistake, "expected the path of a model");
    memcpy(out, text, length + 1);
    return true;
}

/* --- shapes -------------------------------------------------------------------------------------------------------- */

/* "stream_50k" is a stream, "streams" is none. */
static bool is_action(const char *id, const char *name) {
    size_t length = strlen(name);
    return strncmp(id, name, length) == 0 && (id[length] == '\0' || id[length] == '_');
}

static uint32_t count_edges(const struct reading *r, const char *source, const char *target) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->graph.edge_count; i++)
        n += is_action(r->graph.edges[i].source, source) && is_action(r->graph.edges[i].target, target);
    return n;
}

static bool read_fetch(struct reading *r, const struct graphml_item *edge) {
    struct tgen_actions *out = r->out;
    const struct graphml_item *node = graphml_node(&r->graph, edge->target);
    const char *weight = graphml_attribute(edge, "weight");
    struct tgen_fetch *fetch = &out->fetches[out->fetch_count];
    struct decimal share;
    uint64_t value;
    if (!node)
        return graphml_mistake(&r->graph, edge, "target", r->mistake, "expected a node that is there");
    if (out->fetch_count == TGEN_FETCHES_MAX)
        return graphml_mistake(&r->graph, edge, NULL, r->mistake, "expected fewer streams");
    if (!weight || !decimal_parse(span_of(weight), &share) ||
        !decimal_scale(share, TGEN_SHARE_ONE, 1000000, &value) || value == 0)
        return graphml_mistake(&r->graph, edge, "weight", r->mistake,
                               "expected a weight above 0, at most 1000");
    fetch->share = (uint32_t)value;
    out->fetch_count++;
    return read_bytes(r, node, "sendsize", &fetch->send_bytes) &&
           read_bytes(r, node, "recvsize", &fetch->receive_bytes) &&
           read_time(r, node, "timeout", out->timeout, &fetch->timeout) &&
           (fetch->receive_bytes > 0 ||
            graphml_mistake(&r->graph, node, "recvsize", r->mistake, "expected more than 0"));
}

/* start -> pause; pause -> pause; pause -> one of several streams, by weight. */
static bool read_periodic(struct reading *r) {
    uint32_t streams = count_edges(r, "pause", "stream");
    r->out->kind = TGEN_PERIODIC;
    if (count_edges(r, "start", "pause") != 1 || count_edges(r, "pause", "pause") != 1 || streams == 0 ||
        r->graph.edge_count != streams + 2)
        return graphml_mistake(&r->graph, NULL, NULL, r->mistake,
                               "expected start, then a pause that leads to itself and to streams by weight");
    for (uint32_t i = 0; i < r->graph.edge_count; i++) {
        const struct graphml_item *edge = &r->graph.edges[i];
        if (is_action(edge->target, "stream") && !read_fetch(r, edge))
            return false;
        const struct graphml_item *pause = graphml_node(&r->graph, edge->source);
        if (is_action(edge->source, "pause") && pause && !read_time(r, pause, "time", 0, &r->out->pause))
            return false;
    }
    return r->out->pause > 0 ||
           graphml_mistake(&r->graph, NULL, NULL, r->mistake, "expected a pause with a time above 0");
}

/* start -> traffic, and again when it is over, which it never is. */
static bool read_flows(struct reading *r) {
    const struct graphml_item *traffic = NULL;
    r->out->kind = TGEN_FLOWS;
    for (uint32_t i = 0; i < r->graph.node_count; i++)
        if (is_action(r->graph.nodes[i].id, "traffic"))
            traffic = &r->graph.nodes[i];
    if (!traffic || count_edges(r, "start", "traffic") != 1 ||
        r->graph.edge_count != 1 + count_edges(r, "traffic", "traffic"))
        return graphml_mistake(&r->graph, NULL, NULL, r->mistake,
                               "expected start, then one action of traffic");
    return read_path(r, traffic, "flowmodelpath", r->out->flows) &&
           read_path(r, traffic, "streammodelpath", r->out->streams) &&
           read_path(r, traffic, "packetmodelpath", r->out->packets) &&
           read_time(r, traffic, "stallout", r->out->stallout, &r->out->stallout) &&
           read_time(r, traffic, "timeout", r->out->timeout, &r->out->timeout);
}

static bool read_start(struct reading *r) {
    r->start = graphml_node(&r->graph, "start");
    if (!r->start)
        return graphml_mistake(&r->graph, NULL, NULL, r->mistake, "expected a node start");
    return read_time(r, r->start, "time", 0, &r->out->delay) &&
           read_time(r, r->start, "stallout", 30 * NSEC_PER_S, &r->out->stallout) && /* tgen's default */
           read_time(r, r->start, "timeout", 0, &r->out->timeout);
}

static bool read(struct reading *r) {
    if (!read_start(r))
        return false;
    if (graphml_attribute(r->start, "serverport")) {
        r->out->kind = TGEN_SERVER;
        return r->graph.edge_count == 0 || graphml_mistake(&r->graph, r->start, "serverport", r->mistake,
                                                           "expected a server that does nothing else");
    }
    return count_edges(r, "start", "traffic") ? read_flows(r) : read_periodic(r);
}

bool tgen_actions_parse(const char *file, const char *text, size_t length, struct tgen_actions *out,
                        struct mistake *mistake) {
    struct reading r = {.out = out, .mistake = mistake};
    memset(out, 0, sizeof(*out));
    if (!graphml_parse(file, text, length, &r.graph, mistake))
        return false;
    bool ok = read(&r);
    graphml_fini(&r.graph);
    return ok;
}
