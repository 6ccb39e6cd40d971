/* origin_onion - what a circuit's origin does as an onion service, or as a client of one: it says messages to the last hop,
 * hears them as ORIGIN_EVENT_CIRCUIT_MESSAGE, and goes on behind the rendezvous to the other origin.
 *
 * What the messages say is in wire/onion_messages.h; descriptors and the hs-ntor handshake are the user's.
 * Owner: the circuit's link's thread. */
#ifndef LOOM_ORIGIN_ORIGIN_ONION_H
#define LOOM_ORIGIN_ORIGIN_ONION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/nsec.h"
#include "crypt/circuit_keys.h"
#include "wire/onion_messages.h"

struct origin_circuit;

/* Say a message of this command, without a stream, to the last hop. ERR_REFUSED when the circuit is not open, ERR_LIMIT
 * without a cell. data fits the last hop's messages. */
MUST_USE enum err origin_onion_tell(struct origin_circuit *c, nsec now, uint8_t command, struct span data);
/* ESTABLISH_INTRO for the service that has this key: the last hop becomes its introduction point. */
MUST_USE enum err origin_onion_establish_intro(struct origin_circuit *c, nsec now,
                                               const uint8_t auth_seed[static 32],
                                               const uint8_t auth_key[static INTRO_AUTH_KEY_LEN],
                                               const struct intro_limit *limit);
/* RENDEZVOUS2 has come, or RENDEZVOUS1 has been said: the other origin is the last hop from now on. Both have the same keys;
 * forward is towards the service. ERR_REFUSED when the circuit is not open, ERR_LIMIT at a bound or without memory. */
MUST_USE enum err origin_onion_join(struct origin_circuit *c, nsec now, const struct circuit_keys *keys,
                                    bool is_service);

#endif
