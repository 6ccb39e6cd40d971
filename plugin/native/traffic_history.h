/* traffic_history - the bytes of each of the last days, for the extra-info document.
 *
 * Owner: whoever holds it; told once a second. Memory: in place. It begins anew with the process. */
#ifndef LOOM_NATIVE_TRAFFIC_HISTORY_H
#define LOOM_NATIVE_TRAFFIC_HISTORY_H

#include <stdint.h>

#include "wire/extra_info.h"

struct traffic_history {
    uint64_t began_s;       /* the interval that runs; 0 before the first look */
    uint64_t read, written; /* totals when it began */
    struct extra_info_history ended;
};

/* It is now_s by the wall clock; read and written count all bytes since the start. A day that has ended is kept, five of
 * them at most; days on which nobody looked (the machine slept) are left out, and what came before them with them. */
void traffic_history_add(struct traffic_history *history, uint64_t now_s, uint64_t read, uint64_t written);

#endif
