/* far_end - the relays of a circuit as a test plays them for its origin: they answer handshakes, peel what comes, and say
 * what the test wants them to. Symbolic cryptography. */
#ifndef LOOM_SUPPORT_FAR_END_H
#define LOOM_SUPPORT_FAR_END_H

#include <string.h>

#include "base/check.h"
#include "core/job.h"
#include "crypt/create_fast.h"
#include "crypt/symbolic.h"
#include "support/symbolic_identity.h"
#include "wire/cell.h"
#include "wire/circuit_messages.h"
#include "wire/relay_cell.h"

#define FAR_HOPS_MAX   8u
#define FAR_LAYER_SIZE 256u
#define FAR_NOBODY     (-1)

struct far_hop {
    _Alignas(16) uint8_t forward[FAR_LAYER_SIZE];
    _Alignas(16) uint8_t backward[FAR_LAYER_SIZE];
    enum relay_format format;
};

struct far_end {
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct symbolic_identity identities[FAR_HOPS_MAX];
    struct far_hop hops[FAR_HOPS_MAX];
    unsigned hop_count;
    struct circuit_offer offer; /* what the relays grant */
    struct work work;
};

static inline void far_end_init(struct far_end *far) {
    *far = (struct far_end){.hop_count = 0};
    far->crypt = symbolic_provider(&far->symbolic, 77);
    CHECK(layer_size_max(far->crypt) <= FAR_LAYER_SIZE);
    for (uint8_t i = 0; i < FAR_HOPS_MAX; i++)
        symbolic_identity_make(&far->identities[i], far->crypt, (uint8_t)(i + 1));
}

/* The next relay answers an onion skin as relays do, and becomes a hop. */
static inline enum err far_end_answer(struct far_end *far, enum job_kind kind, struct span onionskin,
                                      struct job_result *out) {
    struct job job = {.kind = kind, .offer = far->offer, .data_length = (uint16_t)onionskin.length};
    CHECK(far->hop_count < FAR_HOPS_MAX);
    CHECK(onionskin.length <= sizeof job.data);
    memcpy(job.data, onionskin.data, onionskin.length);
    struct far_hop *hop = &far->hops[far->hop_count];
    job_run(&job, far->crypt, &far->identities[far->hop_count].ntor, out, &far->work);
    if (out->error)
        return out->error;
    far->crypt->layer_init(hop->forward, LAYER_RELAY_FORWARD, &out->keys.forward);
    far->crypt->layer_init(hop->backward, LAYER_RELAY_BACKWARD, &out->keys.backward);
    hop->format = layer_format(out->keys.forward.kind);
    far->hop_count++;
    return ERR_OK;
}

/* The same for what a CREATE2 or an EXTEND2 says. */
static inline enum err far_end_answer_create2(struct far_end *far, const struct create2_message *m,
                                              struct job_result *out) {
    if (m->type != HANDSHAKE_NTOR && m->type != HANDSHAKE_NTOR_V3)
        return ERR_UNSUPPORTED;
    return far_end_answer(far, m->type == HANDSHAKE_NTOR ? JOB_NTOR_ANSWER : JOB_NTOR_V3_ANSWER, m->data,
                          out);
}

/* Answer the body of a CREATE_FAST with that of a CREATED_FAST. */
static inline void far_end_create_fast(struct far_end *far, const uint8_t *create,
                                       uint8_t created_out[static CELL_BODY_LEN]) {
    struct job_result result;
    CHECK(far_end_answer(far, JOB_FAST_ANSWER, (struct span){create, CREATE_FAST_LEN}, &result) == ERR_OK);
    memset(created_out, 0, CELL_BODY_LEN);
    memcpy(created_out, result.reply, result.reply_length);
}

/* Answer the body of a CREATE2 with that of a CREATED2. */
static inline enum err far_end_create(struct far_end *far, const uint8_t *create,
                                      uint8_t created_out[static CELL_BODY_LEN]) {
    struct create2_message m;
    struct job_result result;
    enum err e = create2_decode((struct span){create, CELL_BODY_LEN}, &m);
    if (e == ERR_OK)
        e = far_end_answer_create2(far, &m, &result);
    struct bytes_out out = bytes_out(created_out, CELL_BODY_LEN);
    memset(created_out, 0, CELL_BODY_LEN);
    if (e == ERR_OK)
        created2_encode(&out, (struct span){result.reply, result.reply_length});
    return e;
}

/* Peel body in place as the relays do; the hop that recognizes it, or FAR_NOBODY. */
static inline int far_end_hear(struct far_end *far, uint8_t command, uint8_t *body,
                               struct relay_message *out) {
    struct crypt_cell cell = {.from = body, .to = body, .command = command};
    for (unsigned i = 0; i < far->hop_count; i++) {
        far->crypt->layer_crypt(far->hops[i].forward, &cell, 1, &far->work);
        if (!far->crypt->layer_recognize(far->hops[i].forward, &cell, &far->work))
            continue;
        CHECK(relay_message_decode(far->hops[i].format, body, out) == ERR_OK);
        return (int)i;
    }
    return FAR_NOBODY;
}

/* Wrap what hop says to the origin. */
static inline void far_end_wrap(struct far_end *far, unsigned hop, uint8_t *body) {
    struct crypt_cell cell = {.from = body, .to = body, .command = CELL_RELAY};
    far->crypt->layer_originate(far->hops[hop].backward, &cell, &far->work);
    for (unsigned i = hop; i > 0; i--)
        far->crypt->layer_crypt(far->hops[i - 1].backward, &cell, 1, &far->work);
}

static inline void far_end_say(struct far_end *far, unsigned hop, uint8_t command, uint16_t stream,
                               struct span data, uint8_t body_out[static CELL_BODY_LEN]) {
    struct relay_message m = {.command = command, .stream = stream, .data = data};
    relay_message_encode(far->hops[hop].format, body_out, &m, NULL);
    far_end_wrap(far, hop, body_out);
}

#endif
