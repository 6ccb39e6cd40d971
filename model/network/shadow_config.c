#include "network/shadow_config.h"

#include <stdlib.h>
#include <string.h>

#include "files/settings.h"
#include "network/decimal.h"
#include "network/tgen_actions.h"
#include "wire/text.h"

/* --- rates --------------------------------------------------------------------------------------------------------- */

bool shadow_rate(const char *text, uint64_t *out) {
    static const struct {
        const char *name;
        uint64_t bits;
    } units[] = {
        {"bit", 1},
        {"kbit", 1000},
        {"kilobit", 1000},
        {"mbit", 1000000},
        {"megabit", 1000000},
        {"gbit", 1000000000},
        {"gigabit", 1000000000},
        {"kibit", 1u << 10},
        {"kibibit", 1u << 10},
        {"mibit", 1u << 20},
        {"mebibit", 1u << 20},
        {"gibit", 1u << 30},
        {"gibibit", 1u << 30},
        {"kilobits", 1000},
        {"megabits", 1000000},
        {"gigabits", 1000000000},
    };
    struct span rest = span_of(text);
    struct span number = text_word(&rest);
    struct span unit = text_word(&rest);
    struct decimal value;
    uint64_t bits;
    if (!decimal_parse(number, &value) || text_word(&rest).length > 0)
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (span_is_nocase(unit, units[i].name)) {
            bool ok = decimal_scale(value, units[i].bits, 8 * SHADOW_RATE_MAX, &bits);
            *out = bits / 8;
            return ok;
        }
    return false;
}

/* --- hosts --------------------------------------------------------------------------------------------------------- */

/* Text of a key that may be left out; NULL then, or when it is no text. */
static const char *text_or_null(const struct setting *map, const char *key) {
    const struct setting *found = map && map->kind == SETTING_MAP ? setting_find(map, key) : NULL;
    return found && found->kind == SETTING_SCALAR ? found->text : NULL;
}

static bool read_rate(const struct setting *host, const char *key, uint64_t *out, struct mistake *mistake) {
    const char *text = text_or_null(host, key);
    if (text && shadow_rate(text, out) && *out > 0)
        return true;
    const struct setting *at = setting_find(host, key);
    return setting_mistake(at ? at : host, mistake, "expected %sa rate, as \"1000 kilobit\"", at ? "" : key);
}

/* tornettools of other years put it elsewhere. */
static bool read_country(const struct setting *host, struct country *out, struct mistake *mistake) {
    const char *text = text_or_null(host, "country_code_hint");
    if (!text)
        text = text_or_null(setting_find(host, "options"), "country_code_hint");
    return (text && country_parse(span_of(text), out)) ||
           setting_mistake(host, mistake,
                           "expected options.country_code_hint, two capital letters: hosts are placed by it");
}

static bool is_program(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, name) == 0;
}

static bool read_tgen(const struct setting *process, struct shadow_host *out, struct mistake *mistake) {
    const char *arguments = text_or_null(process, "args");
    const char *start = text_or_null(process, "start_time");
    if (out->has_tgen)
        return setting_mistake(process, mistake, "expected one tgen of a host");
    if (!arguments || arguments[0] == '\0' || strlen(arguments) >= SHADOW_ARGUMENTS_MAX ||
        strchr(arguments, ' '))
        return setting_mistake(process, mistake, "expected args of tgen: the path of one file");
    if (!start || !tgen_time(start, &out->tgen_start))
        return setting_mistake(process, mistake, "expected start_time of tgen");
    memcpy(out->tgen, arguments, strlen(arguments) + 1);
    out->has_tgen = true;
    return true;
}

static bool read_processes(const struct setting *host, struct shadow_host *out, struct mistake *mistake) {
    const struct setting *list;
    if (!setting_list(host, "processes", &list, mistake))
        return false;
    for (const struct setting *process = list->first; process; process = process->next) {
        const char *path = text_or_null(process, "path");
        if (!path)
            return setting_mistake(process, mistake, "expected a process with its path");
        out->has_tor = out->has_tor || is_program(path, "tor");
        if (is_program(path, "tgen") && !read_tgen(process, out, mistake))
            return false;
    }
    return true;
}

static bool is_host_name(const char *name) {
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");
    return name[length] == '\0' && length > 0 && length < SHADOW_NAME_MAX && name[0] != '.';
}

static bool read_host(const struct setting *host, struct shadow_host *out, struct mistake *mistake) {
    if (host->kind != SETTING_MAP || !is_host_name(host->key))
        return setting_mistake(host, mistake,
                               "expected a host's name of at most %u letters, digits, points and dashes",
                               SHADOW_NAME_MAX - 1);
    out->line = host->line;
    memcpy(out->name, host->key, strlen(host->key) + 1);
    return read_country(host, &out->country, mistake) && read_rate(host, "bandwidth_up", &out->up, mistake) &&
           read_rate(host, "bandwidth_down", &out->down, mistake) && read_processes(host, out, mistake);
}

static bool read_hosts(const struct settings *settings, struct shadow_config *out, struct mistake *mistake) {
    const struct setting *hosts;
    uint32_t n = 0;
    if (!setting_map(settings_root(settings), "hosts", &hosts, mistake))
        return false;
    for (const struct setting *host = hosts->first; host; host = host->next)
        n++;
    out->hosts = calloc((size_t)n + 1, sizeof(*out->hosts));
    if (!out->hosts)
        return setting_mistake(hosts, mistake, "no memory for it");
    for (const struct setting *host = hosts->first; host; host = host->next)
        if (!read_host(host, &out->hosts[out->count++], mistake))
            return false;
    return true;
}

bool shadow_config_parse(const char *file, const char *text, size_t length, struct shadow_config *out,
                         struct mistake *mistake) {
    *out = (struct shadow_config){NULL, 0};
    const struct settings_bounds bounds = {.bytes_max = 2 * SETTINGS_BYTES_MAX, .keys_max = SHADOW_HOSTS_MAX};
    struct settings *settings = settings_parse_within(&bounds, file, text, length, mistake);
    if (!settings)
        return false;
    bool ok = read_hosts(settings, out, mistake);
    settings_free(settings);
    if (!ok)
        shadow_config_fini(out);
    return ok;
}

void shadow_config_fini(struct shadow_config *config) {
    free(config->hosts);
    *config = (struct shadow_config){NULL, 0};
}
