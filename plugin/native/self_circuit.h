/* self_circuit - a circuit of our own through another relay back to our ORPort: what the outside can reach, it can end with;
 * and DROP cells over it, whose rate is the first that we know of our bandwidth.
 *
 * The first hop is asked by CREATE_FAST, so that the consensus is all that is to be known of it; to it we are a client.
 * Owner and thread: main, the thread of the event base; the owner looks at it now and then, nobody is called.
 * Memory: about 100 kB while it lives. Bound: SELF_CIRCUIT_RECORDS_A_TURN records for each event; its owner gives it up
 * after a time. */
#ifndef LOOM_NATIVE_SELF_CIRCUIT_H
#define LOOM_NATIVE_SELF_CIRCUIT_H

#include <stdint.h>

#include "base/attributes.h"
#include "wire/address.h"

struct crypt_provider;
struct event_base;
struct self_circuit;
struct tls_identity;

#define SELF_CIRCUIT_RECORDS_A_TURN 4u /* 62 kB: then it is the turn of others */

struct self_circuit_relay {
    struct endpoint at;
    uint8_t rsa_id[20];
};

struct self_circuit_options {
    struct event_base *base; /* borrowed, as crypt */
    const struct crypt_provider *crypt;
    const struct tls_identity *identity; /* for its client side; used by self_circuit_new only */
    struct self_circuit_relay first;
    struct self_circuit_relay us; /* as advertised */
    uint8_t our_ed_id[32];
    uint8_t our_onion_key[32];
    uint32_t drops; /* cells to be sent once we are reached */
};

enum self_circuit_state {
    SELF_CIRCUIT_BUILDING,
    SELF_CIRCUIT_REACHED, /* we have answered ourselves; DROPs are on their way */
    SELF_CIRCUIT_SENT,    /* the last one has been written */
    SELF_CIRCUIT_FAILED,
};

/* Copies options. NULL when the connection cannot even begin. */
MUST_USE struct self_circuit *self_circuit_new(const struct self_circuit_options *options);
/* NULL is fine. */
void self_circuit_free(struct self_circuit *c);

enum self_circuit_state self_circuit_state(const struct self_circuit *c);
/* Why it failed, for the log: static text. */
const char *self_circuit_failure(const struct self_circuit *c);
/* Bytes of cells so far. */
uint64_t self_circuit_sent(const struct self_circuit *c);
uint64_t self_circuit_received(const struct self_circuit *c);

#endif
