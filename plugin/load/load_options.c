#include "load/load_options.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum option_kind { OPTION_NUMBER, OPTION_HEX, OPTION_ENDPOINT, OPTION_HANDSHAKE, OPTION_STEPS, OPTION_TEXT };

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset;
    uint32_t least, most; /* numbers; for hex, bytes; for text, characters */
    bool is_required;
};

#define AT(field) offsetof(struct load_options, field)

static const struct option options[] = {
    {"relay", OPTION_ENDPOINT, AT(relay), 0, 0, true},
    {"rsa-id", OPTION_HEX, AT(rsa_id), 20, 20, true},
    {"ed-id", OPTION_HEX, AT(ed_id), 32, 32, true},
    {"onion-key", OPTION_HEX, AT(onion_key), 32, 32, true},
    {"links", OPTION_NUMBER, AT(links), 2, LOAD_LINKS_MAX, false},
    {"circuits", OPTION_NUMBER, AT(circuits), 1, LOAD_CIRCUITS_MAX, false},
    {"record-cells", OPTION_NUMBER, AT(record_cells), 1, LOAD_RECORD_MAX, false},
    {"run", OPTION_NUMBER, AT(run), 1, LOAD_RUN_MAX, false},
    {"verified-links", OPTION_NUMBER, AT(verified_links), 0, LOAD_LINKS_MAX, false},
    {"warmup", OPTION_NUMBER, AT(warmup_s), 0, LOAD_SECONDS_MAX, false},
    {"seconds", OPTION_NUMBER, AT(seconds), 1, LOAD_SECONDS_MAX, false},
    {"idle", OPTION_STEPS, AT(steps), 1, LOAD_STEPS_MAX, false},
    {"handshakes", OPTION_HANDSHAKE, AT(mode), 0, 0, false},
    {"proven-every", OPTION_NUMBER, AT(proven_every), 1, 1000000, false},
    {"echoes", OPTION_NUMBER, AT(echoes), 0, 1000000, false},
    {"cipher", OPTION_TEXT, AT(cipher), 1, LOAD_CIPHER_MAX - 1, false},
    {"pid", OPTION_NUMBER, AT(pid), 0, INT32_MAX, false},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])
static_assert(OPTION_COUNT <= 32, "a bit each");

const char *load_options_help(void) {
    return "loom-load - saturate a relay from both sides of it\n"
           "\n"
           "  --relay ADDRESS:PORT --rsa-id HEX --ed-id HEX --onion-key HEX   the relay\n"
           "  --links N           connections, half into the relay and half out of it (8)\n"
           "  --circuits N        circuits over them (64)\n"
           "  --record-cells N    cells in a TLS record: 31 as Loom writes them, 8 as tor does (31)\n"
           "  --run N             cells of one circuit in a row (4)\n"
           "  --verified-links N  ways in whose cells are compared byte by byte; the others' are counted (1)\n"
           "  --warmup S          seconds before measuring (2)\n"
           "  --seconds S         seconds of measuring (5)\n"
           "  --echoes N          no load: send one cell there and back, N times\n"
           "  --handshakes KIND   no cells: circuit handshakes, ntor or ntor-v3; all links lead into the relay,\n"
           "                      and --circuits is how many wait for their answer at once\n"
           "  --idle STEPS        no cells: links and circuits in so many steps each, then one cell each way on every\n"
           "                      circuit, then no circuits; a line is written after each, and awaited before the next\n"
           "  --proven-every N    of so many answers to a handshake, prove one (100)\n"
           "  --cipher NAME       the one TLS 1.3 suite that is offered (those that tor offers)\n"
           "  --pid PID           of the relay: measure its CPU time\n";
}

bool load_number_parse(const char *name, const char *text, uint32_t least, uint32_t most, uint32_t *out,
                       struct complaint *complaint) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
        return complain(complaint, "--%s %s: expected a number from %u to %u", name, text, least, most);
    *out = (uint32_t)value;
    return true;
}

static int hex_digit(char c) {
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool parse_hex(const struct option *o, const char *text, uint8_t *out, struct complaint *complaint) {
    bool ok = strlen(text) == 2u * o->most;
    for (uint32_t i = 0; ok && i < o->most; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        ok = high >= 0 && low >= 0;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return ok || complain(complaint, "--%s %s: expected %u hexadecimal digits", o->name, text, 2u * o->most);
}

static bool parse_handshake(const struct option *o, const char *text, enum load_mode *out,
                            struct complaint *complaint) {
    *out = strcmp(text, "ntor-v3") == 0 ? LOAD_NTOR_V3 : LOAD_NTOR;
    return *out == LOAD_NTOR_V3 || strcmp(text, "ntor") == 0 ||
           complain(complaint, "--%s %s: expected ntor or ntor-v3", o->name, text);
}

static bool parse_text(const struct option *o, const char *text, char *out, struct complaint *complaint) {
    size_t length = strlen(text);
    if (length < o->least || length > o->most)
        return complain(complaint, "--%s %s: expected %u to %u characters", o->name, text, o->least, o->most);
    memcpy(out, text, length + 1);
    return true;
}

static bool parse_value(const struct option *o, const char *text, struct load_options *out,
                        struct complaint *complaint) {
    void *place = (char *)out + o->offset;
    switch (o->kind) {
    case OPTION_NUMBER: return load_number_parse(o->name, text, o->least, o->most, place, complaint);
    case OPTION_HEX: return parse_hex(o, text, place, complaint);
    case OPTION_HANDSHAKE: return parse_handshake(o, text, place, complaint);
    case OPTION_STEPS:
        out->mode = LOAD_IDLE;
        return load_number_parse(o->name, text, o->least, o->most, place, complaint);
    case OPTION_TEXT: return parse_text(o, text, place, complaint);
    case OPTION_ENDPOINT:
        return endpoint_parse(text, strlen(text), place) ||
               complain(complaint, "--%s %s: expected ADDRESS:PORT", o->name, text);
    }
    return false;
}

static const struct option *option_named(const char *argument) {
    if (strncmp(argument, "--", 2) != 0)
        return NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcmp(argument + 2, options[i].name) == 0)
            return &options[i];
    return NULL;
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
    if (links % 2 != 0)
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

static bool check_together(const struct load_options *out, uint32_t given, struct complaint *complaint) {
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (options[i].is_required && !(given & UINT32_C(1) << i))
            return complain(complaint, "--%s is missing", options[i].name);
    if (out->mode == LOAD_IDLE)
        return check_idle(out, complaint);
    if (out->mode != LOAD_CELLS)
        return check_handshakes(out, complaint);
    return load_shape_is_possible(out->links, out->circuits, out->verified_links, complaint);
}

bool load_options_parse(int argc, const char *const *argv, struct load_options *out,
                        struct complaint *complaint) {
    uint32_t given = 0;
    *out = (struct load_options){.links = 8,
                                 .circuits = 64,
                                 .record_cells = LOAD_RECORD_MAX,
                                 .run = 4,
                                 .verified_links = 1,
                                 .proven_every = 100,
                                 .warmup_s = 2,
                                 .seconds = 5};
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0) {
            out->wants_help = true;
            return true;
        }
        const struct option *o = option_named(argv[i]);
        if (!o)
            return complain(complaint, "%s: no such option; --help lists them", argv[i]);
        if (i + 1 == argc)
            return complain(complaint, "%s: a value is missing", argv[i]);
        if (!parse_value(o, argv[i + 1], out, complaint))
            return false;
        given |= UINT32_C(1) << (o - options);
    }
    return check_together(out, given, complaint);
}
