#include "limit/limit_options.h"

#include <stddef.h>
#include <string.h>

#include "load/load_arguments.h"
#include "load/load_options.h"

enum option_kind { OPTION_NUMBER, OPTION_TEXT, OPTION_FLAG };

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    uint32_t least, most;
};

#define AT(field)   offsetof(struct limit_options, field)
#define SECONDS_MAX 600000u

static const struct option options[] = {
    {"links", OPTION_NUMBER, AT(links), 2, LOAD_LINKS_MAX},
    {"circuits", OPTION_NUMBER, AT(circuits), 1, LOAD_CIRCUITS_MAX},
    {"record-cells", OPTION_NUMBER, AT(record_cells), 1, LOAD_RECORD_MAX},
    {"run", OPTION_NUMBER, AT(run), 1, LOAD_RUN_MAX},
    {"verified-links", OPTION_NUMBER, AT(verified_links), 0, LOAD_LINKS_MAX},
    {"warmup-ms", OPTION_NUMBER, AT(warmup_ms), 0, SECONDS_MAX},
    {"window-ms", OPTION_NUMBER, AT(window_ms), 1, SECONDS_MAX},
    {"repeats", OPTION_NUMBER, AT(repeats), 1, LIMIT_REPEATS_MAX},
    {"cipher", OPTION_TEXT, AT(cipher), 0, 0},
    {"backend", OPTION_TEXT, AT(backend), 0, 0},
    {"share-cores", OPTION_FLAG, AT(shares_cores), 0, 0},
    {"own-aead", OPTION_FLAG, AT(own_aead), 0, 0},
    {"list-backends", OPTION_FLAG, AT(wants_list), 0, 0},
    {"help", OPTION_FLAG, AT(wants_help), 0, 0},
};

const char *limit_options_help(void) {
    return "loom-limit - the least that relaying a cell costs on this machine, without any Tor\n"
           "\n"
           "  --links N           connections, half into the relay and half out of it (8)\n"
           "  --circuits N        circuits over them (64)\n"
           "  --record-cells N    cells in a TLS record that comes (31)\n"
           "  --run N             cells of one circuit in a row (4)\n"
           "  --verified-links N  ways in whose cells are compared byte by byte; the others' are counted (1)\n"
           "  --warmup-ms MS      before measuring (1000)\n"
           "  --window-ms MS      of one measurement (1000)\n"
           "  --repeats N         measurements; the median counts (5)\n"
           "  --cipher NAME       TLS 1.3 suite (TLS_AES_256_GCM_SHA384)\n"
           "  --backend NAME      how bytes are moved (epoll); --list-backends names all\n"
           "  --own-aead          the relay's AES-GCM instead of OpenSSL's, where this CPU has what it takes\n"
           "  --share-cores       do not keep the relay and the generator on cores of their own\n";
}

static const struct option *option_named(const char *argument) {
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        if (strcmp(argument + 2, options[i].name) == 0)
            return &options[i];
    return NULL;
}

bool limit_options_parse(int argc, const char *const *argv, struct limit_options *out,
                         struct complaint *complaint) {
    *out = (struct limit_options){.links = 8,
                                  .circuits = 64,
                                  .record_cells = LOAD_RECORD_MAX,
                                  .run = 4,
                                  .verified_links = 1,
                                  .warmup_ms = 1000,
                                  .window_ms = 1000,
                                  .repeats = 5,
                                  .cipher = "TLS_AES_256_GCM_SHA384",
                                  .backend = "epoll"};
    for (int i = 1; i < argc; i++) {
        const struct option *o = option_named(argv[i]);
        if (!o)
            return complain(complaint, "%s: no such option; --help lists them", argv[i]);
        char *place = (char *)out + o->offset;
        if (o->kind == OPTION_FLAG) {
            *(bool *)place = true;
            continue;
        }
        if (++i == argc)
            return complain(complaint, "--%s: a value is missing", o->name);
        if (o->kind == OPTION_TEXT)
            memcpy(place, &argv[i], sizeof argv[i]);
        else if (!load_number_parse(o->name, argv[i], o->least, o->most, (uint32_t *)(void *)place,
                                    complaint))
            return false;
    }
    return load_shape_is_possible(out->links, out->circuits, out->verified_links, complaint);
}
