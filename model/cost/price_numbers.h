/* price_numbers - the numbers of a price table one by one: their names, and which of them have a common source.
 *
 * What people measure is a machine, not a counter: if its kernel is slower than we think, all that the kernel does is. So numbers
 * of one source are taken to be wrong together, and those of different sources apart. Thread: any. */
#ifndef LOOM_COST_PRICE_NUMBERS_H
#define LOOM_COST_PRICE_NUMBERS_H

#include "cost/price.h"

enum price_source {
    PRICE_KERNEL,       /* calls, wakes, bytes to and from sockets */
    PRICE_LINK_CIPHER,  /* records and what is under their ciphers */
    PRICE_RELAY_CIPHER, /* layers of circuits */
    PRICE_PUBLIC_KEYS,  /* handshakes */
    PRICE_RELAY_CODE,   /* the relay's own */
    PRICE_CACHES,       /* what is cold, and from when on */
    PRICE_SIBLING,      /* hyperthreads */
};

#define PRICE_SOURCES 7u

uint32_t price_numbers_count(void);
/* As in profiles: "reads", "circuit_cold". */
const char *price_number_name(uint32_t number);
enum price_source price_number_source(uint32_t number);
const char *price_source_name(enum price_source source);
uint64_t price_number_get(const struct cost_table *table, uint32_t number);
/* value is within the bounds of price.h. */
void price_number_set(struct cost_table *table, uint32_t number, uint64_t value);

#endif
