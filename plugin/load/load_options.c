#include "load/load_options.h"

#include <assert.h>
#include <stddef.h>

#include "load/load_arguments.h"

#define AT(field) offsetof(struct load_options, field)

/* enum load_mode */
static const char *const handshakes[] = {"ntor", "ntor-v3", NULL};

/* enum load_role */
static const char *const roles[] = {"middle", "exit", NULL};

static const struct load_argument options[] = {
    {"relay", LOAD_ARGUMENT_ENDPOINT, AT(relay), 0, 0, true, NULL},
    {"rsa-id", LOAD_ARGUMENT_HEX, AT(rsa_id), 20, 20, true, NULL},
    {"ed-id", LOAD_ARGUMENT_HEX, AT(ed_id), 32, 32, true, NULL},
    {"onion-key", LOAD_ARGUMENT_HEX, AT(onion_key), 32, 32, true, NULL},
    {"role", LOAD_ARGUMENT_CHOICE, AT(role), 0, 0, false, roles},
    {"links", LOAD_ARGUMENT_NUMBER, AT(links), 1, LOAD_LINKS_MAX, false, NULL},
    {"circuits", LOAD_ARGUMENT_NUMBER, AT(circuits), 1, LOAD_CIRCUITS_MAX, false, NULL},
    {"record-cells", LOAD_ARGUMENT_NUMBER, AT(record_cells), 1, LOAD_RECORD_MAX, false, NULL},
    {"run", LOAD_ARGUMENT_NUMBER, AT(run), 1, LOAD_RUN_MAX, false, NULL},
    {"verified-links", LOAD_ARGUMENT_NUMBER, AT(verified_links), 0, LOAD_LINKS_MAX, false, NULL},
    {"loaded-every", LOAD_ARGUMENT_NUMBER, AT(loaded_every), 1, LOAD_LINKS_MAX, false, NULL},
    {"warmup", LOAD_ARGUMENT_NUMBER, AT(warmup_s), 0, LOAD_SECONDS_MAX, false, NULL},
    {"seconds", LOAD_ARGUMENT_NUMBER, AT(seconds), 1, LOAD_SECONDS_MAX, false, NULL},
    {"idle", LOAD_ARGUMENT_NUMBER, AT(steps), 1, LOAD_STEPS_MAX, false, NULL},
    {"handshakes", LOAD_ARGUMENT_CHOICE, AT(mode), 0, 0, false, handshakes},
    {"proven-every", LOAD_ARGUMENT_NUMBER, AT(proven_every), 1, 1000000, false, NULL},
    {"steady", LOAD_ARGUMENT_NUMBER, AT(steady), 0, 1000000, false, NULL},
    {"rate", LOAD_ARGUMENT_NUMBER, AT(rate), 0, LOAD_RATE_MAX, false, NULL},
    {"share", LOAD_ARGUMENT_NUMBER, AT(share), 1, LOAD_SHARE_MAX, false, NULL},
    {"echoes", LOAD_ARGUMENT_NUMBER, AT(echoes), 0, 1000000, false, NULL},
    {"cipher", LOAD_ARGUMENT_TEXT, AT(cipher), 1, LOAD_CIPHER_MAX - 1, false, NULL},
    {"keys", LOAD_ARGUMENT_TEXT, AT(keys), 1, LOAD_FOLDER_MAX - 1, false, NULL},
    {"pid", LOAD_ARGUMENT_NUMBER, AT(pid), 0, INT32_MAX, false, NULL},
};
#define OPTION_COUNT ((uint32_t)(sizeof options / sizeof options[0]))
static_assert(OPTION_COUNT <= LOAD_ARGUMENTS_MAX, "a bit each");

const char *load_options_help(void) {
    return "loom-load - saturate a relay from both sides of it\n"
           "\n"
           "  --relay ADDRESS:PORT --rsa-id HEX --ed-id HEX --onion-key HEX   the relay\n"
           "  --role ROLE         of the relay: middle, or exit: then all links lead in, and each circuit has a\n"
           "                      stream, of which every second one brings data down and the others up (middle)\n"
           "  --links N           connections, half into the relay and half out of it (8)\n"
           "  --circuits N        circuits over them (64)\n"
           "  --record-cells N    cells in a TLS record: 31 as Loom writes them, 8 as tor does (31)\n"
           "  --run N             cells of one circuit in a row (4)\n"
           "  --verified-links N  ways in whose cells are compared byte by byte; the others' are counted (1)\n"
           "  --loaded-every N    of N ways in one is loaded, with a way out of its own; the others idle (1: all)\n"
           "  --warmup S          seconds before measuring (2)\n"
           "  --seconds S         seconds of measuring (5)\n"
           "  --echoes N          no load: send one cell there and back, N times\n"
           "  --steady N          no more than N cells a second each way, all verified; a line each tenth of a second\n"
           "                      says what arrived, and what is lost ends nothing\n"
           "  --rate N            offer so many cells a second, both ways together, in runs at random times, and say\n"
           "                      how long those of the verified ways were under way\n"
           "  --share PERCENT     the same at so much of what goes as fast as it can, found out just before and told,\n"
           "                      with what went just after\n"
           "  --handshakes KIND   no cells: circuit handshakes, ntor or ntor-v3; all links lead into the relay,\n"
           "                      and --circuits is how many wait for their answer at once\n"
           "  --idle STEPS        no cells: links and circuits in so many steps each, then one cell each way on every\n"
           "                      circuit, then no circuits; a line is written after each, and awaited before the next\n"
           "  --proven-every N    of so many answers to a handshake, prove one (100)\n"
           "  --cipher NAME       the one TLS 1.3 suite that is offered (those that tor offers)\n"
           "  --keys DIR          where the keys of the relays behind are, or are to be made: the next one that is told\n"
           "                      of it starts sooner (none: keys of a moment)\n"
           "  --pid PID           of the relay: measure its CPU time\n";
}

