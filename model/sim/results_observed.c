/* What an adversary saw, as files; and, apart, what is true. Names are a letter and a number. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "sim/results.h"

#define FOLDER              "observed"
#define OBSERVATIONS_FORMAT 1

/* One circuit, as a server knows it: by what came from it. */
struct identity {
    uint64_t circuit;
    uint32_t server;
    const struct sim_transfer *transfer; /* one of it */
};

struct observed {
    struct results_folder *folder;
    const struct results_source *source;
    struct mistake *mistake;
    FILE *truth;
    uint64_t *circuits_before; /* number of the first transfer of each client, in those of all */
    struct identity *identities;
    uint32_t identity_count, identity_room;
    uint32_t flows;
    json_t *hashes; /* of files, by name */
};

static const struct plan *plan_of(const struct observed *o) {
    return o->source->plan;
}

static nsec bin_of(const struct observed *o) {
    return plan_of(o)->config.observe_bin;
}

static uint64_t bins_in(const struct observed *o) {
    return plan_of(o)->config.end / bin_of(o);
}

static FILE *begin(struct observed *o, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), FOLDER "/%s", name);
    return results_folder_begin(o->folder, path, o->mistake);
}

static bool end(struct observed *o, FILE *file, const char *name) {
    return results_folder_end(o->folder, file, true, o->mistake) &&
           (json_object_set_new(o->hashes, name, json_string(o->folder->digits)) == 0 ||
            mistake_at(o->mistake, name, 0, NULL, "no memory for it"));
}

/* --- what is true ------------------------------------------------------------------------------------------------------ */

/* The fetch that a server has seen, and the number of its circuit: sessions fetch one file after the other. */
static const struct sim_transfer *transfer_of(const struct observed *o, const struct sim_sight *sight,
                                              uint64_t *circuit_out) {
    const struct sim_client_measure *client = &o->source->clients[sight->client];
    uint64_t i = client->transfer_count, found = UINT64_MAX;
    while (i-- > 0) {
        const struct sim_transfer *t = &client->transfers[i];
        if (t->session != sight->session || t->asked == NSEC_NEVER || t->asked > sight->came)
            continue;
        found = found == UINT64_MAX ? i : found;
        if (!t->is_new_circuit)
            continue;
        *circuit_out = o->circuits_before[sight->client] + i;
        return &client->transfers[found];
    }
    CHECK(!"nobody has asked for it");
    return NULL;
}

static void put_truth(const struct observed *o, const char *series, const struct sim_transfer *t,
                      uint64_t circuit) {
    fprintf(o->truth, "%s,c%" PRIu64 ",u%" PRIu32 ",r%" PRIu32 ",r%" PRIu32 ",r%" PRIu32 "\n", series,
            circuit, t->client, t->relays[0] + 1, t->relays[1] + 1, t->relays[2] + 1);
}

/* --- bytes in bins ------------------------------------------------------------------------------------------------------- */

static void put_u32(FILE *file, uint32_t value) {
    const unsigned char bytes[4] = {(unsigned char)value, (unsigned char)(value >> 8),
                                    (unsigned char)(value >> 16), (unsigned char)(value >> 24)};
    fwrite(bytes, 1, sizeof(bytes), file);
}

/* The bins of a flow after the warm-up. */
static void put_flow(struct observed *o, FILE *table, FILE *data, const struct sim_sight *sight) {
    uint64_t from = plan_of(o)->config.measure_from / bin_of(o), circuit;
    uint64_t first = sight->first_bin > from ? sight->first_bin : from;
    uint64_t last = sight->first_bin + sight->bins < bins_in(o) ? sight->first_bin + sight->bins : bins_in(o);
    char name[16];
    if (first >= last)
        return;
    snprintf(name, sizeof(name), "f%" PRIu32, o->flows++);
    fprintf(table, "%s,flow,r%" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n", name, sight->relay + 1, first,
            last - first);
    for (uint64_t bin = first; bin < last; bin++)
        put_u32(data, sight->bytes[bin - sight->first_bin]);
    const struct sim_transfer *transfer = transfer_of(o, sight, &circuit);
    put_truth(o, name, transfer, circuit);
}

