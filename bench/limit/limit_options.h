/* limit_options - what loom-limit was called with.
 *
 * Memory: in place; texts point into argv. */
#ifndef LOOM_LIMIT_LIMIT_OPTIONS_H
#define LOOM_LIMIT_LIMIT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"

#define LIMIT_REPEATS_MAX 64u

struct limit_options {
    uint32_t links, circuits, record_cells, run, verified_links; /* as of loom-load */
    uint32_t warmup_ms, window_ms, repeats;
    const char *cipher;
    const char *backend;
    bool shares_cores;
    bool own_aead; /* records by the relay's AES-GCM, where it is used here; otherwise by OpenSSL's */
    bool wants_help, wants_list;
};

/* Defaults, then argv. False with a complaint that names the option and what was expected. */
MUST_USE bool limit_options_parse(int argc, const char *const *argv, struct limit_options *out,
                                  struct complaint *complaint);
/* The help text. */
const char *limit_options_help(void);

#endif
