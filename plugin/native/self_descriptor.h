/* self_descriptor - our own server descriptor, from configuration and keys, signed.
 */
#ifndef LOOM_NATIVE_SELF_DESCRIPTOR_H
#define LOOM_NATIVE_SELF_DESCRIPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "wire/descriptor.h"
#include "wire/extra_info.h"

struct config;
struct keys;

/* What we offer: dir-spec 2.1.1, "proto". Only what works. */
#define SELF_PROTOCOLS                             \
    "Conflux=1 Cons=1-2 Desc=1-2 DirCache=2 "      \
    "FlowCtrl=1-2 "                                \
    "HSDir=2 HSIntro=4-5 HSRend=1-2 "              \
    "Link=4-5 LinkAuth=3 Microdesc=1-2 Padding=2 " \
    "Relay=2-6"

#define SELF_DESCRIPTOR_LEN_MAX (DESCRIPTOR_LEN_MAX + EXTRA_INFO_LEN_MAX)

/* Descriptor and extra-info document, one after the other: so they are uploaded. */
struct self_descriptor {
    uint64_t published_s;
    size_t length;            /* of both */
    size_t descriptor_length; /* of the descriptor, which comes first */
    char text[SELF_DESCRIPTOR_LEN_MAX];
};

/* Where others reach us: Address, or else the address of an ORPort line, or else that of the interface which the system
 * would send from. [0] IPv4, [1] IPv6 or family NONE. Asks the system, sends nothing. */
MUST_USE bool self_endpoints(const struct config *config, struct endpoint out[static 2],
                             struct complaint *complaint);

/* What we know of ourselves beside configuration and keys. */
struct self_facts {
    struct endpoint endpoints[2];
    uint64_t now_s, uptime_s;
    bool hides_family;      /* the consensus wants no lists of families (publish-family-list 0) */
    bool is_hibernating;    /* then nothing is observed, as in tor */
    bool hides_directory;   /* we serve it, but clients should not come for it */
    uint64_t observed_rate; /* what passed in the best ten seconds of the day, in bytes per second */
    struct extra_info_history history;
};

MUST_USE bool self_descriptor_make(const struct config *config, const struct keys *keys,
                                   const struct self_facts *facts, struct self_descriptor *out,
                                   struct complaint *complaint);

#endif
