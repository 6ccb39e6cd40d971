#include "native/resolver.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <event2/event.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/time.h>

#include "base/check.h"
#include "native/heap.h"
#include "native/name_records.h"
#include "native/turn_clock.h"
#include "wire/text.h"

#define DNS_PORT        53
#define SERVERS_MAX     8u
#define QUESTION_OFFSET 12   /* of the question in a DNS message (RFC 1035, 4.1) */
#define EDNS_ROOM       1232 /* fits every path without fragments */

struct resolver {
    struct event_base *base;
    void (*done)(void *context, void *user, const struct name_answer *answer);
    void *context;
    struct resolver_options options;
    ares_channel channel;
    struct event *timer;
    struct list sockets;  /* struct dns_socket */
    struct list requests; /* struct request */
    struct name_records records;
    bool is_stopping;
};

/* A socket of c-ares, as long as it wants to hear of it. */
struct dns_socket {
    struct list node;
    struct event *event;
    evutil_socket_t fd;
};

/* Somebody's question: up to two records have to be answered. */
struct request {
    struct list node;
    struct resolver *resolver;
    void *user;
    unsigned open;
    bool has_transient;
    struct name_answer answer;
    struct waiter {
        struct list node; /* in a record */
        struct request *request;
    } waiters[2];
    unsigned waiters_used;
};

/* A question on its way; the record stays as long as it is pending. */
struct lookup {
    struct resolver *resolver;
    struct name_record *record;
    char sent[NAME_TEXT_MAX]; /* the name as it was sent */
};

/* --- what c-ares wants of the loop ------------------------------------------------------------------------------ */

static void set_timer(struct resolver *resolver) {
    struct timeval room;
    const struct timeval *wait = ares_timeout(resolver->channel, NULL, &room);
    if (wait != NULL)
        evtimer_add(resolver->timer, wait);
    else
        evtimer_del(resolver->timer);
}

