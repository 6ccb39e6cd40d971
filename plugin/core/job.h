/* job - work that leaves the connection thread: circuit handshakes and signatures, and comes back as an input.
 *
 * The manager offloads a job through its port; the runtime runs it anywhere with job_run (native: CPU workers; engine: a
 * priced virtual thread; fake port: at once or later) and gives the result back with manager_job_done.
 * Plain values: a job and its result are copied between threads. */
#ifndef LOOM_CORE_JOB_H
#define LOOM_CORE_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/work.h"
#include "crypt/circuit_keys.h"
#include "crypt/ntor.h"
#include "crypt/ntor_v3.h"
#include "crypt/provider.h"
#include "wire/circuit_messages.h"
#include "wire/handshake_extensions.h"

enum job_kind {
    JOB_NTOR_ANSWER,
    JOB_NTOR_V3_ANSWER,
    JOB_FAST_ANSWER, /* so cheap that it is never offloaded; needs no keys */
    JOB_INTRO_PROOF, /* data: ESTABLISH_INTRO; is it signed? */
};

#define JOB_REPLY_MAX (NTOR_V3_REPLY_LEN + HANDSHAKE_MESSAGE_MAX)

/* What the relay grants to a client that asks for it with ntor-v3. */
struct circuit_offer {
    uint8_t sendme_inc; /* 0: no congestion control */
    bool has_cgo;       /* layers of LAYER_CGO, with congestion control only */
};

struct job {
    half_id half; /* who waits for the result */
    enum job_kind kind;
    struct circuit_offer offer;
    uint16_t data_length;
    uint8_t data[HANDSHAKE_DATA_MAX];
};

struct job_result {
    half_id half;
    enum job_kind kind;
    enum err error;
    uint16_t reply_length;
    uint8_t reply[JOB_REPLY_MAX];
    struct circuit_keys keys; /* of the kind that was agreed on */
    struct circuit_terms terms;
};

/* Pure; keys are the relay's current ones and are only read. */
void job_run(const struct job *job, const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
             struct job_result *result_out, struct work *work);

#endif
