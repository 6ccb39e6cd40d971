#include "native/dns_channel.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/check.h"
#include "base/list.h"
#include "native/heap.h"
#include "wire/text.h"

#define DNS_PORT    53
#define SERVERS_MAX 8u
#define EDNS_ROOM   1232 /* fits every path without fragments */

struct dns_channel {
    struct event_base *base;
    ares_channel ares;
    struct event *timer;
    struct list sockets; /* struct dns_socket */
};

/* A socket of c-ares, as long as it wants to hear of it. */
struct dns_socket {
    struct list node;
    struct event *event;
    evutil_socket_t fd;
};

/* --- what c-ares wants of the loop ------------------------------------------------------------------------------ */

static void set_timer(struct dns_channel *channel) {
    struct timeval room;
    const struct timeval *wait = ares_timeout(channel->ares, NULL, &room);
    if (wait != NULL)
        evtimer_add(channel->timer, wait);
    else
        evtimer_del(channel->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *argument) {
    struct dns_channel *channel = argument;
    (void)fd;
    (void)what;
    ares_process_fd(channel->ares, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(channel);
}

static void on_socket(evutil_socket_t fd, short what, void *argument) {
    struct dns_channel *channel = argument;
    ares_process_fd(channel->ares, what & EV_READ ? fd : ARES_SOCKET_BAD,
                    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    set_timer(channel);
}

static struct dns_socket *find_socket(struct dns_channel *channel, evutil_socket_t fd) {
    for (struct list *node = channel->sockets.next; node != &channel->sockets; node = node->next) {
        struct dns_socket *entry = LIST_ENTRY(node, struct dns_socket, node);
        if (entry->fd == fd)
            return entry;
    }
    return NULL;
}

static void forget_socket(struct dns_socket *entry) {
    event_free(entry->event);
    list_remove(&entry->node);
    free(entry);
}

/* c-ares opens, uses or closes a socket. */
static void on_socket_state(void *argument, ares_socket_t fd, int readable, int writable) {
    struct dns_channel *channel = argument;
    struct dns_socket *entry = find_socket(channel, fd);
    if (entry != NULL)
        forget_socket(entry);
    if (!readable && !writable)
        return;
    entry = heap_new(sizeof *entry);
    entry->fd = fd;
    entry->event = event_new(channel->base, fd,
                             (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST),
                             on_socket, channel);
    CHECK(entry->event != NULL && event_add(entry->event, NULL) == 0);
    list_append(&channel->sockets, &entry->node);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

/* The next name server that file names, as c-ares wants it: with a port, which it cannot read from the file itself. */
static bool next_server(FILE *file, char out[static ENDPOINT_TEXT_MAX]) {
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        struct endpoint server = {.port = DNS_PORT};
        struct span rest = span_of(line);
        rest.length = strcspn(line, "\r\n");
        if (!span_is(text_word(&rest), "nameserver"))
            continue;
        struct span word = text_word(&rest);
        if (!address_parse((const char *)word.data, word.length, &server.address) &&
            !endpoint_parse((const char *)word.data, word.length, &server))
            continue;
        endpoint_format(&server, out);
        return true;
    }
    return false;
}

/* Its name servers; without any it is the one of this machine, as with tor. */
static bool use_servers(ares_channel ares, const char *path, struct complaint *complaint) {
    char servers[SERVERS_MAX * (ENDPOINT_TEXT_MAX + 1)] = "", server[ENDPOINT_TEXT_MAX];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return complain(complaint, "ServerDNSResolvConfFile: cannot open %s", path);
    for (unsigned count = 0; count < SERVERS_MAX && next_server(file, server); count++)
        snprintf(servers + strlen(servers), sizeof servers - strlen(servers), "%s%s", count ? "," : "",
                 server);
    fclose(file);
    int status = ares_set_servers_ports_csv(ares, servers[0] != '\0' ? servers : "127.0.0.1:53");
    return status == ARES_SUCCESS ||
           complain(complaint, "%s: cannot use its name servers: %s", path, ares_strerror(status));
}

static bool open_ares(struct dns_channel *channel, const char *resolv_conf, struct dns_patience patience,
                      struct complaint *complaint) {
    struct ares_options options = {
        .flags = ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
        .timeout = (int)patience.timeout_ms,
        .tries = (int)patience.tries,
        .ednspsz = EDNS_ROOM,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = channel,
    };
    char *path = NULL;
    int mask =
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;
    if (resolv_conf != NULL) {
        path = strdup(resolv_conf);
        CHECK(path != NULL);
        options.resolvconf_path = path;
        mask |= ARES_OPT_RESOLVCONF;
    }
    int status = ares_init_options(&channel->ares, &options, mask);
    free(path);
    if (status != ARES_SUCCESS)
        return complain(complaint, "cannot read the configuration of name servers: %s",
                        ares_strerror(status));
    if (resolv_conf == NULL || use_servers(channel->ares, resolv_conf, complaint))
        return true;
    ares_destroy(channel->ares);
    return false;
}

struct dns_channel *dns_channel_new(struct event_base *base, const char *resolv_conf,
                                    struct dns_patience patience, struct complaint *complaint) {
    struct dns_channel *channel = heap_new(sizeof *channel);
    CHECK(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
    channel->base = base;
    list_init(&channel->sockets);
    if (!open_ares(channel, resolv_conf, patience, complaint)) {
        ares_library_cleanup();
        free(channel);
        return NULL;
    }
    channel->timer = evtimer_new(base, on_timer, channel);
    CHECK(channel->timer != NULL);
    return channel;
}

void dns_channel_free(struct dns_channel *channel) {
    if (channel == NULL)
        return;
    ares_destroy(channel->ares);
    ares_library_cleanup();
    for (struct list *node = channel->sockets.next, *next; node != &channel->sockets; node = next) {
        next = node->next;
        forget_socket(LIST_ENTRY(node, struct dns_socket, node));
    }
    event_free(channel->timer);
    free(channel);
}

void dns_channel_ask(struct dns_channel *channel, const char *name, enum name_kind kind, bool searches,
                     dns_replied *replied, void *argument) {
    static const int types[] = {
        [NAME_OF_IPV4] = ns_t_a, [NAME_OF_IPV6] = ns_t_aaaa, [NAME_OF_ADDRESS] = ns_t_ptr};
    if (searches && kind != NAME_OF_ADDRESS)
        ares_search(channel->ares, name, ns_c_in, types[kind], replied, argument);
    else
        ares_query(channel->ares, name, ns_c_in, types[kind], replied, argument);
    set_timer(channel);
}
