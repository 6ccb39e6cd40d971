#include "native/self_check.h"

#include <string.h>

#include "base/check.h"
#include "crypt/circuit_keys.h"
#include "native/config.h"
#include "native/keys.h"
#include "native/log.h"
#include "wire/consensus.h"
#include "wire/protocol_list.h"

/* The subprotocol of relays that extend over IPv6, tor-spec 9.3. */
#define EXTENDS_OVER_IPV6 3u

static bool is_ipv6(const struct endpoint *endpoint) {
    return endpoint->address.family == ADDRESS_IPV6;
}

void self_check_init(struct self_check *test, const struct self_check_options *options) {
    const struct config *config = options->config;
    *test = (struct self_check){.options = *options,
                                .is_reachable =
                                    config->assume_reachable == CONFIG_YES ||
                                    (is_ipv6(&options->us) && config->assume_reachable_ipv6 == CONFIG_YES)};
    rng_seed(&test->rng, options->seed);
}

void self_check_fini(struct self_check *test) {
    self_circuit_free(test->circuit);
    test->circuit = NULL;
}

static bool may_be_asked(const struct self_check *test, const struct consensus_relay *relay) {
    const uint16_t asked = RELAY_RUNNING | RELAY_VALID;
    if ((relay->flags & asked) != asked || relay->ipv4.address.family == ADDRESS_NONE ||
        memcmp(relay->rsa_id, keys_rsa_id(test->options.keys), sizeof relay->rsa_id) == 0)
        return false;
    return !is_ipv6(&test->options.us) ||
           (is_ipv6(&relay->ipv6) && protocol_list_has(relay->protocols, "Relay", EXTENDS_OVER_IPV6));
}

/* Each relay that may be asked is as likely as any other to be among the candidates (reservoir sampling). */
void self_check_set_consensus(struct self_check *test, const struct consensus *consensus) {
    uint64_t seen = 0;
    test->candidate_count = 0;
    for (uint32_t i = 0; i < consensus->relay_count; i++) {
        const struct consensus_relay *relay = &consensus->relays[i];
        if (!may_be_asked(test, relay))
            continue;
        uint64_t place = seen < SELF_CHECK_CANDIDATES_MAX ? seen : rng_below(&test->rng, seen + 1);
        seen++;
        if (place >= SELF_CHECK_CANDIDATES_MAX)
            continue;
        test->candidates[place].at = relay->ipv4;
        memcpy(test->candidates[place].rsa_id, relay->rsa_id, sizeof relay->rsa_id);
    }
    test->candidate_count = seen < SELF_CHECK_CANDIDATES_MAX ? (uint32_t)seen : SELF_CHECK_CANDIDATES_MAX;
}

/* --- attempts --------------------------------------------------------------------------------------------------- */

static void drop_circuit(struct self_check *test) {
    test->sent += self_circuit_sent(test->circuit);
    test->received += self_circuit_received(test->circuit);
    self_circuit_free(test->circuit);
    test->circuit = NULL;
}

static void wait_longer(struct self_check *test) {
    uint64_t pause_s = test->failures < 6 ? UINT64_C(1) << test->failures : SELF_CHECK_PAUSE_S_MAX;
    test->failures++;
    test->next_at = test->seconds + pause_s;
}

static void describe_us(const struct self_check *test, struct self_circuit_options *out) {
    struct ntor_server_keys keys;
    keys_ntor(test->options.keys, &keys);
    memcpy(out->our_onion_key, keys.onion[0].public, sizeof out->our_onion_key);
    crypt_wipe(&keys, sizeof keys);
    memcpy(out->our_ed_id, keys_ed_id(test->options.keys), sizeof out->our_ed_id);
    memcpy(out->us.rsa_id, keys_rsa_id(test->options.keys), sizeof out->us.rsa_id);
    out->us.at = test->options.us;
}

static void say_begun(struct self_check *test) {
    char text[ENDPOINT_TEXT_MAX];
    if (test->complain_at != 0)
        return;
    test->complain_at = test->seconds + SELF_CHECK_COMPLAIN_S;
    if (test->is_reachable)
        return;
    endpoint_format(&test->options.us, text);
    log_notice(
        "Now checking whether ORPort %s is reachable... (this may take up to 20 minutes -- look for log "
        "messages indicating success)",
        text);
}

static void begin(struct self_check *test, const struct tls_identity *identity) {
    struct self_circuit_options options = {.base = test->options.base,
                                           .crypt = test->options.crypt,
                                           .identity = identity,
                                           .drops = test->options.measures ? SELF_CHECK_CELLS : 0};
    options.first = test->candidates[rng_below(&test->rng, test->candidate_count)];
    describe_us(test, &options);
    say_begun(test);
    test->begun_at = test->seconds;
    test->settled_at = 0;
    test->circuit = self_circuit_new(&options);
    if (test->circuit == NULL)
        wait_longer(test);
}

