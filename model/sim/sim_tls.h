/* sim_tls - TLS between simulated hosts, as far as the network sees it: three flights of their usual lengths, one round trip
 * after TCP's (RFC 8446), and a secret that both ends know. There are no keys and nothing is checked: who is who is found
 * out by the link handshake inside, which is the real one. Its price is that of a link handshake (base/work.h).
 * The cipher, as plugin/native/tls_identity has it: who wants AES-256 (tor always) offers all and takes what the other wants; who
 * wants another one offers that alone, and prefers it when dialled. So it is AES-256 unless one end wants another, and
 * if both do, what the dialler wants. */
#ifndef LOOM_SIM_SIM_TLS_H
#define LOOM_SIM_SIM_TLS_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/link_cipher.h"
#include "core/link_facts.h"
#include "des/engine.h"
#include "sim/sim_message.h"

struct sim_tls {
    uint64_t secret;
    uint8_t cipher; /* enum link_cipher: what was agreed on; before that, of a dialler, nothing */
};

/* The dialler's first flight. NULL without memory, and then the run stops. */
MUST_USE struct sim_message *sim_tls_hello(struct sim_tls *tls, struct host *host, enum link_cipher wanted);
/* The other end's answer to it, and the dialler's last word. */
MUST_USE struct sim_message *sim_tls_answer(struct sim_tls *tls, struct host *host, enum link_cipher wanted,
                                            const struct sim_message *hello);
MUST_USE struct sim_message *sim_tls_finish(struct sim_tls *tls, struct host *host,
                                            const struct sim_message *answer);
/* The exporter of link_facts; tls must stay where it is until the link is open. */
void sim_tls_facts(struct sim_tls *tls, struct link_facts *facts_out);

#endif
