/* yardstick - a fixed piece of work that tells how fast this core is at the moment: integers, AES, and memory beyond the nearer
 * caches.
 *
 * The same binary takes up to 1.8 times as long from one minute to the next on a machine whose caches and clock are shared with
 * strangers. Figures that were taken beside a yardstick can be divided by what the yardstick took then, over its best.
 * Law: the work of a reading never depends on what was measured before it. Owner and thread: whoever made it. Memory: 16 MiB. */
#ifndef LOOM_PRIMITIVES_YARDSTICK_H
#define LOOM_PRIMITIVES_YARDSTICK_H

#include "base/attributes.h"
#include "base/nsec.h"

struct yardstick;

enum yardstick_part { YARDSTICK_INTEGER, YARDSTICK_AES, YARDSTICK_MEMORY, YARDSTICK_PARTS };

/* CPU time of each part; about a third of a millisecond each on a server of 2024. */
struct yardstick_reading {
    nsec part[YARDSTICK_PARTS];
};

MUST_USE struct yardstick *yardstick_new(void);
/* NULL is fine. */
void yardstick_free(struct yardstick *yardstick);
void yardstick_read(struct yardstick *yardstick, struct yardstick_reading *out);
nsec yardstick_total(const struct yardstick_reading *reading);
const char *yardstick_part_name(enum yardstick_part part);

#endif
