/* loom stage: from files to a file; network/stage has what happens between. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/file_text.h"
#include "loom/commands.h"
#include "network/stage.h"
#include "wire/text.h"

#define REPLACEMENTS_MAX 64u

static const char usage[] =
    "usage: loom stage --consensus FILE --relays FILE --latency FILE [--replace EU=DE]... --out FILE\n"
    "    --consensus  a network-status consensus, either flavour: flags and weights\n"
    "    --relays     relayinfo_staging_*.json of tornettools: capacities, rates, countries\n"
    "    --latency    the countries that there are: topologies/data/countries.latency\n"
    "    --replace    take relays of one country or region for relays of another\n"
    "    --out        the table of relays; it appears whole or not at all\n"
    "Inputs whose names end in .xz are unpacked.\n";

enum stage_option { CONSENSUS, RELAYS, LATENCY, OUT, FILE_OPTIONS, REPLACE = FILE_OPTIONS, HELP };

struct options {
    const char *files[FILE_OPTIONS];
    struct country_replacement replacements[REPLACEMENTS_MAX];
    uint32_t replacement_count;
    bool wants_help;
};

/* "EU=DE" */
static bool add_replacement(struct options *o, const char *text) {
    struct span from = {(const uint8_t *)text, 2};
    struct country_replacement *r = &o->replacements[o->replacement_count];
    if (o->replacement_count == REPLACEMENTS_MAX || strlen(text) != 5 || text[2] != '=' ||
        !country_parse(from, &r->from) || !country_parse(span_of(text + 3), &r->to)) {
        fprintf(stderr, "loom stage: --replace: expected two country codes as EU=DE, at most %u times\n",
                REPLACEMENTS_MAX);
        return false;
    }
    o->replacement_count++;
    return true;
}

static const struct option long_options[] = {{"consensus", required_argument, NULL, CONSENSUS},
                                             {"relays", required_argument, NULL, RELAYS},
                                             {"latency", required_argument, NULL, LATENCY},
                                             {"out", required_argument, NULL, OUT},
                                             {"replace", required_argument, NULL, REPLACE},
                                             {"help", no_argument, NULL, HELP},
                                             {NULL, 0, NULL, 0}};

static bool read_options(int argc, char *argv[], struct options *o) {
    int which;
    optind = 1;
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (which >= 0 && which < FILE_OPTIONS)
            o->files[which] = optarg;
        else if (which == HELP)
            o->wants_help = true;
        else if (which != REPLACE || !add_replacement(o, optarg))
            return false;
    }
    for (int i = 0; i < FILE_OPTIONS && !o->wants_help; i++)
        if (!o->files[i]) {
            fprintf(stderr, "loom stage: expected --%s FILE\n", long_options[i].name);
            return false;
        }
    return optind == argc;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static struct stage_input input(const char *path, const struct file_text *text) {
    return (struct stage_input){base_name(path), {(const uint8_t *)text->bytes, text->length}};
}

static bool write_table(const struct options *o, const struct file_text texts[static OUT],
                        struct mistake *mistake) {
    const struct stage_inputs inputs = {.consensus = input(o->files[CONSENSUS], &texts[CONSENSUS]),
                                        .staging = input(o->files[RELAYS], &texts[RELAYS]),
                                        .latency = input(o->files[LATENCY], &texts[LATENCY]),
                                        .replacements = o->replacements,
                                        .replacement_count = o->replacement_count};
    char *table = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&table, &length);
    if (!out)
        return mistake_at(mistake, o->files[OUT], 0, NULL, "no memory for it");
    bool ok = stage_write(&inputs, out, mistake);
    if (fclose(out) != 0 && ok)
        ok = mistake_at(mistake, o->files[OUT], 0, NULL, "no memory for it");
    if (ok)
        ok = file_text_save(o->files[OUT], table, length, mistake);
    free(table);
    return ok;
}

static bool stage(const struct options *o, struct mistake *mistake) {
    static const size_t bytes_max[OUT] = {CONSENSUS_BYTES_MAX, STAGING_BYTES_MAX, 16u << 20};
    struct file_text texts[OUT] = {{NULL, 0}};
    bool ok = true;
    for (int i = 0; i < OUT && ok; i++)
        ok = file_text_read(o->files[i], bytes_max[i], &texts[i], mistake);
    ok = ok && write_table(o, texts, mistake);
    for (int i = 0; i < OUT; i++)
        file_text_fini(&texts[i]);
    return ok;
}

int stage_command(int argc, char *argv[]) {
    struct options options = {.wants_help = false};
    struct mistake mistake = {""};
    if (!read_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return COMMAND_USAGE;
    }
    if (options.wants_help) {
        fputs(usage, stdout);
        return COMMAND_OK;
    }
    if (stage(&options, &mistake))
        return COMMAND_OK;
    fprintf(stderr, "%s\n", mistake.text);
    return COMMAND_FAILED;
}
