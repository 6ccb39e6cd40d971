#include "network/stage.h"

#include <string.h>

#include "files/file_memory.h"
#include "wire/text.h"

/* What is read, and what comes of it. */
struct staged {
    const struct stage_inputs *inputs;
    struct mistake *mistake;
    struct consensus consensus;
    struct staging staging;
    struct country_latency latency;
    struct relay_table table;
    uint32_t missing; /* relays of the consensus that run but were not staged */
};

static const char *expected_of_consensus(enum err e) {
    if (e == ERR_TRUNCATED)
        return "expected a whole consensus: it ends without times or a directory-signature";
    if (e == ERR_UNSUPPORTED)
        return "expected network-status-version 3, flavour ns or microdesc, and vote-status consensus";
    return e == ERR_LIMIT ? "expected a consensus within limits of size, relays and parameters"
                          : "expected a line of a consensus (dir-spec 3.4.1)";
}

static bool read_consensus(struct staged *s) {
    const struct stage_input *in = &s->inputs->consensus;
    uint32_t line;
    enum err e = consensus_parse_at(in->text, &file_memory, &s->consensus, &line);
    return e == ERR_OK ? true : mistake_at(s->mistake, in->file, line, NULL, "%s", expected_of_consensus(e));
}

static bool read_inputs(struct staged *s) {
    const struct stage_inputs *in = s->inputs;
    return read_consensus(s) &&
           staging_parse(in->staging.file, (const char *)in->staging.text.data, in->staging.text.length,
                         &s->staging, s->mistake) &&
           country_latency_parse(in->latency.file, in->latency.text, &s->latency, s->mistake);
}

static struct country replaced(const struct stage_inputs *in, struct country country) {
    for (uint32_t i = 0; i < in->replacement_count; i++)
        if (strcmp(in->replacements[i].from.code, country.code) == 0)
            return in->replacements[i].to;
    return country;
}

static bool unknown_country(const struct staged *s, const uint8_t rsa_id[static 20], struct country country) {
    const struct stage_input *in = &s->inputs->staging;
    char fingerprint[41], key[80];
    text_hex_encode(rsa_id, 20, fingerprint);
    snprintf(key, sizeof(key), "relays.%s.country_code", fingerprint);
    return mistake_at(s->mistake, in->file,
                      staging_line_of((const char *)in->text.data, in->text.length, fingerprint), key,
                      "expected a country of %s, found \"%s\" (--replace %s=.. takes another)",
                      s->inputs->latency.file, country.code, country.code);
}

static bool is_usable(const struct consensus_relay *relay) {
    return relay->flags & RELAY_RUNNING && relay->flags & RELAY_VALID;
}

static bool add_relay(struct staged *s, const struct consensus_relay *relay) {
    const struct staged_relay *found = staging_find(&s->staging, relay->rsa_id);
    if (!found) {
        s->missing++;
        return true;
    }
    struct country country = replaced(s->inputs, found->country);
    if (country_latency_find(&s->latency, country) == COUNTRY_NONE)
        return unknown_country(s, relay->rsa_id, country);
    s->table.rows[s->table.count++] = (struct relay_row){
        .weight = relay->bandwidth,
        .capacity = found->capacity,
        .rate = found->rate,
        .burst = found->burst,
        .country = country,
        .flags = relay->flags & RELAY_TABLE_FLAGS,
    };
    return true;
}

static bool fill_table(struct staged *s) {
    if (!relay_table_init(&s->table, s->consensus.relay_count))
        return mistake_at(s->mistake, s->inputs->consensus.file, 0, NULL, "no memory for its relays");
    s->table.count = 0;
    for (uint32_t i = 0; i < s->consensus.relay_count; i++)
        if (is_usable(&s->consensus.relays[i]) && !add_relay(s, &s->consensus.relays[i]))
            return false;
    relay_table_sort(&s->table);
    return s->table.count > 0
               ? true
               : mistake_at(s->mistake, s->inputs->staging.file, 0, "relays",
                            "expected relays of the consensus %s, found none", s->inputs->consensus.file);
}

static void put_head(const struct staged *s, FILE *out) {
    const struct stage_inputs *in = s->inputs;
    char time[32];
    struct bytes_out text = bytes_out(time, sizeof(time) - 1);
    text_put_time(&text, s->consensus.valid_after_s);
    time[bytes_written(&text)] = '\0';
    fprintf(out,
            "# Relays of the Tor network at %s, without names and addresses: derived by loom stage from\n",
            time);
    fprintf(out, "# %s (weight, flags) and %s (the others).\n", in->consensus.file, in->staging.file);
    fprintf(out, "# %u relays, Running and Valid; %u more of the consensus were not staged.", s->table.count,
            s->missing);
    for (uint32_t i = 0; i < in->replacement_count; i++)
        fprintf(out, "%s %s is taken for %s", i ? "," : " Countries:", in->replacements[i].to.code,
                in->replacements[i].from.code);
    fprintf(out, "%s\n", in->replacement_count ? "." : "");
    fprintf(
        out,
        "# capacity: most seen, bytes/s, with the limit of the relay's CPU in it; rate, bytes/s, and burst: its own\n"
        "# limits. A Authority B BadExit D V2Dir E Exit F Fast G Guard H HSDir M MiddleOnly S Stable\n");
}

bool stage_write(const struct stage_inputs *inputs, FILE *out, struct mistake *mistake) {
    struct staged s = {.inputs = inputs, .mistake = mistake};
    bool ok = read_inputs(&s) && fill_table(&s);
    if (ok) {
        put_head(&s, out);
        relay_table_write(&s.table, out);
    }
    relay_table_fini(&s.table);
    country_latency_fini(&s.latency);
    staging_fini(&s.staging);
    consensus_fini(&s.consensus);
    return ok;
}
