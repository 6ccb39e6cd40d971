#include "origin/origin_onion.h"

#include "crypt/intro_auth.h"
#include "origin/origin_circuit.h"

enum err origin_onion_tell(struct origin_circuit *c, UNUSED nsec now, uint8_t command, struct span data) {
    if (c->state != ORIGIN_CIRCUIT_OPEN)
        return ERR_REFUSED;
    struct relay_message message = {.command = command, .data = data};
    return origin_path_send(&c->path, c->path.hop_count - 1u, CELL_RELAY, &message, CELL_MAY_FAIL);
}

enum err origin_onion_establish_intro(struct origin_circuit *c, nsec now, const uint8_t auth_seed[static 32],
                                      const uint8_t auth_key[static INTRO_AUTH_KEY_LEN],
                                      const struct intro_limit *limit) {
    if (c->state != ORIGIN_CIRCUIT_OPEN)
        return ERR_REFUSED;
    uint8_t body[ESTABLISH_INTRO_LEN_MAX];
    size_t length = intro_auth_write(c->origin->config.crypt, auth_seed, auth_key, limit,
                                     origin_path_last(&c->path)->kh, body);
    return origin_onion_tell(c, now, RELAY_ESTABLISH_INTRO, (struct span){body, length});
}

enum err origin_onion_join(struct origin_circuit *c, UNUSED nsec now, const struct circuit_keys *keys,
                           bool is_service) {
    if (c->state != ORIGIN_CIRCUIT_OPEN)
        return ERR_REFUSED;
    if (c->path.hop_count == ORIGIN_HOPS_MAX)
        return ERR_LIMIT;
    struct circuit_keys ours = *keys;
    if (is_service) {
        ours.forward = keys->backward;
        ours.backward = keys->forward;
    }
    return origin_path_add(&c->path, &ours, &(struct circuit_terms){0});
}
