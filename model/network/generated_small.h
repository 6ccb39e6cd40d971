/* generated_small - a network of the shape that tornettools generates, small enough to be written down in a test. */
#ifndef LOOM_NETWORK_GENERATED_SMALL_H
#define LOOM_NETWORK_GENERATED_SMALL_H

#include <stdlib.h>

#include "network/text_archive.h"
#include "support/test.h"

#define SMALL_HOST(name, place, rate)                                                                \
    "  " name ":\n    options: {country_code_hint: " place "}\n    bandwidth_up: " rate " kilobit\n" \
    "    bandwidth_down: " rate " kilobit\n    processes:\n"
#define SMALL_TOR        "    - {path: ~/.local/bin/tor, args: -f torrc, start_time: 2}\n"
#define SMALL_TGEN(file) "    - {path: ~/.local/bin/tgen, args: " file ", start_time: 300}\n"
#define SMALL_GRAPH(keys, body) \
    "<graphml>" keys "<graph edgedefault=\"directed\">\n" body "</graph></graphml>\n"
#define SMALL_KEY(id)              "<key id=\"" id "\" attr.name=\"" id "\"/>"
#define SMALL_DATA(key, value)     "<data key=\"" key "\">" value "</data>"
#define SMALL_NODE(id, data)       "<node id=\"" id "\">" data "</node>\n"
#define SMALL_EDGE(from, to, data) "<edge source=\"" from "\" target=\"" to "\">" data "</edge>\n"

static const char small_config[] =
    "general: {bootstrap_end_time: 300, stop_time: 3600}\n"
    "hosts:\n" SMALL_HOST("4uthority1", "NL", "1000000") SMALL_TOR SMALL_HOST(
        "relay1exitguard", "DE", "80000") SMALL_TOR SMALL_HOST("relay2exit", "FR", "40000")
        SMALL_TOR SMALL_HOST("relay3guard", "US", "40000") SMALL_TOR SMALL_HOST("relay4middle", "DE", "8000")
            SMALL_TOR SMALL_HOST("relay5middle", "DE", "16000")
                SMALL_TOR SMALL_HOST("relay6guard", "DE", "16000")
                    SMALL_TOR SMALL_HOST("server1", "US", "100000000")
                        SMALL_TGEN("../../../conf/server.graphml") SMALL_HOST("perfclient1", "DE", "1000000")
                            SMALL_TOR SMALL_TGEN("../../../conf/perf.graphml")
                                SMALL_HOST("perfclient2", "FR", "1000000")
                                    SMALL_TOR SMALL_TGEN("../../../conf/perf.graphml")
                                        SMALL_HOST("markovclient1", "US", "1000000")
                                            SMALL_TOR SMALL_TGEN("tgenrc.graphml")
                                                SMALL_HOST("markovclient2", "FR", "1000000")
                                                    SMALL_TOR SMALL_TGEN("tgenrc.graphml");

static const char small_weights[] =
    "946684801\nnode_id=$AA\tbw=1\tnick=4uthority1\nnode_id=$BB\tbw=800\tnick=relay1exitguard\n"
    "node_id=$CC\tbw=900\tnick=relay2exit\nnode_id=$DD\tbw=300\tnick=relay3guard\nnode_id=$EE\tbw=30\tnick=relay4middle\n"
    "node_id=$FF\tbw=60\tnick=relay5middle\nnode_id=$AB\tbw=50\tnick=relay6guard\n";

static const char small_server[] =
    SMALL_GRAPH(SMALL_KEY("serverport"), SMALL_NODE("start", SMALL_DATA("serverport", "80")));

