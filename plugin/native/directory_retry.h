/* directory_retry - how long to wait before the next attempt at something that authorities do for us.
 *
 * Pure. */
#ifndef LOOM_NATIVE_DIRECTORY_RETRY_H
#define LOOM_NATIVE_DIRECTORY_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds after so many failures in a row: 1, 2, 4, ... up to a quarter of an hour, in a testing network 5 s. */
uint64_t directory_retry_pause_s(bool is_testing, uint32_t failures);
/* Seconds that an authority has for an answer. */
uint32_t directory_retry_timeout_s(bool is_testing);

#endif
