#include "native/torrc.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "native/command_line.h"
#include "native/config.h"
#include "native/torrc_files.h"
#include "native/torrc_lexer.h"
#include "native/torrc_options.h"

#define VALUE_SHOWN_MAX 60

enum torrc_rank { RANK_DEFAULTS, RANK_TORRC, RANK_COMMAND_LINE };

/* One line, waiting until all are known. The strings live in the texts. */
struct entry {
    const struct torrc_option *option;
    const char *file; /* NULL: command line */
    const char *value;
    uint32_t line;
    enum torrc_rank rank;
    enum torrc_operation operation;
};

struct reading {
    struct entry entries[TORRC_LINES_MAX];
    uint32_t count;
    enum torrc_rank rank;
    bool refuses_include;
    struct torrc_files files;
    struct places *places;
    struct complaint *complaint;
};

static bool read_file(struct reading *reading, const char *path, unsigned depth);

static bool complain_at(struct reading *reading, const struct entry *e, const char *expected) {
    complain(reading->complaint, "%s: expected %s, got \"%.*s\"%s", e->option->name, expected,
             VALUE_SHOWN_MAX, e->value, strlen(e->value) > VALUE_SHOWN_MAX ? "..." : "");
    if (e->file)
        complaint_prefix(reading->complaint, "%s:%u: ", e->file, e->line);
    else
        complaint_prefix(reading->complaint, "command line: ");
    return false;
}

static bool add_entry(struct reading *reading, const struct torrc_line *line, const char *file) {
    const struct torrc_option *option = torrc_option_find(line->name);
    if (!option)
        complain(reading->complaint,
                 "%.60s: expected an option that tor or Loom knows (see --list-torrc-options)", line->name);
    else if (reading->count == TORRC_LINES_MAX)
        complain(reading->complaint, "%s: expected at most %u lines in all", line->name, TORRC_LINES_MAX);
    if (option && reading->count < TORRC_LINES_MAX) {
        reading->entries[reading->count++] =
            (struct entry){option, file, line->value, line->line, reading->rank, line->operation};
        return true;
    }
    if (file)
        complaint_prefix(reading->complaint, "%s:%u: ", file, line->line);
    else
        complaint_prefix(reading->complaint, "command line: ");
    return false;
}

static bool include(struct reading *reading, const struct torrc_line *line, const char *file,
                    unsigned depth) {
    struct torrc_paths paths;
    bool good = true;
    if (reading->refuses_include || depth == TORRC_INCLUDE_DEPTH_MAX)
        return complain(reading->complaint,
                        "%s:%u: %%include: expected files inside each other at most %u deep", file,
                        line->line, reading->refuses_include ? 0 : TORRC_INCLUDE_DEPTH_MAX);
    if (!torrc_paths_expand(line->value, &paths))
        return complain(reading->complaint,
                        "%s:%u: %%include: expected a file or folder that can be read, got \"%s\": %s", file,
                        line->line, line->value, strerror(errno));
    for (size_t i = 0; good && i < paths.count; i++)
        good = read_file(reading, paths.names[i], depth + 1);
    torrc_paths_free(&paths);
    return good;
}

/* text stays where it is until all entries are applied. */
static bool read_text(struct reading *reading, const char *name, char *text, unsigned depth) {
    struct torrc_lexer lexer;
    struct torrc_line line;
    enum torrc_token token;
    torrc_lexer_init(&lexer, text);
    while ((token = torrc_lexer_next(&lexer, &line)) == TORRC_LINE) {
        bool good = strcmp(line.name, "%include") == 0 ? include(reading, &line, name, depth)
                                                       : add_entry(reading, &line, name);
        if (!good)
            return false;
    }
    return token == TORRC_END ||
           complain(reading->complaint, "%s:%u: %s: %s", name, line.line, line.name, torrc_token_text(token));
}

static bool read_file(struct reading *reading, const char *path, unsigned depth) {
    const char *name;
    char *text = torrc_files_read(&reading->files, path, TORRC_BYTES_MAX, &name);
    if (!text)
        return complain(reading->complaint, "%s:0: torrc: expected a text file that can be read: %s", path,
                        strerror(errno));
    if (depth == 0 && !places_note_file(reading->places, name))
        return complain(reading->complaint, "no memory");
    return read_text(reading, name, text, depth);
}

