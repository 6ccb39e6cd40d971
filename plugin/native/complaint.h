/* complaint - the one line that tells an operator what is wrong and what was expected.
 *
 * Memory: in place. A line that is too long is cut. */
#ifndef LOOM_NATIVE_COMPLAINT_H
#define LOOM_NATIVE_COMPLAINT_H

#include <stdbool.h>

#include "base/attributes.h"

#define COMPLAINT_MAX 1024u

struct complaint {
    char text[COMPLAINT_MAX];
};

/* Set the line; always false, so that `return complain(...)` reads well. */
bool complain(struct complaint *complaint, const char *format, ...) PRINTF_LIKE(2, 3);
/* Put prefix before the line. */
void complaint_prefix(struct complaint *complaint, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