uint32_t load_options_ways(const struct load_options *out) {
    return out->role == LOAD_EXIT ? out->links : out->links / 2;
}

/* What no option can say alone. */

static bool check_handshakes(const struct load_options *out, struct complaint *complaint) {
    if (out->echoes > 0)
        return complain(complaint, "--echoes %u: there are none with --handshakes", out->echoes);
    if (out->circuits < out->links)
        return complain(complaint, "--circuits %u: expected at least one for each of %u links", out->circuits,
                        out->links);
    return true;
}

bool load_shape_is_possible(uint32_t links, uint32_t circuits, uint32_t verified_links,
                            struct complaint *complaint) {
    if (links % 2 != 0 || links == 0)
        return complain(complaint, "--links %u: expected an even number, half lead in and half out", links);
    if (circuits < links / 2)
        return complain(complaint, "--circuits %u: expected at least one for each of %u ways in", circuits,
                        links / 2);
    if (verified_links > links / 2)
        return complain(complaint, "--verified-links %u: expected at most %u, the ways in", verified_links,
                        links / 2);
    return true;
}

static bool check_idle(const struct load_options *out, struct complaint *complaint) {
    if (out->echoes > 0)
        return complain(complaint, "--echoes %u: there are none with --idle", out->echoes);
    if (out->steps > out->links / 2)
        return complain(complaint, "--idle %u: expected at most %u, the ways in", out->steps, out->links / 2);
    return load_shape_is_possible(out->links, out->circuits, out->verified_links, complaint);
}

static bool check_steady(const struct load_options *out, struct complaint *complaint) {
    return out->steady == 0 || out->verified_links == out->links / 2 ||
           complain(complaint, "--verified-links %u: with --steady all %u ways in are", out->verified_links,
                    out->links / 2);
}

static bool check_loaded(const struct load_options *out, struct complaint *complaint) {
    return out->loaded_every <= out->links / 2 ||
           complain(complaint, "--loaded-every %u: expected at most %u, the ways in", out->loaded_every,
                    out->links / 2);
}

static bool check_rate(const struct load_options *out, struct complaint *complaint) {
    if (out->rate > 0 && out->share > 0)
        return complain(complaint, "--share %u: not with --rate, which it finds out", out->share);
    return out->rate + out->share == 0 || out->verified_links > 0 ||
           complain(complaint,
                    "--verified-links 0: with --rate or --share expected at least 1, whose delays are told");
}

static bool check_exit(const struct load_options *out, struct complaint *complaint) {
    if (out->rate + out->share + out->steady + out->echoes + out->steps > 0 || out->loaded_every > 1)
        return complain(
            complaint, "--role exit: not with --rate, --share, --steady, --echoes, --idle or --loaded-every");
    if (out->circuits < out->links)
        return complain(complaint, "--circuits %u: expected at least one for each of %u links", out->circuits,
                        out->links);
    return out->verified_links <= out->links ||
           complain(complaint, "--verified-links %u: expected at most %u", out->verified_links, out->links);
}

static bool check_together(const struct load_options *out, struct complaint *complaint) {
    if (out->mode == LOAD_IDLE)
        return check_idle(out, complaint);
    if (out->mode != LOAD_CELLS)
        return check_handshakes(out, complaint);
    if (out->role == LOAD_EXIT)
        return check_exit(out, complaint);
    return load_shape_is_possible(out->links, out->circuits, out->verified_links, complaint) &&
           check_loaded(out, complaint) && check_steady(out, complaint) && check_rate(out, complaint);
}

bool load_options_parse(int argc, const char *const *argv, struct load_options *out,
                        struct complaint *complaint) {
    *out = (struct load_options){.role = LOAD_MIDDLE,
                                 .links = 8,
                                 .circuits = 64,
                                 .record_cells = LOAD_RECORD_MAX,
                                 .run = 4,
                                 .verified_links = 1,
                                 .loaded_every = 1,
                                 .proven_every = 100,
                                 .warmup_s = 2,
                                 .seconds = 5};
    if (!load_arguments_parse(argc, argv, options, OPTION_COUNT, out, &out->wants_help, complaint))
        return false;
    if (out->steps > 0)
        out->mode = LOAD_IDLE;
    return out->wants_help || check_together(out, complaint);
}
