#include "network/generated_network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/text.h"

#define CONFIG  "shadow.config.yaml"
#define HOSTS   "shadow.data.template/hosts"
#define WEIGHTS HOSTS "/bwauthority/v3bw.init.consensus"

struct reading {
    const char *file;
    const struct text_archive *archive;
    struct generated_network *out;
    struct mistake *mistake;
    char root[TEXT_ARCHIVE_PATH_MAX]; /* the folder with all of it */
    struct shadow_config config;
};

static bool no_memory(const struct reading *r) {
    return mistake_at(r->mistake, r->file, 0, NULL, "no memory for it");
}

static bool refuse_host(const struct reading *r, const struct shadow_host *host, const char *expected) {
    return mistake_at(r->mistake, r->file, 0, host->name, "%s", expected);
}

/* Of a path in the network, from its root. */
static bool path_of(const struct reading *r, const char *name, char out[static TEXT_ARCHIVE_PATH_MAX]) {
    return text_archive_join(r->root, name, out) ||
           mistake_at(r->mistake, r->file, 0, NULL,
                      "expected a path that stays in the archive, found \"%.200s\"", name);
}

static bool folder_of(const struct reading *r, const struct shadow_host *host,
                      char out[static TEXT_ARCHIVE_PATH_MAX]) {
    char name[TEXT_ARCHIVE_PATH_MAX];
    snprintf(name, sizeof(name), HOSTS "/%s", host->name);
    return path_of(r, name, out);
}

/* "archive: path/in/it": what mistakes of that file begin with. */
static const char *name_of(const struct reading *r, const char *path,
                           char out[static TEXT_ARCHIVE_PATH_MAX]) {
    snprintf(out, TEXT_ARCHIVE_PATH_MAX, "%.300s: %.600s", r->file, path);
    return out;
}

/* The file that a host names, from its folder. */
static const struct text_file *file_of(const struct reading *r, const struct shadow_host *host,
                                       const char *name) {
    char folder[TEXT_ARCHIVE_PATH_MAX], path[TEXT_ARCHIVE_PATH_MAX];
    const struct text_file *found = NULL;
    if (!folder_of(r, host, folder))
        return NULL;
    if (text_archive_join(folder, name, path))
        found = text_archive_find(r->archive, path);
    if (!found)
        mistake_at(r->mistake, r->file, 0, host->name, "expected a file of the archive, found \"%.200s\"",
                   name);
    return found;
}

/* --- relays -------------------------------------------------------------------------------------------------------- */

static bool flags_of(const char *name, uint16_t *out) {
    static const struct {
        const char *class;
        uint16_t flags;
    } classes[] = {
        {"exitguard", RELAY_EXIT | RELAY_GUARD}, {"exit", RELAY_EXIT}, {"guard", RELAY_GUARD}, {"middle", 0}};
    if (strncmp(name, "relay", 5) != 0)
        return false;
    const char *class = name + 5 + strspn(name + 5, "0123456789");
    if (class == name + 5)
        return false;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strcmp(class, classes[i].class) == 0) {
            *out = classes[i].flags | RELAY_FAST | RELAY_STABLE;
            return true;
        }
    return false;
}

static bool is_authority(const char *name) {
    return strncmp(name + strspn(name, "0123456789"), "uthority", 8) == 0;
}

static bool add_relay(struct reading *r, const struct shadow_host *host, uint16_t flags) {
    char folder[TEXT_ARCHIVE_PATH_MAX];
    struct generated_relay *relay = &r->out->relays[r->out->relay_count];
    struct generated_torrc torrc;
    if (strlen(host->name) >= GENERATED_NAME_MAX)
        return refuse_host(r, host, "expected a shorter name of a relay");
    if (host->up != host->down)
        return refuse_host(r, host, "expected a relay with as much bandwidth up as down");
    if (!folder_of(r, host, folder) || !generated_torrc_read(r->file, r->archive, folder, &torrc, r->mistake))
        return false;
    memcpy(relay->name, host->name, strlen(host->name) + 1);
    relay->row = (struct relay_row){.capacity = host->up,
                                    .rate = torrc.rate ? torrc.rate : host->up,
                                    .burst = torrc.burst  ? torrc.burst
                                             : torrc.rate ? torrc.rate
                                                          : host->up,
                                    .country = host->country,
                                    .flags = flags};
    r->out->relay_count++;
    return true;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const struct generated_relay *)a)->name, ((const struct generated_relay *)b)->name);
}