static const char small_perf[] = SMALL_GRAPH(
    SMALL_KEY("time") SMALL_KEY("sendsize") SMALL_KEY("recvsize") SMALL_KEY("timeout") SMALL_KEY("weight"),
    SMALL_NODE("start", "") SMALL_NODE("pause", SMALL_DATA("time", "10 seconds"))
        SMALL_NODE("stream_50k", SMALL_DATA("sendsize", "1000 bytes") SMALL_DATA("recvsize", "50 KiB")
                                     SMALL_DATA("timeout", "15 seconds"))
            SMALL_NODE("stream_1m", SMALL_DATA("sendsize", "1000 bytes") SMALL_DATA("recvsize", "1 MiB")
                                        SMALL_DATA("timeout", "60 seconds")) SMALL_EDGE("start", "pause", "")
                SMALL_EDGE("pause", "pause", "")
                    SMALL_EDGE("pause", "stream_50k", SMALL_DATA("weight", "12.0"))
                        SMALL_EDGE("pause", "stream_1m", SMALL_DATA("weight", "2.0")));

#define SMALL_MARKOV(delay)                                                                             \
    SMALL_GRAPH(SMALL_KEY("time") SMALL_KEY("stallout") SMALL_KEY("timeout") SMALL_KEY("flowmodelpath") \
                    SMALL_KEY("streammodelpath") SMALL_KEY("packetmodelpath"),                          \
                SMALL_NODE("start", SMALL_DATA("time", delay) SMALL_DATA("stallout", "5 minutes")       \
                                        SMALL_DATA("timeout", "10 minutes"))                            \
                    SMALL_NODE("traffic",                                                               \
                               SMALL_DATA("flowmodelpath", "../../../conf/flow.graphml")                \
                                   SMALL_DATA("streammodelpath", "../../../conf/stream.graphml")        \
                                       SMALL_DATA("packetmodelpath", "../../../conf/packet.graphml"))   \
                        SMALL_EDGE("start", "traffic", "") SMALL_EDGE("traffic", "traffic", ""))

#define SMALL_MODEL_KEYS      \
    SMALL_KEY("type")         \
    SMALL_KEY("name")         \
    SMALL_KEY("weight")       \
    SMALL_KEY("distribution") \
    SMALL_KEY("param_rate")   \
    SMALL_KEY("param_location") SMALL_KEY("param_scale") SMALL_KEY("param_low") SMALL_KEY("param_high")
#define SMALL_STATE(id, name) SMALL_NODE(id, SMALL_DATA("type", "state") SMALL_DATA("name", name))
#define SMALL_SEEN(id, name)  SMALL_NODE(id, SMALL_DATA("type", "observation") SMALL_DATA("name", name))
#define SMALL_NEXT(from, to, share) \
    SMALL_EDGE(from, to, SMALL_DATA("type", "transition") SMALL_DATA("weight", share))
#define SMALL_EMIT(from, to, share, delay) \
    SMALL_EDGE(from, to, SMALL_DATA("type", "emission") SMALL_DATA("weight", share) delay)
#define SMALL_RATE(rate) SMALL_DATA("distribution", "exponential") SMALL_DATA("param_rate", rate)
#define SMALL_AT_ONCE \
    SMALL_DATA("distribution", "uniform") SMALL_DATA("param_low", "0.0") SMALL_DATA("param_high", "0.0")

/* A flow every two seconds, for ever. */
static const char small_flow[] = SMALL_GRAPH(
    SMALL_MODEL_KEYS, SMALL_STATE("s0", "start") SMALL_STATE("s1", "generate") SMALL_SEEN("o1", "+")
                          SMALL_NEXT("s0", "s1", "1.0") SMALL_NEXT("s1", "s1", "1.0")
                              SMALL_EMIT("s1", "o1", "1.0", SMALL_RATE("5e-07")));
/* Two streams on average, half a second apart. */
static const char small_stream[] = SMALL_GRAPH(
    SMALL_MODEL_KEYS,
    SMALL_STATE("s0", "start") SMALL_STATE("s1", "Active") SMALL_STATE("s2", "End") SMALL_SEEN("o0", "+")
        SMALL_SEEN("o1", "F") SMALL_NEXT("s0", "s1", "1.0") SMALL_NEXT("s1", "s1", "0.5")
            SMALL_NEXT("s1", "s2", "0.5") SMALL_EMIT("s1", "o0", "1.0", SMALL_RATE("2e-06"))
                SMALL_EMIT("s2", "o1", "1.0", SMALL_AT_ONCE));
