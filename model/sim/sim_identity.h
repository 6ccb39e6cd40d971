/* sim_identity - who a simulated relay is, in the symbolic provider's keys, and how others name it.
 */
#ifndef LOOM_SIM_SIM_IDENTITY_H
#define LOOM_SIM_SIM_IDENTITY_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/memory.h"
#include "core/link_facts.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "origin/origin_circuit.h"

#define SIM_UNIX_S UINT64_C(1900000000) /* wall clock at time 0; certificates are valid around it */
#define SIM_PORT   9001u

struct sim_identity {
    struct link_credentials credentials; /* its certificates lie in text, or with whoever made them */
    struct ntor_server_keys ntor;
    uint8_t *text;
    size_t text_length;
};

/* 10.b.c.d of relay number `relay`. */
struct endpoint sim_relay_endpoint(uint32_t relay);
/* False when the address is of no relay. */
MUST_USE bool sim_relay_of(const struct endpoint *endpoint, uint32_t *relay_out);

/* Make the symbolic identity of relay number `relay`; it stays where it is. False without memory. */
MUST_USE bool sim_identity_make(struct sim_identity *identity, const struct memory *memory,
                                const struct crypt_provider *crypt, uint64_t seed, uint32_t relay);
void sim_identity_fini(struct sim_identity *identity, const struct memory *memory);
void sim_identity_target(const struct sim_identity *identity, uint32_t relay,
                         struct origin_target *target_out);

#endif
