/* limit_uring - io_uring: multishot receives into buffers that the kernel picks, sends by the batch, one call for all.
 *
 * Only in builds with liburing; kernels may refuse it. */
#ifndef LOOM_LIMIT_LIMIT_URING_H
#define LOOM_LIMIT_LIMIT_URING_H

#include <stdbool.h>

#include "base/attributes.h"

struct limit_loop;

MUST_USE bool limit_uring_run(const struct limit_loop *loop);
/* NULL, or why this kernel cannot: static text. */
const char *limit_uring_refusal(void);

#endif
