/* torrc_known - options that tor knows and Loom does not carry out; see torrc_options.h.
 */
#ifndef LOOM_NATIVE_TORRC_KNOWN_H
#define LOOM_NATIVE_TORRC_KNOWN_H

struct torrc_option;

/* NULL when tor 0.4.9 does not know it. */
const struct torrc_option *torrc_known_find(const char *name);

#endif
