/* republish - when the descriptor is made and uploaded anew although no key, address or option has changed: tor's rules.
 *
 * Its age alone is the directory's affair (DIRECTORY_REPUBLISH_S).
 * Owner: whoever holds it; asked every minute or so. */
#ifndef LOOM_NATIVE_REPUBLISH_H
#define LOOM_NATIVE_REPUBLISH_H

#include <stdbool.h>
#include <stdint.h>

#define REPUBLISH_MISSED_S    (90u * 60u)   /* the consensus does not know the last one after so long */
#define REPUBLISH_BANDWIDTH_S (3u * 3600u)  /* between two for a changed bandwidth */
#define REPUBLISH_YOUNG_S     (24u * 3600u) /* an older relay's bandwidth waits for the next regular one */
#define REPUBLISH_FACTOR      2u            /* what a changed bandwidth is */

struct republish {
    uint64_t published_s; /* of the last descriptor */
    uint64_t observed;    /* the bandwidth in it */
    uint64_t bandwidth_s; /* when one was published for its bandwidth */
};

struct republish_facts {
    uint64_t now_s, uptime_s;
    uint64_t observed;        /* now */
    uint64_t consensus_s;     /* when the consensus became valid; 0 without a live one */
    bool is_listed, is_stale; /* in it */
    bool is_testing;          /* bandwidth may change as often as it likes */
};

/* A descriptor was published. */
void republish_done(struct republish *r, uint64_t now_s, uint64_t observed);
/* Why another is due, for the log; NULL when none is. */
const char *republish_reason(struct republish *r, const struct republish_facts *facts);

#endif
