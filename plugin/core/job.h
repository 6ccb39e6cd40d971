/* job - work that leaves the connection thread: circuit handshakes, and comes back as an input.
 *
 * The manager offloads a job through its port; the runtime runs it anywhere with job_run (native: CPU workers; engine: a
 * priced virtual thread; fake port: at once or later) and gives the result back with manager_job_done.
 * Plain values: a job and its result are copied between threads. */
#ifndef LOOM_CORE_JOB_H
#define LOOM_CORE_JOB_H

#include <stdint.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/work.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"

enum job_kind { JOB_NTOR_ANSWER };

struct job {
    half_id half; /* who waits for the result */
    enum job_kind kind;
    uint16_t data_length;
    uint8_t data[NTOR_ONIONSKIN_LEN];
};

struct job_result {
    half_id half;
    enum job_kind kind;
    enum err error;
    uint16_t reply_length;
    uint8_t reply[NTOR_REPLY_LEN];
    struct circuit_keys keys;
};

/* Pure; keys are the relay's current ones and are only read. */
void job_run(const struct job *job, const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
             struct job_result *result_out, struct work *work);

#endif
