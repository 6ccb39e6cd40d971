#include "network/generated_torrc.h"

#include <stdio.h>
#include <string.h>

#include "network/decimal.h"
#include "network/tgen_actions.h"
#include "wire/text.h"

#define RATE_MAX UINT64_C(1000000000000)

struct reading {
    const char *file;
    const struct text_archive *archive;
    const char *folder;
    struct generated_torrc *out;
    struct mistake *mistake;
    uint32_t files;
};

/* Where a line stands. */
struct place {
    const char *path;
    uint32_t line;
};

static bool refuse(const struct reading *r, const struct place *place, const char *option,
                   const char *expected) {
    char file[TEXT_ARCHIVE_PATH_MAX + 256];
    snprintf(file, sizeof(file), "%.200s: %s", r->file, place->path);
    return mistake_at(r->mistake, file, place->line, option, "%s", expected);
}

/* "1024000", "20 MBytes": powers of 1024, as tor takes them. */
static bool read_bytes(struct span words, uint64_t *out) {
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"", 1},          {"byte", 1},         {"bytes", 1},
                 {"kb", 1u << 10}, {"kbyte", 1u << 10}, {"kbytes", 1u << 10},
                 {"mb", 1u << 20}, {"mbyte", 1u << 20}, {"mbytes", 1u << 20},
                 {"gb", 1u << 30}, {"gbyte", 1u << 30}, {"gbytes", 1u << 30}};
    struct span number = text_word(&words);
    struct span unit = text_word(&words);
    struct decimal value;
    if (!decimal_parse(number, &value) || text_word(&words).length > 0)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (span_is_nocase(unit, units[i].name))
            return decimal_scale(value, units[i].factor, RATE_MAX, out) && *out > 0;
    return false;
}

static bool read_time(struct span words, nsec *out) {
    char text[64];
    int n = snprintf(text, sizeof(text), "%.*s", words.length < sizeof(text) ? (int)words.length : 0,
                     (const char *)words.data);
    return n > 0 && tgen_time(text, out);
}

static bool read_option(struct reading *r, const struct place *place, struct span name, struct span value) {
    struct generated_torrc *out = r->out;
    uint64_t number;
    if (span_is_nocase(name, "BandwidthRate") || span_is_nocase(name, "RelayBandwidthRate"))
        return read_bytes(value, &out->rate) || refuse(r, place, "BandwidthRate", "expected bytes above 0");
    if (span_is_nocase(name, "BandwidthBurst") || span_is_nocase(name, "RelayBandwidthBurst"))
        return read_bytes(value, &out->burst) || refuse(r, place, "BandwidthBurst", "expected bytes above 0");
    if (span_is_nocase(name, "MaxCircuitDirtiness"))
        return read_time(value, &out->circuit_age_max) ||
               refuse(r, place, "MaxCircuitDirtiness", "expected a time, as \"10 seconds\"");
    if (span_is_nocase(name, "UseEntryGuards")) {
        out->uses_guards = text_u64(value, 1, &number) && number == 1;
        return text_u64(value, 1, &number) || refuse(r, place, "UseEntryGuards", "expected 0 or 1");
    }
    return true;
}

static bool read_file(struct reading *r, const char *path);

static bool include(struct reading *r, const struct place *place, struct span value) {
    char relative[TEXT_ARCHIVE_PATH_MAX], path[TEXT_ARCHIVE_PATH_MAX];
    int n = snprintf(relative, sizeof(relative), "%.*s",
                     value.length < sizeof(relative) ? (int)value.length : 0, (const char *)value.data);
    if (n <= 0 || !text_archive_join(r->folder, relative, path))
        return refuse(r, place, "%include", "expected a path that stays in the archive");
    if (!text_archive_find(r->archive, path))
        return refuse(r, place, "%include", "expected a file that is in the archive");
    if (++r->files > GENERATED_INCLUDES_MAX)
        return refuse(r, place, "%include", "expected fewer of them, and no cycle");
    return read_file(r, path);
}

static struct span trimmed(struct span s) {
    while (s.length > 0 && strchr(" \t\r", s.data[0]))
        s = (struct span){s.data + 1, s.length - 1};
    while (s.length > 0 && strchr(" \t\r", s.data[s.length - 1]))
        s.length--;
    return s;
}

static bool read_line(struct reading *r, const struct place *place, struct span line) {
    const uint8_t *comment = memchr(line.data, '#', line.length);
    if (comment)
        line.length = (size_t)(comment - line.data);
    struct span name = text_word(&line);
    if (name.length == 0)
        return true;
    if (span_is(name, "%include"))
        return include(r, place, trimmed(line));
    return read_option(r, place, name, trimmed(line));
}

static bool read_file(struct reading *r, const char *path) {
    const struct text_file *file = text_archive_find(r->archive, path);
    struct place place = {path, 0};
    struct span line;
    if (!file)
        return true;
    struct span rest = {(const uint8_t *)file->bytes, file->length};
    while (text_line(&rest, &line)) {
        place.line++;
        if (!read_line(r, &place, line))
            return false;
    }
    return true;
}

bool generated_torrc_read(const char *file, const struct text_archive *archive, const char *folder,
                          struct generated_torrc *out, struct mistake *mistake) {
    static const char *const names[] = {"torrc-defaults", "torrc"}; /* the latter has the last word */
    struct reading r = {file, archive, folder, out, mistake, 0};
    *out = (struct generated_torrc){.uses_guards = true,
                                    .circuit_age_max = 600 * NSEC_PER_S}; /* as tor has it */
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[TEXT_ARCHIVE_PATH_MAX];
        if (!text_archive_join(folder, names[i], path))
            return mistake_at(mistake, file, 0, NULL, "expected a shorter path of %.100s", folder);
        if (!read_file(&r, path))
            return false;
    }
    return true;
}