/* Twenty packets on average, of six five come from the server, with e^7 us between them or so. */
static const char small_packet[] = SMALL_GRAPH(
    SMALL_MODEL_KEYS,
    SMALL_STATE("s0", "start") SMALL_STATE("s1", "m0s0") SMALL_STATE("s2", "m0sEnd") SMALL_SEEN("o0", "+")
        SMALL_SEEN("o1", "-") SMALL_SEEN("o2", "F") SMALL_NEXT("s0", "s1", "1.0")
            SMALL_NEXT("s1", "s1", "0.95") SMALL_NEXT("s1", "s2", "0.05")
                SMALL_EMIT("s1", "o0", "1.0",
                           SMALL_DATA("distribution", "lognormal") SMALL_DATA("param_location", "7.0")
                               SMALL_DATA("param_scale", "1.0"))
                    SMALL_EMIT("s1", "o1", "5.0",
                               SMALL_DATA("distribution", "lognormal") SMALL_DATA("param_location", "7.0")
                                   SMALL_DATA("param_scale", "1.0"))
                        SMALL_EMIT("s2", "o2", "1.0", SMALL_AT_ONCE));

#define SMALL_HOSTS "net/shadow.data.template/hosts/"

/* By path, ascending. */
static const struct {
    const char *path, *text;
} small_files[] = {
    {"net/conf/client.torrc", "UseEntryGuards 0\n"},
    {"net/conf/flow.graphml", small_flow},
    {"net/conf/packet.graphml", small_packet},
    {"net/conf/perf.graphml", small_perf},
    {"net/conf/server.graphml", small_server},
    {"net/conf/stream.graphml", small_stream},
    {"net/shadow.config.yaml", small_config},
    {SMALL_HOSTS "bwauthority/v3bw.init.consensus", small_weights},
    {SMALL_HOSTS "markovclient1/tgenrc.graphml", SMALL_MARKOV("3")},
    {SMALL_HOSTS "markovclient1/torrc-defaults", "%include ../../../conf/client.torrc\n"},
    {SMALL_HOSTS "markovclient2/tgenrc.graphml", SMALL_MARKOV("0")},
    {SMALL_HOSTS "markovclient2/torrc-defaults", "%include ../../../conf/client.torrc\n"},
    {SMALL_HOSTS "perfclient1/torrc-defaults",
     "%include ../../../conf/client.torrc\nMaxCircuitDirtiness 10 seconds\n"},
    {SMALL_HOSTS "perfclient2/torrc-defaults",
     "%include ../../../conf/client.torrc\nMaxCircuitDirtiness 10 seconds\n"},
    {SMALL_HOSTS "relay2exit/torrc", "BandwidthRate 1024000\nBandwidthBurst 2048000\n"},
};
#define SMALL_FILES (sizeof(small_files) / sizeof(small_files[0]))

/* The archive of these files; the one called `path` has another text, or is left out when that is NULL. */
static inline struct text_archive small_archive_but(const char *path, const char *text) {
    struct text_archive archive = {calloc(SMALL_FILES, sizeof(struct text_file)), 0};
    assert_non_null(archive.files);
    for (size_t i = 0; i < SMALL_FILES; i++) {
        bool is_changed = path && strcmp(small_files[i].path, path) == 0;
        const char *bytes = is_changed ? text : small_files[i].text;
        if (bytes)
            archive.files[archive.count++] =
                (struct text_file){strdup(small_files[i].path), strdup(bytes), strlen(bytes)};
    }
    return archive;
}

static inline struct text_archive small_archive(void) {
    return small_archive_but(NULL, NULL);
}

#endif