static void on_timer(evutil_socket_t fd, short what, void *argument) {
    struct resolver *resolver = argument;
    (void)fd;
    (void)what;
    ares_process_fd(resolver->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer(resolver);
}

static void on_socket(evutil_socket_t fd, short what, void *argument) {
    struct resolver *resolver = argument;
    ares_process_fd(resolver->channel, what & EV_READ ? fd : ARES_SOCKET_BAD,
                    what & EV_WRITE ? fd : ARES_SOCKET_BAD);
    set_timer(resolver);
}

static struct dns_socket *find_socket(struct resolver *resolver, evutil_socket_t fd) {
    for (struct list *node = resolver->sockets.next; node != &resolver->sockets; node = node->next) {
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
    struct resolver *resolver = argument;
    struct dns_socket *entry = find_socket(resolver, fd);
    if (entry != NULL)
        forget_socket(entry);
    if (!readable && !writable)
        return;
    entry = heap_new(sizeof *entry);
    entry->fd = fd;
    entry->event = event_new(resolver->base, fd,
                             (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST),
                             on_socket, resolver);
    CHECK(entry->event != NULL && event_add(entry->event, NULL) == 0);
    list_append(&resolver->sockets, &entry->node);
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
static bool use_servers(struct resolver *resolver, struct complaint *complaint) {
    char servers[SERVERS_MAX * (ENDPOINT_TEXT_MAX + 1)] = "", server[ENDPOINT_TEXT_MAX];
    const char *path = resolver->options.resolv_conf;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return complain(complaint, "ServerDNSResolvConfFile: cannot open %s", path);
    for (unsigned count = 0; count < SERVERS_MAX && next_server(file, server); count++)
        snprintf(servers + strlen(servers), sizeof servers - strlen(servers), "%s%s", count ? "," : "",
                 server);
    fclose(file);
    int status = ares_set_servers_ports_csv(resolver->channel, servers[0] != '\0' ? servers : "127.0.0.1:53");
    return status == ARES_SUCCESS ||
           complain(complaint, "%s: cannot use its name servers: %s", path, ares_strerror(status));
}

static bool open_channel(struct resolver *resolver, struct complaint *complaint) {
    struct ares_options options = {
        .flags = ARES_FLAG_NOALIASES | ARES_FLAG_EDNS,
        .timeout = RESOLVER_TIMEOUT_MS,
        .tries = RESOLVER_TRIES,
        .ednspsz = EDNS_ROOM,
        .sock_state_cb = on_socket_state,
        .sock_state_cb_data = resolver,
    };
    char *path = NULL;
    int mask =
        ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;
    if (resolver->options.resolv_conf != NULL) {
        path = strdup(resolver->options.resolv_conf);
        CHECK(path != NULL);
        options.resolvconf_path = path;
        mask |= ARES_OPT_RESOLVCONF;
    }
    int status = ares_init_options(&resolver->channel, &options, mask);
    free(path);
    if (status != ARES_SUCCESS)
        return complain(complaint, "cannot read the configuration of name servers: %s",
                        ares_strerror(status));
    if (resolver->options.resolv_conf == NULL || use_servers(resolver, complaint))
        return true;
    ares_destroy(resolver->channel);
    return false;
}

struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options,
                              void (*done)(void *context, void *user, const struct name_answer *answer),
                              void *context, struct complaint *complaint) {
    struct resolver *resolver = heap_new(sizeof *resolver);
    CHECK(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
    resolver->base = base;
    resolver->done = done;
    resolver->context = context;
    resolver->options = *options;
    list_init(&resolver->sockets);
    list_init(&resolver->requests);
    if (!open_channel(resolver, complaint)) {
        ares_library_cleanup();
        free(resolver);
        return NULL;
    }
    name_records_init(&resolver->records, RESOLVER_RECORDS_MAX);
    resolver->timer = evtimer_new(base, on_timer, resolver);
    CHECK(resolver->timer != NULL);
    return resolver;
}

void resolver_free(struct resolver *resolver) {
    if (resolver == NULL)
        return;
    resolver->is_stopping = true;
    ares_destroy(resolver->channel); /* ends every lookup, and so every request */
    ares_library_cleanup();
    CHECK(list_is_empty(&resolver->requests));
    for (struct list *node = resolver->sockets.next, *next; node != &resolver->sockets; node = next) {
        next = node->next;
        forget_socket(LIST_ENTRY(node, struct dns_socket, node));
    }
    event_free(resolver->timer);
    name_records_fini(&resolver->records);
    free(resolver);
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

static void request_close_one(struct request *request) {
    struct resolver *resolver = request->resolver;
    struct name_answer *answer = &request->answer;
    if (--request->open > 0)
        return;
    if (answer->count == 0 && answer->host[0] == '\0')
        answer->status = request->has_transient ? NAME_TRANSIENT : NAME_NONTRANSIENT;
    list_remove(&request->node);
    resolver->done(resolver->context, request->user, answer);
    free(request);
}

static void request_take(struct request *request, const struct name_answer *from) {
    struct name_answer *to = &request->answer;
    request->has_transient |= from->status == NAME_TRANSIENT;
    if (from->status != NAME_FOUND)
        return;
    for (uint8_t i = 0; i < from->count && to->count < NAME_ANSWERS_MAX; i++)
        to->addresses[to->count++] = from->addresses[i];
    if (from->host[0] != '\0')
        memcpy(to->host, from->host, sizeof to->host);
}

static uint32_t random_below(uint32_t limit) {
    uint32_t value;
    CHECK(getrandom(&value, sizeof value, 0) == (ssize_t)sizeof value);
    return value % limit;
}

static void record_answer(struct resolver *resolver, struct name_record *record,
                          const struct name_answer *answer, uint32_t ttl_s) {
    struct list *node;
    name_records_answer(&resolver->records, monotonic_read(), record, answer, ttl_s,
                        random_below(2 * NAME_TTL_FUZZ_S + 1));
    while ((node = list_take_first(&record->waiters)) != NULL) {
        struct request *request = LIST_ENTRY(node, struct waiter, node)->request;
        request_take(request, answer);
        request_close_one(request);
    }
}

/* Half of each answer's room for each family. */
#define ADDRESSES_MAX (NAME_ANSWERS_MAX / 2)

static void least(uint32_t *ttl_s, int other_s) {
    if (other_s >= 0 && (uint32_t)other_s < *ttl_s)
        *ttl_s = (uint32_t)other_s;
}

static int parse_ipv4(const uint8_t *bytes, int length, struct name_answer *out, uint32_t *ttl_s) {
    struct ares_addrttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    int status = ares_parse_a_reply(bytes, length, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        struct address *address = &out->addresses[out->count++];
        address->family = ADDRESS_IPV4;
        memcpy(address->bytes, &found[i].ipaddr, 4);
        least(ttl_s, found[i].ttl);
    }
    return status;
}

static int parse_ipv6(const uint8_t *bytes, int length, struct name_answer *out, uint32_t *ttl_s) {
    struct ares_addr6ttl found[ADDRESSES_MAX];
    int count = ADDRESSES_MAX;
    int status = ares_parse_aaaa_reply(bytes, length, NULL, found, &count);
    for (int i = 0; status == ARES_SUCCESS && i < count; i++) {
        struct address *address = &out->addresses[out->count++];
        address->family = ADDRESS_IPV6;
        memcpy(address->bytes, &found[i].ip6addr, 16);
        least(ttl_s, found[i].ttl);
    }
    return status;
}

/* Names are text that goes to clients as it is: nothing but what host names have. */
static bool is_host_name(const char *text) {
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return length > 0 && length <= BEGIN_HOST_MAX && text[length] == '\0';
}

static int parse_name(const uint8_t *bytes, int length, struct name_answer *out) {
    struct hostent *host = NULL;
    int status = ares_parse_ptr_reply(bytes, length, NULL, 0, AF_INET, &host);
    if (status == ARES_SUCCESS && host->h_name != NULL && is_host_name(host->h_name))
        memcpy(out->host, host->h_name, strlen(host->h_name) + 1);
    if (host != NULL)
        ares_free_hostent(host);
    return status;
}

/* Does the answer repeat the question as we spelt it? */
static bool is_spelt_as_sent(const char *sent, const uint8_t *bytes, size_t length) {
    size_t at = QUESTION_OFFSET;
    for (const char *label = sent; *label != '\0';) {
        size_t size = strcspn(label, ".");
        if (at + 1 + size > length || bytes[at] != size || memcmp(bytes + at + 1, label, size) != 0)
            return false;
        at += 1 + size;
        label += size + (label[size] == '.');
    }
    return at < length && bytes[at] == 0;
}

static enum name_status status_of(int status) {
    switch (status) {
    case ARES_SUCCESS: return NAME_FOUND;
    case ARES_ENODATA:
    case ARES_ENOTFOUND:
    case ARES_EBADNAME: return NAME_NONTRANSIENT;
    default: return NAME_TRANSIENT;
    }
}

static int parse(const struct lookup *lookup, const uint8_t *bytes, int length, struct name_answer *out,
                 uint32_t *ttl_s) {
    const struct resolver_options *options = &lookup->resolver->options;
    if (options->randomize_case && !options->search_domains &&
        !is_spelt_as_sent(lookup->sent, bytes, (size_t)length))
        return ARES_EBADRESP;
    switch (lookup->record->kind) {
    case NAME_OF_IPV4: return parse_ipv4(bytes, length, out, ttl_s);
    case NAME_OF_IPV6: return parse_ipv6(bytes, length, out, ttl_s);
    case NAME_OF_ADDRESS: return parse_name(bytes, length, out);
    }
    return ARES_EBADRESP;
}

static void on_reply(void *argument, int status, int timeouts, unsigned char *bytes, int length) {
    struct lookup *lookup = argument;
    struct name_answer answer = {.count = 0};
    uint32_t ttl_s = UINT32_MAX;
    (void)timeouts;
    if (status == ARES_SUCCESS)
        status = parse(lookup, bytes, length, &answer, &ttl_s);
    answer.status = (uint8_t)status_of(status);
    if (answer.status == NAME_FOUND && answer.count == 0 && answer.host[0] == '\0')
        answer.status = NAME_NONTRANSIENT;
    record_answer(lookup->resolver, lookup->record, &answer, ttl_s == UINT32_MAX ? 0 : ttl_s);
    free(lookup);
}

/* --- questions -------------------------------------------------------------------------------------------------- */

/* "Increased DNS forgery resistance through 0x20-bit encoding": the case of letters is a secret between us and who is
 * really asked. */
static void spell(const struct resolver *resolver, const char *text, char *out) {
    uint8_t coins[NAME_TEXT_MAX / 8 + 1] = {0};
    if (resolver->options.randomize_case)
        CHECK(getrandom(coins, sizeof coins, 0) == (ssize_t)sizeof coins);
    for (size_t i = 0; i == 0 || text[i - 1] != '\0'; i++) {
        bool is_upper = text[i] >= 'a' && text[i] <= 'z' && coins[i / 8] >> i % 8 & 1;
        out[i] = is_upper ? (char)(text[i] - 'a' + 'A') : text[i];
    }
}

static void launch(struct resolver *resolver, struct name_record *record) {
    static const int types[] = {
        [NAME_OF_IPV4] = ns_t_a, [NAME_OF_IPV6] = ns_t_aaaa, [NAME_OF_ADDRESS] = ns_t_ptr};
    struct lookup *lookup = heap_new(sizeof *lookup);
    lookup->resolver = resolver;
    lookup->record = record;
    spell(resolver, record->text, lookup->sent);
    /* Both may call on_reply at once. */
    if (resolver->options.search_domains && record->kind != NAME_OF_ADDRESS)
        ares_search(resolver->channel, lookup->sent, ns_c_in, types[record->kind], on_reply, lookup);
    else
        ares_query(resolver->channel, lookup->sent, ns_c_in, types[record->kind], on_reply, lookup);
}

static void ask_one(struct request *request, enum name_kind kind, const char *text) {
    struct resolver *resolver = request->resolver;
    struct name_record *record = name_records_find(&resolver->records, monotonic_read(), kind, text);
    if (record != NULL && !record->is_pending) {
        request_take(request, &record->answer);
        return;
    }
    bool is_new = record == NULL;
    if (is_new && resolver->records.pending < RESOLVER_PENDING_MAX)
        record = name_records_add(&resolver->records, kind, text);
    if (record == NULL) {
        request->has_transient = true;
        return;
    }
    struct waiter *waiter = &request->waiters[request->waiters_used++];
    waiter->request = request;
    list_append(&record->waiters, &waiter->node);
    request->open++;
    if (is_new)
        launch(resolver, record);
}

static void put_reverse_name(const struct address *address, char *out) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *b = address->bytes;
    if (address->family == ADDRESS_IPV4) {
        snprintf(out, NAME_TEXT_MAX, "%u.%u.%u.%u.in-addr.arpa", b[3], b[2], b[1], b[0]);
        return;
    }
    for (unsigned i = 0; i < 16; i++) {
        *out++ = digits[b[15 - i] & 15];
        *out++ = '.';
        *out++ = digits[b[15 - i] >> 4];
        *out++ = '.';
    }
    memcpy(out, "ip6.arpa", sizeof "ip6.arpa");
}

/* tor asks nobody about names that no host can have (ServerDNSAllowNonRFC953Hostnames); and onion names are nobody's
 * business (RFC 7686). */
static bool may_ask(const struct resolver *resolver, const char *host) {
    size_t length = strlen(host);
    if (length >= 6 && strcmp(host + length - 6, ".onion") == 0)
        return false;
    return resolver->options.allow_any_characters ? length <= BEGIN_HOST_MAX : is_host_name(host);
}

void resolver_ask(struct resolver *resolver, const struct name_query *query, void *user) {
    struct request *request = heap_new(sizeof *request);
    char text[NAME_TEXT_MAX] = "";
    request->resolver = resolver;
    request->user = user;
    request->open = 1; /* until everything is asked */
    list_append(&resolver->requests, &request->node);
    if (query->host[0] == '\0') {
        put_reverse_name(&query->address, text);
        ask_one(request, NAME_OF_ADDRESS, text);
    } else if (may_ask(resolver, query->host)) {
        size_t length = strlen(query->host);
        memcpy(text, query->host, length - (query->host[length - 1] == '.')); /* as it is written in full */
        if (query->wants_ipv4)
            ask_one(request, NAME_OF_IPV4, text);
        if (query->wants_ipv6)
            ask_one(request, NAME_OF_IPV6, text);
    }
    request_close_one(request);
    if (!resolver->is_stopping)
        set_timer(resolver);
}
