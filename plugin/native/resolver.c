#include "native/resolver.h"

#include <ares.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/list.h"
#include "native/dns_reply.h"
#include "native/fair_shares.h"
#include "native/heap.h"
#include "native/name_records.h"
#include "native/turn_clock.h"

struct resolver {
    struct event_base *base;
    void (*done)(void *context, void *user, const struct name_answer *answer);
    void *context;
    struct resolver_options options;
    struct dns_channel *channel;
    struct dns_patience patience;
    struct list requests; /* struct request */
    struct name_records records;
    struct fair_shares pending; /* places for lookups */
    bool is_changing;           /* to another channel: what the old one has not answered is asked again */
};

/* Somebody's question: up to two records have to be answered. */
struct request {
    struct list node;
    struct resolver *resolver;
    uint64_t who;
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
    uint64_t who;             /* asked first */
    char sent[NAME_TEXT_MAX]; /* the name as it was sent */
};

/* --- life ------------------------------------------------------------------------------------------------------- */

static struct dns_channel *new_channel(const struct resolver *resolver, struct complaint *complaint) {
    return dns_channel_new(resolver->base, resolver->options.resolv_conf, resolver->patience, complaint);
}

struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options,
                              void (*done)(void *context, void *user, const struct name_answer *answer),
                              void *context, struct complaint *complaint) {
    struct resolver *resolver = heap_new(sizeof *resolver);
    resolver->base = base;
    resolver->done = done;
    resolver->context = context;
    resolver->options = *options;
    resolver->patience = (struct dns_patience){RESOLVER_TIMEOUT_MS, RESOLVER_TRIES};
    list_init(&resolver->requests);
    resolver->channel = new_channel(resolver, complaint);
    if (resolver->channel == NULL) {
        free(resolver);
        return NULL;
    }
    name_records_init(&resolver->records, RESOLVER_RECORDS_MAX);
    fair_shares_init(&resolver->pending, RESOLVER_PENDING_MAX);
    return resolver;
}

void resolver_free(struct resolver *resolver) {
    if (resolver == NULL)
        return;
    dns_channel_free(resolver->channel); /* ends every lookup, and so every request */
    CHECK(list_is_empty(&resolver->requests));
    fair_shares_fini(&resolver->pending);
    name_records_fini(&resolver->records);
    free(resolver);
}

bool resolver_set_patience(struct resolver *resolver, struct dns_patience patience,
                           struct complaint *complaint) {
    const struct dns_patience before = resolver->patience;
    struct dns_channel *old = resolver->channel;
    if (patience.timeout_ms == before.timeout_ms && patience.tries == before.tries)
        return true;
    resolver->patience = patience;
    resolver->channel = new_channel(resolver, complaint);
    if (resolver->channel == NULL) {
        resolver->channel = old;
        resolver->patience = before;
        return false;
    }
    resolver->is_changing = true;
    dns_channel_free(old);
    resolver->is_changing = false;
    return true;
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

static void on_reply(void *argument, int status, int timeouts, unsigned char *bytes, int length);

/* May be answered at once. */
static void ask_servers(struct lookup *lookup) {
    struct resolver *resolver = lookup->resolver;
    dns_channel_ask(resolver->channel, lookup->sent, lookup->record->kind, resolver->options.search_domains,
                    on_reply, lookup);
}

/* tor: with search domains the question may have been another. */
static bool is_believed(const struct lookup *lookup, const uint8_t *bytes, size_t length) {
    const struct resolver_options *options = &lookup->resolver->options;
    return !options->randomize_case || options->search_domains ||
           dns_reply_is_spelt(bytes, length, lookup->sent);
}

static void on_reply(void *argument, int status, int timeouts, unsigned char *bytes, int length) {
    struct lookup *lookup = argument;
    struct resolver *resolver = lookup->resolver;
    struct name_answer answer = {.status = (uint8_t)dns_reply_status(status)};
    uint32_t ttl_s = 0;
    (void)timeouts;
    if (status == ARES_EDESTRUCTION && resolver->is_changing) {
        ask_servers(lookup);
        return;
    }
    if (status == ARES_SUCCESS && is_believed(lookup, bytes, (size_t)length))
        dns_reply_parse(bytes, (size_t)length, lookup->record->kind, &answer, &ttl_s);
    else if (status == ARES_SUCCESS)
        answer.status = NAME_TRANSIENT;
    fair_shares_give_back(&resolver->pending, lookup->who);
    record_answer(resolver, lookup->record, &answer, ttl_s);
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

static void launch(struct resolver *resolver, uint64_t who, struct name_record *record) {
    struct lookup *lookup = heap_new(sizeof *lookup);
    lookup->resolver = resolver;
    lookup->who = who;
    lookup->record = record;
    spell(resolver, record->text, lookup->sent);
    ask_servers(lookup);
}

/* NULL: there is no place for it. */
static struct name_record *new_record(struct request *request, enum name_kind kind, const char *text) {
    struct resolver *resolver = request->resolver;
    if (!fair_shares_take(&resolver->pending, request->who))
        return NULL;
    struct name_record *record = name_records_add(&resolver->records, kind, text);
    if (record == NULL)
        fair_shares_give_back(&resolver->pending, request->who);
    return record;
}

static void ask_one(struct request *request, enum name_kind kind, const char *text) {
    struct resolver *resolver = request->resolver;
    struct name_record *record = name_records_find(&resolver->records, monotonic_read(), kind, text);
    if (record != NULL && !record->is_pending) {
        request_take(request, &record->answer);
        return;
    }
    bool is_new = record == NULL;
    if (is_new)
        record = new_record(request, kind, text);
    if (record == NULL) {
        request->has_transient = true;
        return;
    }
    struct waiter *waiter = &request->waiters[request->waiters_used++];
    waiter->request = request;
    list_append(&record->waiters, &waiter->node);
    request->open++;
    if (is_new)
        launch(resolver, request->who, record);
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
    return resolver->options.allow_any_characters ? length <= BEGIN_HOST_MAX : dns_is_host_name(host);
}

void resolver_ask(struct resolver *resolver, uint64_t who, const struct name_query *query, void *user) {
    struct request *request = heap_new(sizeof *request);
    char text[NAME_TEXT_MAX] = "";
    request->resolver = resolver;
    request->who = who;
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
}
