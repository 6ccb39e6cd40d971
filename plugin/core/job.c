#include "core/job.h"

void job_run(const struct job *job, const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
             struct job_result *result_out, struct work *work) {
    *result_out = (struct job_result){.half = job->half, .kind = job->kind};
    switch (job->kind) {
    case JOB_NTOR_ANSWER:
        result_out->error = ntor_server_answer(crypt, keys, (struct span){job->data, job->data_length},
                                               result_out->reply, &result_out->keys);
        result_out->reply_length = NTOR_REPLY_LEN;
        work->handshakes_ntor++;
        break;
    }
}
