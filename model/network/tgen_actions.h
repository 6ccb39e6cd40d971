/* tgen_actions - what a host with tgen does, from its graph of actions: it serves, it fetches files of a few sizes with every
 * pause, or it makes flows of streams by Markov models.
 *
 * Only the shapes that tornettools writes are taken; of everything else it is said what was expected.
 * Memory: owns its paths. Bound: TGEN_FETCHES_MAX. */
#ifndef LOOM_NETWORK_TGEN_ACTIONS_H
#define LOOM_NETWORK_TGEN_ACTIONS_H

#include "base/nsec.h"
#include "files/mistake.h"
#include "network/graphml.h"

#define TGEN_FETCHES_MAX 16u
#define TGEN_PATH_MAX    256u
#define TGEN_TIME_MAX    (86400 * NSEC_PER_S)
#define TGEN_BYTES_MAX   (UINT64_C(1) << 40)
#define TGEN_SHARE_ONE   1000u

enum tgen_kind { TGEN_SERVER, TGEN_PERIODIC, TGEN_FLOWS };

struct tgen_fetch {
    uint64_t send_bytes, receive_bytes;
    uint32_t share; /* relative to the others, in units of 1 / TGEN_SHARE_ONE */
    nsec timeout;   /* 0: none */
};

struct tgen_actions {
    enum tgen_kind kind;
    nsec delay;                                  /* of a client, after tgen's own start */
    nsec pause;                                  /* TGEN_PERIODIC: a fetch begins after each */
    struct tgen_fetch fetches[TGEN_FETCHES_MAX]; /* TGEN_PERIODIC: one of them */
    uint32_t fetch_count;
    char flows[TGEN_PATH_MAX], streams[TGEN_PATH_MAX],
        packets[TGEN_PATH_MAX]; /* TGEN_FLOWS: paths of models */
    nsec stallout, timeout;     /* TGEN_FLOWS: of a stream; 0: none */
};

MUST_USE bool tgen_actions_parse(const char *file, const char *text, size_t length, struct tgen_actions *out,
                                 struct mistake *mistake);

/* "5 minutes", "38" (seconds); "50 KiB", "1000 bytes". */
MUST_USE bool tgen_time(const char *text, nsec *out);
MUST_USE bool tgen_bytes(const char *text, uint64_t *out);

#endif
