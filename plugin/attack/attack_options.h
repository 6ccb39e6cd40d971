/* attack_options - what loom-attack was called with.
 *
 * Memory: in place; no pointer into argv is kept. */
#ifndef LOOM_ATTACK_ATTACK_OPTIONS_H
#define LOOM_ATTACK_ATTACK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "wire/address.h"

#define ATTACK_LINKS_MAX    16384u   /* a socket each */
#define ATTACK_CIRCUITS_MAX 2000000u /* asked for in all */
#define ATTACK_STREAMS_MAX  200u     /* of a circuit; an origin has 256 */
#define ATTACK_SECONDS_MAX  86400u

/* In the order of attack_options_help(), from 1 on. */
enum attack_kind {
    ATTACK_SNIPER = 1,
    ATTACK_TRICKLE,
    ATTACK_UPLOAD,
    ATTACK_UNREAD,
    ATTACK_BEGINS,
    ATTACK_BEGINS_NOWHERE,
    ATTACK_RESOLVES,
    ATTACK_CREATES,
    ATTACK_CHURN,
    ATTACK_EXTENDS,
    ATTACK_TCP,
    ATTACK_TLS,
    ATTACK_LINKS,
};

struct attack_options {
    uint32_t kind; /* enum attack_kind */
    struct endpoint relay;
    uint8_t rsa_id[20], ed_id[32], onion_key[32]; /* of the relay under attack */
    struct endpoint from;                         /* the attacker's address; its port is 0 */
    uint32_t links;
    uint32_t circuits; /* at once, over all links */
    uint32_t streams;  /* of each circuit */
    uint32_t seconds;
    bool wants_help;
};

/* Defaults, then argv. False with a complaint that names the option and what was expected. */
MUST_USE bool attack_options_parse(int argc, const char *const *argv, struct attack_options *out,
                                   struct complaint *complaint);
/* The help text. */
const char *attack_options_help(void);
/* "sniper"; kind is one. */
const char *attack_name(enum attack_kind kind);

#endif