/* What came of all probes through relay, bin by bin. Whether there were any. */
static bool add_probes(const struct observed *o, uint32_t relay, uint64_t *sums) {
    bool any = false;
    for (uint32_t c = 0; c < plan_of(o)->config.client_count; c++) {
        const struct sim_sights *seen = &o->source->probes[c];
        for (uint32_t i = 0; i < seen->count; i++) {
            const struct sim_sight *sight = &seen->sights[i];
            any |= sight->relay == relay;
            for (uint32_t bin = 0; sight->relay == relay && bin < sight->bins; bin++)
                if (sight->first_bin + bin < bins_in(o))
                    sums[sight->first_bin + bin] += sight->bytes[bin];
        }
    }
    return any;
}

static bool put_probe(struct observed *o, FILE *table, FILE *data, uint32_t relay) {
    uint64_t from = plan_of(o)->config.measure_from / bin_of(o);
    uint64_t *sums = calloc(bins_in(o) + 1, sizeof(*sums));
    if (!sums)
        return mistake_at(o->mistake, FOLDER, 0, NULL, "no memory for it");
    if (add_probes(o, relay, sums) && from < bins_in(o)) {
        fprintf(table, "p%" PRIu32 ",probe,r%" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n", relay + 1, relay + 1,
                from, bins_in(o) - from);
        for (uint64_t bin = from; bin < bins_in(o); bin++) {
            CHECK(sums[bin] <= UINT32_MAX);
            put_u32(data, (uint32_t)sums[bin]);
        }
    }
    free(sums);
    return true;
}

/* Two files at once are not for results_folder: the bytes wait in memory. */
static bool write_series(struct observed *o) {
    const struct sim_config *config = &plan_of(o)->config;
    char *bytes = NULL;
    size_t length = 0;
    FILE *table = begin(o, "series.csv"), *data = open_memstream(&bytes, &length);
    bool ok = table && data;
    if (ok)
        fputs("series,kind,relay,first_bin,bins\n", table);
    for (uint32_t s = 0; ok && s < config->server_count; s++)
        for (uint32_t i = 0; i < o->source->servers[s].count; i++)
            if (o->source->servers[s].sights[i].has_bins)
                put_flow(o, table, data, &o->source->servers[s].sights[i]);
    for (uint32_t relay = 0; ok && relay < config->relay_count; relay++)
        ok = put_probe(o, table, data, relay);
    if (data)
        fclose(data);
    ok = table && end(o, table, "series.csv") && ok;
    FILE *file = ok ? begin(o, "series.u32") : NULL;
    if (file)
        fwrite(bytes, 1, length, file);
    ok = file && end(o, file, "series.u32");
    free(bytes);
    return ok;
}

/* --- round trips --------------------------------------------------------------------------------------------------------- */

/* Number of the circuit among those that server knows; UINT32_MAX without memory. */
static uint32_t identity_of(struct observed *o, uint32_t server, uint64_t circuit,
                            const struct sim_transfer *t) {
    for (uint32_t i = o->identity_count; i-- > 0 && o->identities[i].server == server;)
        if (o->identities[i].circuit == circuit)
            return i;
    if (o->identity_count == o->identity_room) {
        uint32_t room = o->identity_room ? 2 * o->identity_room : 64;
        struct identity *more = realloc(o->identities, room * sizeof(*more));
        if (!more)
            return UINT32_MAX;
        o->identities = more;
        o->identity_room = room;
    }
    o->identities[o->identity_count] = (struct identity){circuit, server, t};
    return o->identity_count++;
}

static bool put_trip(struct observed *o, FILE *file, uint32_t server, const struct sim_sight *sight) {
    uint64_t circuit;
    if (sight->asked < plan_of(o)->config.measure_from || sight->asked <= sight->came)
        return true;
    const struct sim_transfer *transfer = transfer_of(o, sight, &circuit);
    uint32_t identity = identity_of(o, server, circuit, transfer);
    if (identity == UINT32_MAX)
        return false;
    fprintf(file, "victim,v%" PRIu32 ",s%" PRIu32 ",r%" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n", identity, server,
            sight->relay + 1, sight->asked, sight->asked - sight->came);
    if (sight->exit_trip > 0)
        fprintf(file, "direct,r%" PRIu32 ",s%" PRIu32 ",r%" PRIu32 ",%" PRIu64 ",%" PRIu64 "\n",
                sight->relay + 1, server, sight->relay + 1, sight->asked, sight->exit_trip);
    return true;
}

