#include "sim/sim_tls.h"

#include <string.h>

#include "base/check.h"
#include "base/rng.h"

/* Plaintext of the flights as tor 0.4.9 and OpenSSL 3.0 send them. */
#define HELLO_BYTES 517u /* padded to 512 and the header of the message (RFC 7685) */
#define ANSWER_BYTES \
    1300u /* ServerHello 122, certificate of RSA-2048 about 800, its signature 264, Finished 52 */
#define FINISHED_BYTES 52u
#define HELLO_CONTENT  9u /* the secret, and the cipher that is wanted */

struct sim_message *sim_tls_hello(struct sim_tls *tls, struct host *host, enum link_cipher wanted) {
    tls->secret = rng_u64(host_rng(host));
    uint8_t content[HELLO_CONTENT];
    store_u32(content, (uint32_t)(tls->secret >> 32));
    store_u32(content + 4, (uint32_t)tls->secret);
    content[8] = (uint8_t)wanted;
    return sim_message_new(host, SIM_TLS_HELLO, HELLO_BYTES, (struct span){content, sizeof content});
}

struct sim_message *sim_tls_answer(struct sim_tls *tls, struct host *host, enum link_cipher wanted,
                                   const struct sim_message *hello) {
    CHECK(hello->kind == SIM_TLS_HELLO);
    uint8_t content[HELLO_CONTENT];
    CHECK(sim_message_content(hello, content, sizeof content) == sizeof content);
    tls->secret = (uint64_t)load_u32(content) << 32 | load_u32(content + 4);
    tls->cipher = content[8] == LINK_AES256 ? (uint8_t)wanted : content[8];
    return sim_message_new(host, SIM_TLS_SERVER, ANSWER_BYTES, (struct span){&tls->cipher, 1});
}

struct sim_message *sim_tls_finish(struct sim_tls *tls, struct host *host, const struct sim_message *answer) {
    CHECK(answer->kind == SIM_TLS_SERVER);
    CHECK(sim_message_content(answer, &tls->cipher, 1) == 1);
    return sim_message_new(host, SIM_TLS_FINISHED, FINISHED_BYTES, (struct span){NULL, 0});
}

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    const struct sim_tls *tls = context;
    struct rng rng;
    rng_seed(&rng, tls->secret ^ load_u32(cid));
    rng_fill(&rng, out, 32);
}

void sim_tls_facts(struct sim_tls *tls, struct link_facts *facts_out) {
    facts_out->export_secret = export_secret;
    facts_out->export_context = tls;
}
