/* metrics - MetricsPort: Prometheus text over HTTP at /metrics, for those whom MetricsPortPolicy accepts.
 *
 * Owner and thread: main, the thread of the event base. Bound: small requests, METRICS_TIMEOUT_S each. */
#ifndef LOOM_NATIVE_METRICS_H
#define LOOM_NATIVE_METRICS_H

#include "base/attributes.h"
#include "native/complaint.h"

#define METRICS_TIMEOUT_S 10

struct config;
struct evbuffer;
struct event_base;
struct metrics;

/* Bind every MetricsPort; fill(context, out) writes the text of one answer. Borrows all. NULL with a complaint when a
 * port cannot be bound. Without any MetricsPort it does nothing, and is not NULL. */
MUST_USE struct metrics *metrics_new(const struct config *config, struct event_base *base,
                                     void (*fill)(void *context, struct evbuffer *out), void *context,
                                     struct complaint *complaint);
/* NULL is fine. */
void metrics_free(struct metrics *metrics);

#endif
