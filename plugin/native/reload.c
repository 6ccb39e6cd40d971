#include "native/reload.h"

#include <string.h>

#include "native/command_line.h"
#include "native/config.h"
#include "native/log.h"
#include "native/torrc.h"

static void swap(void *a, void *b, size_t length) {
    unsigned char *left = a, *right = b;
    for (size_t i = 0; i < length; i++) {
        unsigned char kept = left[i];
        left[i] = right[i];
        right[i] = kept;
    }
}

/* The strings go with them, each to where it is freed. The log borrows paths of the new lines, and has let go of the old. */
static void take(struct config *config, struct config *fresh, bool has_log) {
    if (has_log) {
        swap(config->logs, fresh->logs, sizeof config->logs);
        swap(&config->log_count, &fresh->log_count, sizeof config->log_count);
        config->log_granularity_ms = fresh->log_granularity_ms;
    }
    swap(&config->contact, &fresh->contact, sizeof config->contact);
    memcpy(config->family, fresh->family, sizeof config->family);
    config->family_count = fresh->family_count;
}

bool reload_config(struct config *config, const struct command_line *command_line,
                   struct complaint *complaint) {
    struct config *fresh = config_new();
    if (fresh == NULL)
        return complain(complaint, "no memory");
    bool is_good = torrc_load(command_line, fresh, complaint);
    /* --quiet and --hush hold back the log of who asks for none. */
    bool has_log = fresh->log_count > 0 || command_line->loudness == COMMAND_NORMAL;
    is_good = is_good && config_check(fresh, true, complaint);
    is_good = is_good && (!has_log ||
                          log_configure(fresh->logs, fresh->log_count, fresh->log_granularity_ms, complaint));
    if (is_good)
        take(config, fresh, has_log);
    else
        places_locate(&fresh->places, complaint);
    config_free(fresh);
    return is_good;
}
