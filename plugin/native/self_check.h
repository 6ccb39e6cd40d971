/* self_check - whether others reach our ORPort, and a first measure of our bandwidth: circuits of our own through relays of the
 * consensus (self_circuit.h), when and how often as in tor.
 *
 * Reachable is what AssumeReachable and AssumeReachableIPv6 say, or what a circuit has shown once. For an IPv6 ORPort it goes through
 * a relay that can extend over IPv6; but that may know our IPv4 address, and choose it, so the proof is a link over IPv6 that
 * our owner has seen (self_check_prove_ipv6). The measure, if it is wanted, is SELF_CHECK_CELLS DROP cells; our owner adds the
 * bytes to what the relay moved (self_check_bytes), so that the observed bandwidth knows them. It is taken once, and again
 * after SELF_CHECK_AGAIN_S while less than SELF_CHECK_LOW has been observed.
 * Owner and thread: main. Bound: one circuit at a time, SELF_CHECK_CANDIDATES_MAX relays known. */
#ifndef LOOM_NATIVE_SELF_CHECK_H
#define LOOM_NATIVE_SELF_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/rng.h"
#include "native/self_circuit.h"

struct config;
struct consensus;
struct keys;

#define SELF_CHECK_CELLS          1000u  /* tor's: what a circuit's first window holds */
#define SELF_CHECK_CANDIDATES_MAX 16u    /* drawn from each consensus */
#define SELF_CHECK_LOW            51200u /* bytes per second: what the cells come to over ten seconds */
#define SELF_CHECK_AGAIN_S        (12u * 3600u)
#define SELF_CHECK_COMPLAIN_S     (20u * 60u)
#define SELF_CHECK_CIRCUIT_S      60u /* an attempt takes no longer */
#define SELF_CHECK_SETTLE_S \
    11u /* the circuit stays for its last cells, and until ten seconds have been observed */
#define SELF_CHECK_PROOF_S     2u  /* from a circuit to the news of its link */
#define SELF_CHECK_PAUSE_S_MAX 60u /* after failures: 1, 2, 4 ... */

struct self_check_options {
    const struct config *config; /* borrowed, as are the others */
    const struct crypt_provider *crypt;
    struct event_base *base;
    const struct keys *keys;
    struct endpoint us; /* our ORPort as advertised */
    bool measures;      /* our bandwidth, too */
    uint64_t seed;
};

struct self_check {
    struct self_check_options options;
    struct rng rng;
    struct self_circuit_relay candidates[SELF_CHECK_CANDIDATES_MAX];
    uint32_t candidate_count;
    struct self_circuit *circuit;  /* or NULL */
    uint64_t seconds;              /* told so far */
    uint64_t begun_at, settled_at; /* of the circuit; settled: 0 until its cells are out */
    uint64_t next_at;              /* no attempt before */
    uint64_t complain_at;          /* 0: nothing has been tried */
    uint64_t sent, received;       /* by circuits that are gone */
    uint32_t failures;
    bool is_reachable, is_measured;
    bool is_ipv6_proved;
};

/* What is new; bits. */
enum self_check_news {
    SELF_CHECK_REACHABLE = 1, /* the descriptor may be published */
    SELF_CHECK_MEASURED = 2,  /* the observed bandwidth is worth telling */
};

void self_check_init(struct self_check *test, const struct self_check_options *options);
void self_check_fini(struct self_check *test);
/* Relays to ask; the last consensus counts. */
void self_check_set_consensus(struct self_check *test, const struct consensus *consensus);
/* A second has passed; observed is the best rate so far, in bytes per second. Returns news. identity is borrowed for the
 * call. */
MUST_USE unsigned self_check_second(struct self_check *test, const struct tls_identity *identity,
                                    uint64_t observed);
/* We sleep: no circuit of ours stays, and none is made before the next self_check_second(). */
void self_check_rest(struct self_check *test);
bool self_check_is_reachable(const struct self_check *test);
/* Another relay has dialled us over IPv6. */
void self_check_prove_ipv6(struct self_check *test);
/* The measure is being taken: what has been observed is less than what will be. */
bool self_check_is_measuring(const struct self_check *test);
/* Add the bytes of all circuits so far. */
void self_check_bytes(const struct self_check *test, uint64_t *received, uint64_t *sent);

#endif