static bool is_due(const struct self_check *test, uint64_t observed) {
    if (test->candidate_count == 0 || test->seconds < test->next_at)
        return false;
    return !test->is_reachable ||
           (test->options.measures && (!test->is_measured || observed < SELF_CHECK_LOW));
}

/* --- what has come of it ---------------------------------------------------------------------------------------- */

static unsigned note_reached(struct self_check *test) {
    char text[ENDPOINT_TEXT_MAX];
    if (test->is_reachable)
        return 0;
    test->is_reachable = true;
    endpoint_format(&test->options.us, text);
    log_notice("Self-testing indicates your ORPort %s is reachable from the outside. Excellent.%s", text,
               test->options.config->publish_descriptor ? " Publishing server descriptor." : "");
    return SELF_CHECK_REACHABLE;
}

static unsigned note_sent(struct self_check *test) {
    if (test->settled_at == 0)
        test->settled_at = test->seconds + SELF_CHECK_SETTLE_S;
    if (test->seconds < test->settled_at)
        return 0;
    drop_circuit(test);
    log_notice("Performing bandwidth self-test...done.");
    test->is_measured = true;
    test->failures = 0;
    test->next_at = test->seconds + SELF_CHECK_AGAIN_S;
    return SELF_CHECK_MEASURED;
}

static bool is_built(const struct self_check *test) {
    enum self_circuit_state state = self_circuit_state(test->circuit);
    return state == SELF_CIRCUIT_REACHED || state == SELF_CIRCUIT_SENT;
}

static void note_failed(struct self_check *test) {
    log_info("A self-test through another relay failed: %s",
             is_built(test) ? "it was not over IPv6" : self_circuit_failure(test->circuit));
    drop_circuit(test);
    wait_longer(test);
}

/* The circuit was for the link that it makes: how it goes on does not matter. It stays for a moment, in which we may hear of that. */
static void look_for_proof(struct self_check *test) {
    bool is_late = test->seconds >= test->begun_at + SELF_CHECK_CIRCUIT_S;
    if (test->is_ipv6_proved) {
        drop_circuit(test);
        return;
    }
    if (is_built(test) && test->settled_at == 0)
        test->settled_at = test->seconds + SELF_CHECK_PROOF_S;
    bool is_over = is_built(test) && test->seconds >= test->settled_at;
    if (is_over || is_late || self_circuit_state(test->circuit) == SELF_CIRCUIT_FAILED)
        note_failed(test);
}

static unsigned look(struct self_check *test) {
    bool is_late = test->seconds >= test->begun_at + SELF_CHECK_CIRCUIT_S;
    unsigned news = 0;
    if (is_ipv6(&test->options.us)) {
        look_for_proof(test);
        return 0;
    }
    switch (self_circuit_state(test->circuit)) {
    case SELF_CIRCUIT_BUILDING: break;
    case SELF_CIRCUIT_REACHED: news = note_reached(test); break;
    case SELF_CIRCUIT_SENT: return note_reached(test) | note_sent(test);
    case SELF_CIRCUIT_FAILED: is_late = true; break;
    }
    if (is_late)
        note_failed(test);
    return news;
}

/* As tor: until somebody mends it, every twenty minutes. */
static void complain_if_due(struct self_check *test) {
    char text[ENDPOINT_TEXT_MAX];
    if (test->is_reachable || test->complain_at == 0 || test->seconds < test->complain_at)
        return;
    test->complain_at = test->seconds + SELF_CHECK_COMPLAIN_S;
    endpoint_format(&test->options.us, text);
    log_warn(
        "Your server has not managed to confirm reachability for its ORPort at %s. Relays do not publish "
        "descriptors until their ORPort is reachable. Please check your firewalls, ports, address, "
        "/etc/hosts file, etc.",
        text);
}

unsigned self_check_second(struct self_check *test, const struct tls_identity *identity, uint64_t observed) {
    unsigned news = 0;
    test->seconds++;
    if (test->is_ipv6_proved)
        news |= note_reached(test);
    if (test->circuit != NULL)
        news |= look(test);
    else if (is_due(test, observed))
        begin(test, identity);
    complain_if_due(test);
    return news;
}

void self_check_rest(struct self_check *test) {
    if (test->circuit != NULL)
        drop_circuit(test);
}

bool self_check_is_reachable(const struct self_check *test) {
    return test->is_reachable;
}

void self_check_prove_ipv6(struct self_check *test) {
    test->is_ipv6_proved = is_ipv6(&test->options.us);
}

bool self_check_is_measuring(const struct self_check *test) {
    return test->circuit != NULL;
}

void self_check_bytes(const struct self_check *test, uint64_t *received, uint64_t *sent) {
    *received += test->received;
    *sent += test->sent;
    if (test->circuit == NULL)
        return;
    *received += self_circuit_received(test->circuit);
    *sent += self_circuit_sent(test->circuit);
}
