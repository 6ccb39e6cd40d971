/* sites - the places in the source where atomic accesses are, and which of them are weakened for a try. */
#ifndef LOOM_LITMUS_SITES_H
#define LOOM_LITMUS_SITES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SITES_MAX     256u
#define SITE_NAME_MAX 160u

enum site_kind { SITE_LOAD, SITE_STORE, SITE_EXCHANGE, SITE_FENCE };

/* A line of the source; inlined copies of it are one site. */
struct site {
    enum site_kind kind;
    memory_order order;
    char name[SITE_NAME_MAX]; /* "flag_raise flag.h:23" */
};

const char *order_name(memory_order order);
const char *site_kind_name(enum site_kind kind);
/* Note where an access is, and answer with the order that it has in this try. */
memory_order sites_order(const void *pc, enum site_kind kind, memory_order order);
/* "flag_raise flag.h:23 in publish mailbox.c:98". Valid until the next call. */
const char *sites_describe(const void *pc);
/* All that have been met so far. */
uint32_t sites_list(struct site sites[static SITES_MAX]);
/* Until sites_restore, accesses at this site have this order. */
void sites_weaken(const struct site *site, memory_order order);
void sites_restore(void);

#endif