static bool write_trips(struct observed *o) {
    FILE *file = begin(o, "rtt.csv");
    bool ok = file != NULL;
    if (file)
        fputs("kind,from,to,relay,at_ns,rtt_ns\n", file);
    for (uint32_t s = 0; ok && s < plan_of(o)->config.server_count; s++)
        for (uint32_t i = 0; ok && i < o->source->servers[s].count; i++)
            ok = put_trip(o, file, s, &o->source->servers[s].sights[i]);
    for (uint32_t i = 0; i < o->identity_count; i++) {
        char name[16];
        snprintf(name, sizeof(name), "v%" PRIu32, i);
        put_truth(o, name, o->identities[i].transfer, o->identities[i].circuit);
    }
    return file && end(o, file, "rtt.csv") &&
           (ok || mistake_at(o->mistake, FOLDER, 0, NULL, "no memory for it"));
}

/* --- the rest ------------------------------------------------------------------------------------------------------------ */

static bool write_relays(struct observed *o) {
    FILE *file = begin(o, "relays.csv");
    if (!file)
        return false;
    fputs("relay,weight,guard,exit\n", file);
    for (uint32_t i = 0; i < plan_of(o)->config.relay_count; i++) {
        const struct sim_relay_config *relay = &plan_of(o)->config.relays[i];
        if (relay->weight == 0)
            continue; /* no path has it */
        fprintf(file, "r%" PRIu32 ",%" PRIu64 ",%d,%d\n", i + 1, relay->weight,
                (relay->flags & SIM_GUARD) != 0, (relay->flags & SIM_EXIT) != 0);
    }
    return end(o, file, "relays.csv");
}

/* SHA-256 of the scenario with all defaults. */
static bool hash_config(const struct observed *o, char out[static RESULTS_HASH_TEXT]) {
    json_t *json = record_json(&scenario_record, &plan_of(o)->inputs->scenario);
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    bool ok = text && results_hash(text, strlen(text), out);
    free(text);
    json_decref(json);
    return ok;
}

/* Relays are in 10.0.0.0/8, clients in 11.0.0.0/8 (sim_identity.h); there are no authorities, and nothing of tor's network. */
static bool write_manifest(struct observed *o) {
    char digits[RESULTS_HASH_TEXT];
    json_t *json =
        !hash_config(o, digits)
            ? NULL
            : json_pack("{s:i, s:s, s:s, s:i, s:I, s:s, s:I, s:I, s:[], s:[s, s], s:O}", "format",
                        OBSERVATIONS_FORMAT, "kind", "loom observations", "engine", "sim",
                        "testing_tor_network", 1, "seed", (json_int_t)plan_of(o)->seed, "config_sha256",
                        digits, "bin_ns", (json_int_t)bin_of(o), "end_ns", (json_int_t)plan_of(o)->config.end,
                        "authorities", "addresses", "10.0.0.0/8", "11.0.0.0/8", "files", o->hashes);
    return results_folder_put_json(o->folder, FOLDER "/manifest.json", json, true, o->mistake);
}

static bool write_truth(struct observed *o, const char *text, size_t length) {
    FILE *file = results_folder_begin(o->folder, "truth.csv", o->mistake);
    if (file)
        fwrite(text, 1, length, file);
    return file && results_folder_end(o->folder, file, true, o->mistake);
}

static bool write_all(struct observed *o) {
    char *text = NULL;
    size_t length = 0;
    o->truth = open_memstream(&text, &length);
    bool ok = o->truth && o->hashes && o->circuits_before;
    if (!ok)
        mistake_at(o->mistake, FOLDER, 0, NULL, "no memory for it");
    for (uint32_t c = 0; ok && c < plan_of(o)->config.client_count; c++)
        o->circuits_before[c + 1] = o->circuits_before[c] + o->source->clients[c].transfer_count;
    if (ok)
        fputs("series,circuit,client,guard,middle,exit\n", o->truth);
    ok = ok && results_folder_add(o->folder, FOLDER, o->mistake) && write_relays(o) && write_series(o) &&
         write_trips(o) && write_manifest(o);
    if (o->truth)
        fclose(o->truth);
    ok = ok && write_truth(o, text, length);
    free(text);
    return ok;
}

bool results_write_observed(struct results_folder *folder, const struct results_source *source,
                            struct mistake *mistake) {
    struct observed o = {.folder = folder, .source = source, .mistake = mistake};
    if (source->plan->config.observe_bin == 0 || !source->servers)
        return true;
    o.hashes = json_object();
    o.circuits_before = calloc((size_t)source->plan->config.client_count + 1, sizeof(*o.circuits_before));
    bool ok = write_all(&o);
    json_decref(o.hashes);
    free(o.circuits_before);
    free(o.identities);
    return ok;
}
