/* http_client - bounded HTTP requests to addresses, over libevent's evhttp. Answers may come packed, and are unpacked.
 *
 * Whatever the other side does, a request ends: with an answer, or with status 0 after timeout_s at most; and takes no
 * more memory than bytes_max and HTTP_HEADER_BYTES_MAX.
 * Owner and thread: the thread of the event base. Memory: a request is its client's until its callback has run. */
#ifndef LOOM_NATIVE_HTTP_CLIENT_H
#define LOOM_NATIVE_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/list.h"
#include "native/byte_count.h"
#include "wire/address.h"

#define HTTP_HEADER_BYTES_MAX 8192
#define HTTP_REASON_MAX       80u

struct event_base;

struct http_client {
    struct event_base *base;
    struct list requests;
    struct byte_count bytes; /* all that have passed */
    bool is_resting;
};

struct http_order {
    struct endpoint to;
    const char *path;
    const char *diff_from; /* X-Or-Diff-From-Consensus, or NULL */
    struct span post;      /* data NULL: GET */
    size_t bytes_max;      /* of the answer's body, packed or not */
    uint32_t timeout_s;    /* for everything together */
    /* Called once, never from within http_send. */
    void (*done)(void *context, int status, const char *reason, struct span body);
    void *context;
};

/* Borrows base. */
void http_client_init(struct http_client *client, struct event_base *base);
/* Ends what is under way without calling back; not from within a callback. */
void http_client_fini(struct http_client *client);
/* Send no more until it is told otherwise: what is asked for meanwhile ends then, with status 0. What is under way goes on. */
void http_client_rest(struct http_client *client, bool rests);
/* Copies what order points to. False without memory. */
MUST_USE bool http_send(struct http_client *client, const struct http_order *order);

#endif
