/* load_handshakes - circuit handshakes pressed through the relay under load: on each link a bounded number of CREATE2s waits for
 * its answer, and a circuit that was answered is destroyed in the same record that asks for the next.
 *
 * So the relay's tables stay as small as that bound, and so does its queue, which must not be long enough for it to refuse.
 * One answer of options->proven_every is proven, which costs what it cost the relay; of the others it is known that their
 * circuit had been asked for.
 * Owner: main. Thread: the generator has one. Bound: options->circuits under way, over all links. */
#ifndef LOOM_LOAD_LOAD_HANDSHAKES_H
#define LOOM_LOAD_LOAD_HANDSHAKES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/nsec.h"
#include "load/load_options.h"
#include "native/complaint.h"

struct crypt_provider;
struct load_handshakes;
struct load_net;

struct load_handshakes_count {
    uint64_t answered, refused; /* CREATED2 and DESTROY cells */
    uint64_t proven, wrong; /* answers proven; bad ones, those that nobody had asked for, and links lost */
    uint32_t under_way;
};

/* Dial all links. Borrows everything. NULL with a complaint when the relay's onion key is none. */
MUST_USE struct load_handshakes *load_handshakes_new(struct load_net *net, const struct crypt_provider *crypt,
                                                     const struct load_options *options,
                                                     struct complaint *complaint);
/* NULL is fine. */
void load_handshakes_free(struct load_handshakes *h);
/* Wait until all links are open. False with a complaint when that time comes before, or one is lost. */
MUST_USE bool load_handshakes_open(struct load_handshakes *h, nsec until, struct complaint *complaint);
/* Keep as many under way as may be, until that time. */
void load_handshakes_run(struct load_handshakes *h, nsec until);
/* Ask for nothing more and wait for what is under way, at most until that time. */
void load_handshakes_drain(struct load_handshakes *h, nsec until);
void load_handshakes_read(const struct load_handshakes *h, struct load_handshakes_count *out);
/* Static text: the cipher of the first link. */
const char *load_handshakes_cipher(const struct load_handshakes *h);

#endif
