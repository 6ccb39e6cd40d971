/* The rate at which an origin wants to be sent the bytes of a stream: what its XON advises (proposal 324, section 4.1). */
#include "base/check.h"
#include "core/connection_manager.h"
#include "core/manager_exit_state.h"

/* tor: above it, or 0, is no advice. */
#define PACE_RATE_MAX INT32_MAX
/* A stream that has used up its rate sleeps until so much of a second's worth is there again. */
#define PACE_TURNS_PER_S 100u

void manager_stream_advised(struct manager *m, nsec now, struct half *half, struct stream *stream,
                            uint32_t kb_per_s) {
    uint64_t rate = (uint64_t)kb_per_s * 1000;
    if (rate == 0 || rate > PACE_RATE_MAX) {
        manager_stream_unpace(m, stream);
        return;
    }
    if (stream->pace) {
        token_bucket_adjust(&stream->pace->bucket, now, rate,
                            rate); /* tor: a second's worth may pass at once */
        return;
    }
    struct stream_pace *pace = slab_take(&m->paces_slab);
    if (!pace)
        return; /* it is advice: the origin says XOFF when it must */
    *pace = (struct stream_pace){.half = half->id, .stream = stream};
    token_bucket_init(&pace->bucket, now, rate, rate);
    stream->pace = pace;
}

void manager_stream_unpace(struct manager *m, struct stream *stream) {
    if (!stream->pace)
        return;
    timers_clear(&m->pace_timers, &stream->pace->timer);
    slab_put(&m->paces_slab, stream->pace);
    stream->pace = NULL;
}

bool manager_stream_keeps_pace(struct manager *m, nsec now, struct stream *stream) {
    struct stream_pace *pace = stream->pace;
    if (!pace || token_bucket_available(&pace->bucket, now) > 0)
        return true;
    uint64_t turn = pace->bucket.rate / PACE_TURNS_PER_S;
    nsec ready = token_bucket_ready_at(&pace->bucket, now, turn > RELAY_DATA_MAX ? turn : RELAY_DATA_MAX);
    return timers_set(&m->pace_timers, &pace->timer, ready) != ERR_OK;
}

void manager_stream_paced(struct stream *stream, nsec now, uint32_t bytes) {
    if (stream->pace)
        token_bucket_take(&stream->pace->bucket, now, bytes);
}
