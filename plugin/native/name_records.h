/* name_records - what name servers have said, for a while, and what they are being asked.
 *
 * A record is one question: the IPv4 addresses of a name, its IPv6 addresses, or the name of an address. It is pending until
 * it is answered, and then kept for a time that tells nothing: as tor, 5 minutes or an hour, whichever is nearer from
 * below, and up to 4 minutes more or less.
 * Owner: one resolver. Bound: count_max records; the one unused longest gives way, pending ones never do. */
#ifndef LOOM_NATIVE_NAME_RECORDS_H
#define LOOM_NATIVE_NAME_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "base/nsec.h"
#include "base/table.h"
#include "wire/resolve_messages.h"

#define NAME_TTL_LOW_S     300u
#define NAME_TTL_HIGH_S    3600u
#define NAME_TTL_FUZZ_S    240u
#define NAME_TTL_FAILURE_S 60u /* of a name that does not exist */
#define NAME_TEXT_MAX      (BEGIN_HOST_MAX + 1u)

enum name_kind { NAME_OF_IPV4, NAME_OF_IPV6, NAME_OF_ADDRESS };

struct name_record {
    struct list used;    /* among the answered ones, unused longest first */
    struct list waiters; /* the resolver's, while it is pending */
    uint64_t hash;
    nsec expires;
    enum name_kind kind;
    bool is_pending;
    char text[NAME_TEXT_MAX]; /* the name that is asked about, lower case */
    struct name_answer answer;
};

struct name_records {
    struct table by_hash;
    struct list used;
    uint32_t count_max, pending;
    uint8_t secret[16]; /* nobody outside can make two names meet */
};

void name_records_init(struct name_records *records, uint32_t count_max);
/* None may be pending with waiters that are still used. */
void name_records_fini(struct name_records *records);
/* What is known or asked; NULL: nothing. Valid until the next call that adds or forgets. */
struct name_record *name_records_find(struct name_records *records, nsec now, enum name_kind kind,
                                      const char *text);
/* A new pending record, after name_records_find gave none. NULL when there is no room. */
MUST_USE struct name_record *name_records_add(struct name_records *records, enum name_kind kind,
                                              const char *text);
/* The answer: kept for what ttl_s and fuzz_s (below 2 * NAME_TTL_FUZZ_S, random) say. A transient failure is forgotten at the
 * next look. */
void name_records_answer(struct name_records *records, nsec now, struct name_record *record,
                         const struct name_answer *answer, uint32_t ttl_s, uint32_t fuzz_s);

#endif