static bool read_torrc(struct reading *reading, const struct command_line *command_line) {
    const char *path = command_line->torrc ? command_line->torrc : TORRC_DEFAULT_PATH;
    bool may_miss = command_line->ignore_missing_torrc || !command_line->torrc;
    reading->rank = RANK_TORRC;
    if (may_miss && !torrc_file_exists(path))
        return true;
    return read_file(reading, path, 0);
}

static bool read_command_line(struct reading *reading, const struct command_line *command_line) {
    reading->rank = RANK_COMMAND_LINE;
    for (uint32_t i = 0; i < command_line->option_count; i++) {
        struct torrc_line line = {command_line->options[i].name, command_line->options[i].value, 0,
                                  TORRC_SET};
        if (line.name[0] == '+' || line.name[0] == '/') {
            line.operation = line.name[0] == '+' ? TORRC_APPEND : TORRC_CLEAR;
            line.name++;
        }
        if (!add_entry(reading, &line, NULL))
            return false;
    }
    return true;
}

/* Has a line of higher rank taken the place of e? */
static bool is_replaced(const struct reading *reading, const struct entry *e) {
    for (const struct entry *later = e + 1; later < reading->entries + reading->count; later++)
        if (later->option == e->option && later->rank > e->rank && later->operation != TORRC_APPEND)
            return true;
    return false;
}

static bool note_ignored(struct reading *reading, const struct entry *e, struct config *config) {
    struct complaint place;
    if (config->ignored_count == CONFIG_IGNORED_MAX)
        return true; /* the operator has read enough of them */
    if (e->file)
        complain(&place, "%s:%u: %s", e->file, e->line, e->option->name);
    else
        complain(&place, "command line: %s", e->option->name);
    config->ignored[config->ignored_count] = strdup(place.text);
    if (!config->ignored[config->ignored_count])
        return complain(reading->complaint, "no memory");
    config->ignored_count++;
    return true;
}

static bool apply(struct reading *reading, const struct entry *e, struct config *config) {
    const char *expected = NULL;
    if (e->operation == TORRC_CLEAR || is_replaced(reading, e))
        return true;
    switch (e->option->class) {
    case TORRC_CARRIED_OUT:
        if (!places_note(reading->places, e->option->name, e->file, e->line))
            return complain(reading->complaint, "no memory");
        expected = e->option->apply(config, e->option, e->value);
        break;
    case TORRC_IGNORED: return note_ignored(reading, e, config);
    case TORRC_REFUSED: expected = torrc_option_is_off(e->value) ? NULL : e->option->expected; break;
    }
    return !expected || complain_at(reading, e, expected);
}

static bool apply_all(struct reading *reading, struct config *config) {
    for (uint32_t i = 0; i < reading->count; i++)
        if (!apply(reading, &reading->entries[i], config))
            return false;
    return true;
}

static struct reading *reading_new(struct places *places, struct complaint *complaint) {
    struct reading *reading = calloc(1, sizeof(*reading));
    if (!reading) {
        complain(complaint, "no memory");
        return NULL;
    }
    reading->places = places;
    reading->complaint = complaint;
    return reading;
}

static void reading_free(struct reading *reading) {
    torrc_files_free(&reading->files);
    free(reading);
}

bool torrc_load(const struct command_line *command_line, struct config *config, struct complaint *complaint) {
    struct reading *reading = reading_new(&config->places, complaint);
    if (!reading)
        return false;
    bool good = !command_line->defaults_torrc || read_file(reading, command_line->defaults_torrc, 0);
    good = good && read_torrc(reading, command_line) && read_command_line(reading, command_line) &&
           apply_all(reading, config);
    reading_free(reading);
    return good;
}

bool torrc_load_text(const char *name, const char *text, size_t length, struct config *config,
                     struct complaint *complaint) {
    struct reading *reading = reading_new(&config->places, complaint);
    if (!reading)
        return false;
    reading->refuses_include = true;
    reading->rank = RANK_TORRC;
    char *copy = torrc_files_keep(&reading->files, text, length, TORRC_BYTES_MAX);
    bool good = copy ? read_text(reading, name, copy, 0) && apply_all(reading, config)
                     : complain(complaint, "%s:0: torrc: expected a text file: %s", name, strerror(errno));
    reading_free(reading);
    return good;
}
