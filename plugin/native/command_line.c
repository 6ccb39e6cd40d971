#include "native/command_line.h"

#include <stdio.h>
#include <string.h>

#include "native/allocator.h"
#include "native/torrc_options.h"
#include "native/version.h"

/* Words that stand for themselves. --key-expiration, --keygen, --hash-password and others are tor's alone. */
static const struct {
    const char *word;
    enum command command;
} commands[] = {
    {"--verify-config", COMMAND_VERIFY_CONFIG},
    {"--list-fingerprint", COMMAND_LIST_FINGERPRINT},
    {"--list-torrc-options", COMMAND_LIST_TORRC_OPTIONS},
    {"--version", COMMAND_VERSION},
    {"--help", COMMAND_HELP},
    {"-h", COMMAND_HELP},
};

static bool take_command(const char *word, struct command_line *out) {
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(word, commands[i].word) == 0) {
            out->command = commands[i].command;
            return true;
        }
    }
    return false;
}

static bool take_flag(const char *word, struct command_line *out) {
    if (strcmp(word, "--quiet") == 0)
        out->loudness = COMMAND_QUIET;
    else if (strcmp(word, "--hush") == 0)
        out->loudness = COMMAND_HUSH;
    else if (strcmp(word, "--ignore-missing-torrc") == 0)
        out->ignore_missing_torrc = true;
    else if (strcmp(word, "--allow-missing-torrc") == 0)
        out->ignore_missing_torrc = true;
    else
        return false;
    return true;
}

/* Words that are followed by a file name, or an allocator's. */
static const char **name_member(const char *word, struct command_line *out) {
    if (strcmp(word, "-f") == 0)
        return &out->torrc;
    if (strcmp(word, "--allocator") == 0)
        return &out->allocator;
    return strcmp(word, "--defaults-torrc") == 0 ? &out->defaults_torrc : NULL;
}

static bool take_option(const char *word, const char *value, struct command_line *out,
                        struct complaint *complaint) {
    word += strncmp(word, "--", 2) == 0 ? 2 : word[0] == '-';
    if (!value)
        return complain(complaint, "command line: %s: expected a value behind it", word);
    if (out->option_count == COMMAND_LINE_OPTIONS_MAX)
        return complain(complaint, "command line: expected at most %u options", COMMAND_LINE_OPTIONS_MAX);
    out->options[out->option_count].name = word;
    out->options[out->option_count].value = value;
    out->option_count++;
    return true;
}

/* Does --list-fingerprint have tor's optional key type behind it? */
static bool take_key_type(const char *word, struct command_line *out) {
    if (out->command != COMMAND_LIST_FINGERPRINT || !word)
        return false;
    if (strcmp(word, "ed25519") == 0)
        out->command = COMMAND_LIST_FINGERPRINT_ED25519;
    return strcmp(word, "ed25519") == 0 || strcmp(word, "rsa") == 0;
}

bool command_line_parse(int argc, char **argv, struct command_line *out, struct complaint *complaint) {
    *out = (struct command_line){.command = COMMAND_RUN};
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        const char **name = name_member(argv[i], out);
        if (name) {
            if (!next)
                return complain(complaint, "command line: %s: expected a %s behind it", argv[i],
                                name == &out->allocator ? "name" : "file name");
            *name = next;
            i++;
        } else if (take_command(argv[i], out)) {
            i += take_key_type(next, out);
        } else if (!take_flag(argv[i], out)) {
            /* tor: a following word that looks like an option is none's value; /Option needs none. */
            bool has_value = next && strncmp(next, "--", 2) != 0;
            bool needs_none = strncmp(argv[i], "--/", 3) == 0 || argv[i][0] == '/';
            if (!take_option(argv[i],
                             has_value && !needs_none ? next
                             : needs_none             ? ""
                                                      : NULL,
                             out, complaint))
                return false;
            i += has_value && !needs_none;
        }
    }
    return true;
}

static void print_options(void) {
    const struct torrc_option *option;
    for (size_t i = 0; (option = torrc_option_carried_out(i)) != NULL; i++)
        printf("%s\n", option->name);
}

void command_line_answer(const struct command_line *command_line,
                         const struct allocator_in_force *allocator) {
    if (command_line->command == COMMAND_LIST_TORRC_OPTIONS)
        print_options();
    else if (command_line->command == COMMAND_VERSION)
        printf("Loom version %s.\nMemory is allocated by %s %s (%s).\n", LOOM_VERSION, allocator->name,
               allocator->version, allocator->path);
    else
        printf("Loom %s, a Tor relay.\n"
               "usage: loom-relay -f torrc [--Option value]... [--quiet|--hush] [--allocator NAME]\n"
               "       loom-relay -f torrc --verify-config | --list-fingerprint [ed25519]\n"
               "       loom-relay --list-torrc-options | --version | --help\n"
               "--allocator: whose malloc to use, of " ALLOCATOR_NAMES "\n"
               "       (which must be installed) or a library's path; now it is %s %s\n",
               LOOM_VERSION, allocator->name, allocator->version);
}
