#include "core/job.h"

#include "base/check.h"
#include "crypt/create_fast.h"
#include "crypt/intro_auth.h"

static struct span data_of(const struct job *job) {
    return (struct span){job->data, job->data_length};
}

static void answer_ntor(const struct job *job, const struct crypt_provider *crypt,
                        const struct ntor_server_keys *keys, struct job_result *out) {
    out->error = ntor_server_answer(crypt, keys, data_of(job), out->reply, &out->keys);
    out->reply_length = NTOR_REPLY_LEN;
}

/* What both sides will do, of what the client asks and we grant. */
static enum err agree(const struct circuit_offer *offer, struct span message, struct circuit_terms *terms_out,
                      enum layer_kind *kind_out) {
    struct handshake_request request;
    enum err e = handshake_request_decode(message, &request);
    if (e)
        return e;
    if (request.wants_congestion_control)
        terms_out->sendme_inc = offer->sendme_inc;
    *kind_out = request.wants_cgo ? LAYER_CGO : LAYER_TOR1;
    return request.wants_cgo && !(offer->has_cgo && terms_out->sendme_inc) ? ERR_UNSUPPORTED : ERR_OK;
}

static enum err answer_opened(const struct job *job, const struct crypt_provider *crypt,
                              const struct ntor_v3_server_state *state, const uint8_t *message,
                              struct job_result *out) {
    enum layer_kind kind;
    struct span request = {message, job->data_length - NTOR_V3_ONIONSKIN_LEN};
    enum err e = agree(&job->offer, request, &out->terms, &kind);
    if (e)
        return e;
    uint8_t room[HANDSHAKE_MESSAGE_MAX], stream[CIRCUIT_KEYS_LENGTH_MAX];
    struct bytes_out reply = bytes_out(room, sizeof room);
    handshake_reply_encode(&reply, &(struct handshake_reply){.sendme_inc = out->terms.sendme_inc});
    CHECK(bytes_out_ok(&reply));
    size_t length = bytes_written(&reply);
    e = ntor_v3_server_answer(crypt, state, ntor_v3_for_circuits, (struct span){room, length}, out->reply,
                              stream, circuit_keys_length(kind));
    if (!e)
        circuit_keys_cut(kind, stream, &out->keys);
    out->reply_length = (uint16_t)(NTOR_V3_REPLY_LEN + length);
    crypt_wipe(stream, sizeof stream);
    return e;
}

static void answer_ntor_v3(const struct job *job, const struct crypt_provider *crypt,
                           const struct ntor_server_keys *keys, struct job_result *out) {
    struct ntor_v3_server_state state;
    uint8_t message[NTOR_V3_MESSAGE_MAX];
    out->error = ntor_v3_server_open(crypt, keys, ntor_v3_for_circuits, data_of(job), &state, message);
    if (!out->error)
        out->error = answer_opened(job, crypt, &state, message, out);
    crypt_wipe(&state, sizeof state);
}

static void answer_fast(const struct job *job, const struct crypt_provider *crypt, struct job_result *out) {
    CHECK(job->data_length == CREATE_FAST_LEN);
    create_fast_server_answer(crypt, job->data, out->reply, &out->keys);
    out->reply_length = CREATED_FAST_LEN;
}

static enum err prove_intro(const struct crypt_provider *crypt, struct span body) {
    struct establish_intro_message m;
    enum err e = establish_intro_decode(body, &m);
    if (e)
        return e;
    return intro_auth_is_signed(crypt, &m) ? ERR_OK : ERR_BAD_SIGNATURE;
}

void job_run(const struct job *job, const struct crypt_provider *crypt, const struct ntor_server_keys *keys,
             struct job_result *result_out, struct work *work) {
    *result_out = (struct job_result){.half = job->half, .kind = job->kind};
    switch (job->kind) {
    case JOB_NTOR_ANSWER:
        answer_ntor(job, crypt, keys, result_out);
        work->handshakes_ntor++;
        break;
    case JOB_NTOR_V3_ANSWER:
        answer_ntor_v3(job, crypt, keys, result_out);
        work->handshakes_ntor_v3++;
        break;
    case JOB_FAST_ANSWER:
        answer_fast(job, crypt, result_out);
        work->handshakes_fast++;
        break;
    case JOB_INTRO_PROOF: result_out->error = prove_intro(crypt, data_of(job)); break;
    }
}
