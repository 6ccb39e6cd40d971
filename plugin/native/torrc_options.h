/* torrc_options - every option by its name: the table of those that are carried out, and how they are applied.
 *
 * Static tables; names are compared without case, as tor does. */
#ifndef LOOM_NATIVE_TORRC_OPTIONS_H
#define LOOM_NATIVE_TORRC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "native/torrc_option.h"

/* NULL when tor does not know it either. */
const struct torrc_option *torrc_option_find(const char *name);
/* Options that are carried out, from index 0 on in the order of their names; NULL behind the last. */
const struct torrc_option *torrc_option_carried_out(size_t index);
/* For a refused option: does value ask for nothing? */
MUST_USE bool torrc_option_is_off(const char *value);

#endif
