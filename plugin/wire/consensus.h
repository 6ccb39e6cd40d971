/* consensus - a network-status consensus (dir-spec 3.4.1), flavours ns and microdesc, as a value.
 *
 * Parsing says nothing about signatures: check them over signed_part before believing anything. Unknown lines are
 * passed over, sizes and the order of relays are not.
 * Memory: arrays from the memory handed in; spans point into the text, which must outlive the consensus.
 * Bound: the limits below; a text that exceeds one is ERR_LIMIT. */
#ifndef LOOM_WIRE_CONSENSUS_H
#define LOOM_WIRE_CONSENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/memory.h"
#include "wire/address.h"

#define CONSENSUS_BYTES_MAX         (32u << 20) /* ten times the network of 2024 */
#define CONSENSUS_RELAYS_MAX        100000u
#define CONSENSUS_PARAMS_MAX        1024u
#define CONSENSUS_SIGNATURES_MAX    64u
#define CONSENSUS_RSA_SIGNATURE_MAX 512u /* RSA-4096 */

enum consensus_flavour { CONSENSUS_NS, CONSENSUS_MICRODESC };

enum relay_flag {
    RELAY_AUTHORITY = 1 << 0,
    RELAY_BAD_EXIT = 1 << 1,
    RELAY_EXIT = 1 << 2,
    RELAY_FAST = 1 << 3,
    RELAY_GUARD = 1 << 4,
    RELAY_HSDIR = 1 << 5,
    RELAY_MIDDLE_ONLY = 1 << 6,
    RELAY_NO_ED_CONSENSUS = 1 << 7,
    RELAY_RUNNING = 1 << 8,
    RELAY_STABLE = 1 << 9,
    RELAY_STALE_DESC = 1 << 10,
    RELAY_SYBIL = 1 << 11,
    RELAY_V2DIR = 1 << 12,
    RELAY_VALID = 1 << 13
};

struct consensus_relay {
    uint8_t rsa_id[20];
    uint8_t digest[32]; /* of its microdescriptor, or (ns, 20 bytes) of its descriptor */
    char nickname[20];
    uint16_t flags; /* enum relay_flag; unknown flags are left out */
    struct endpoint ipv4;
    struct endpoint ipv6;  /* the first of its "a" lines, or family NONE */
    uint32_t bandwidth;    /* "w Bandwidth=": weight */
    struct span protocols; /* "Cons=1-2 ...", or empty */
};

struct consensus_param {
    struct span name;
    int32_t value;
};

enum consensus_digest { CONSENSUS_SHA1, CONSENSUS_SHA256, CONSENSUS_DIGEST_UNKNOWN };

struct consensus_signature {
    enum consensus_digest digest;
    uint8_t identity[20];    /* of the authority's identity key */
    uint8_t signing_key[20]; /* digest of the key that signed */
    uint16_t length;
    uint8_t signature[CONSENSUS_RSA_SIGNATURE_MAX];
};

struct consensus {
    const struct memory *memory;
    enum consensus_flavour flavour;
    uint64_t valid_after_s, fresh_until_s, valid_until_s;
    struct span signed_part;        /* through the space after the first "directory-signature" */
    struct consensus_relay *relays; /* by rsa_id, ascending */
    uint32_t relay_count;
    struct consensus_param *params;
    uint32_t param_count;
    struct consensus_signature *signatures;
    uint32_t signature_count;
};

/* On failure out is zero and holds nothing. */
MUST_USE enum err consensus_parse(struct span text, const struct memory *memory, struct consensus *out);
/* The same for texts that people hand in: on failure line_out is the last line that was read, or 0 when none was. */
MUST_USE enum err consensus_parse_at(struct span text, const struct memory *memory, struct consensus *out,
                                     uint32_t *line_out);
void consensus_fini(struct consensus *consensus);
/* NULL when it is not listed. */
const struct consensus_relay *consensus_find(const struct consensus *consensus,
                                             const uint8_t rsa_id[static 20]);
/* The parameter, clipped to [least, most]; otherwise when it is not there. */
int32_t consensus_param(const struct consensus *consensus, const char *name, int32_t otherwise, int32_t least,
                        int32_t most);

#endif