static int by_weight(const void *a, const void *b) {
    const struct generated_relay *x = a, *y = b;
    if (x->row.weight != y->row.weight)
        return x->row.weight > y->row.weight ? -1 : 1;
    return by_name(a, b);
}

/* The word after prefix in line; empty when there is none. */
static struct span word_after(struct span line, const char *prefix) {
    for (struct span word = text_word(&line); word.length > 0; word = text_word(&line))
        if (span_starts(word, prefix))
            return (struct span){word.data + strlen(prefix), word.length - strlen(prefix)};
    return (struct span){line.data, 0};
}

/* "node_id=$F8...	bw=89850	nick=relay1exitguard" */
static bool read_weight(struct reading *r, const char *file, uint32_t number, struct span line) {
    struct span bandwidth = word_after(line, "bw=");
    struct span name = word_after(line, "nick=");
    struct generated_relay key = {.name = ""};
    uint64_t weight;
    if (!text_u64(bandwidth, UINT32_MAX, &weight) || name.length == 0 || name.length >= sizeof(key.name))
        return mistake_at(r->mistake, file, number, NULL, "expected bw=NUMBER and nick=NAME");
    memcpy(key.name, name.data, name.length);
    struct generated_relay *relay = bsearch(&key, r->out->relays, r->out->relay_count, sizeof(key), by_name);
    if (relay)
        relay->row.weight = (uint32_t)weight;
    return true;
}

static bool read_weights(struct reading *r) {
    char path[TEXT_ARCHIVE_PATH_MAX], file[TEXT_ARCHIVE_PATH_MAX];
    struct span line;
    uint32_t number = 0;
    if (!path_of(r, WEIGHTS, path))
        return false;
    const struct text_file *text = text_archive_find(r->archive, path);
    if (!text)
        return mistake_at(r->mistake, r->file, 0, NULL, "expected the bandwidth authority's %.200s in it",
                          path);
    name_of(r, path, file);
    qsort(r->out->relays, r->out->relay_count, sizeof(r->out->relays[0]), by_name);
    struct span rest = {(const uint8_t *)text->bytes, text->length};
    while (text_line(&rest, &line)) {
        number++;
        if (span_starts(line, "node_id=") && !read_weight(r, file, number, line))
            return false;
    }
    for (uint32_t i = 0; i < r->out->relay_count; i++)
        if (r->out->relays[i].row.weight == 0)
            return mistake_at(r->mistake, file, 0, r->out->relays[i].name, "expected a weight above 0 of it");
    qsort(r->out->relays, r->out->relay_count, sizeof(r->out->relays[0]), by_weight);
    return true;
}

/* --- servers and clients ------------------------------------------------------------------------------------------- */

static bool is_alike(const struct generated_clients *all, const struct tgen_actions *actions,
                     const struct generated_torrc *torrc) {
    const struct tgen_actions *a = &all->actions;
    bool has_same = a->pause == actions->pause && a->fetch_count == actions->fetch_count &&
                    a->stallout == actions->stallout && a->timeout == actions->timeout &&
                    strcmp(a->flows, actions->flows) == 0 && strcmp(a->streams, actions->streams) == 0 &&
                    strcmp(a->packets, actions->packets) == 0;
    for (uint32_t i = 0; has_same && i < a->fetch_count; i++) {
        const struct tgen_fetch *x = &a->fetches[i], *y = &actions->fetches[i];
        has_same = x->send_bytes == y->send_bytes && x->receive_bytes == y->receive_bytes &&
                   x->share == y->share && x->timeout == y->timeout;
    }
    return has_same && all->torrc.uses_guards == torrc->uses_guards &&
           all->torrc.circuit_age_max == torrc->circuit_age_max;
}

static bool read_model(struct reading *r, const struct shadow_host *host, const char *name,
                       struct tgen_model *out) {
    char file[TEXT_ARCHIVE_PATH_MAX];
    const struct text_file *text = file_of(r, host, name);
    return text && tgen_model_parse(name_of(r, text->path, file), text->bytes, text->length, out, r->mistake);
}

static bool add_client(struct reading *r, const struct shadow_host *host,
                       const struct tgen_actions *actions) {
    struct generated_network *out = r->out;
    bool has_flows = actions->kind == TGEN_FLOWS;
    struct generated_clients *all = has_flows ? &out->flowing : &out->periodic;
    char folder[TEXT_ARCHIVE_PATH_MAX];
    struct generated_torrc torrc;
    if (!host->has_tor)
        return refuse_host(r, host, "expected a client with a tor");
    if (!folder_of(r, host, folder) || !generated_torrc_read(r->file, r->archive, folder, &torrc, r->mistake))
        return false;
    if (all->count == 0) {
        *all = (struct generated_clients){0, *actions, torrc};
        if (has_flows && (!read_model(r, host, actions->flows, &out->flows) ||
                          !read_model(r, host, actions->streams, &out->streams) ||
                          !read_model(r, host, actions->packets, &out->packets)))
            return false;
    }
    if (!is_alike(all, actions, &torrc))
        return refuse_host(r, host, "expected it to do as the others of its kind, and with the same torrc");
    all->count++;
    out->clients[out->client_count++] =
        (struct generated_end){host->country, host->up, host->tgen_start + actions->delay, has_flows};
    return true;
}

static bool add_end(struct reading *r, const struct shadow_host *host) {
    struct generated_network *out = r->out;
    struct tgen_actions actions;
    char file[TEXT_ARCHIVE_PATH_MAX];
    if (!host->has_tgen)
        return refuse_host(r, host, "expected an authority, a relay, or a host with tgen");
    if (host->up != host->down)
        return refuse_host(r, host, "expected a host with as much bandwidth up as down");
    const struct text_file *text = file_of(r, host, host->tgen);
    if (!text ||
        !tgen_actions_parse(name_of(r, text->path, file), text->bytes, text->length, &actions, r->mistake))
        return false;
    if (actions.kind != TGEN_SERVER)
        return add_client(r, host, &actions);
    if (host->has_tor)
        return refuse_host(r, host, "expected servers behind exits alone, not onion services");
    out->servers[out->server_count++] = (struct generated_end){host->country, host->up, 0, false};
    return true;
}

/* Times count from the first client's. */
static void set_times(struct generated_network *out) {
    nsec first = NSEC_NEVER;
    for (uint32_t i = 0; i < out->client_count; i++)
        first = nsec_min(first, out->clients[i].start);
    for (uint32_t i = 0; i < out->client_count; i++)
        out->clients[i].start -= first;
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static bool read_hosts(struct reading *r) {
    struct generated_network *out = r->out;
    size_t n = (size_t)r->config.count + 1;
    out->relays = calloc(n, sizeof(*out->relays));
    out->servers = calloc(n, sizeof(*out->servers));
    out->clients = calloc(n, sizeof(*out->clients));
    if (!out->relays || !out->servers || !out->clients)
        return no_memory(r);
    for (uint32_t i = 0; i < r->config.count; i++) {
        const struct shadow_host *host = &r->config.hosts[i];
        uint16_t flags;
        bool ok = is_authority(host->name)       ? true
                  : flags_of(host->name, &flags) ? add_relay(r, host, flags)
                                                 : add_end(r, host);
        if (!ok)
            return false;
    }
    set_times(out);
    if (out->relay_count == 0 || out->server_count == 0 || out->client_count == 0)
        return mistake_at(r->mistake, r->file, 0, NULL,
                          "expected relays, servers and clients, found %u, %u and %u", out->relay_count,
                          out->server_count, out->client_count);
    return true;
}

static bool read_config(struct reading *r) {
    char file[TEXT_ARCHIVE_PATH_MAX];
    const struct text_file *text = text_archive_only(r->archive, CONFIG);
    if (!text)
        return mistake_at(r->mistake, r->file, 0, NULL, "expected one " CONFIG " in it");
    size_t folder = strlen(text->path) - strlen(CONFIG);
    memcpy(r->root, text->path, folder);
    r->root[folder] = '\0';
    return shadow_config_parse(name_of(r, text->path, file), text->bytes, text->length, &r->config,
                               r->mistake);
}

bool generated_network_read(const char *file, const struct text_archive *archive,
                            struct generated_network *out, struct mistake *mistake) {
    struct reading r = {.file = file, .archive = archive, .out = out, .mistake = mistake};
    memset(out, 0, sizeof(*out));
    bool ok = read_config(&r) && read_hosts(&r) && read_weights(&r);
    shadow_config_fini(&r.config);
    if (!ok)
        generated_network_fini(out);
    return ok;
}

void generated_network_fini(struct generated_network *network) {
    free(network->relays);
    free(network->servers);
    free(network->clients);
    tgen_model_fini(&network->flows);
    tgen_model_fini(&network->streams);
    tgen_model_fini(&network->packets);
    memset(network, 0, sizeof(*network));
}
