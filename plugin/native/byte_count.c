#include "native/byte_count.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/check.h"

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *context) {
    struct byte_count *count = context;
    (void)buffer;
    count->read += info->n_added;
}

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *context) {
    struct byte_count *count = context;
    (void)buffer;
    count->written += info->n_deleted;
}

void byte_count_watch(struct byte_count *count, struct bufferevent *stream) {
    CHECK(evbuffer_add_cb(bufferevent_get_input(stream), on_input, count) != NULL);
    CHECK(evbuffer_add_cb(bufferevent_get_output(stream), on_output, count) != NULL);
}

void byte_count_add(const struct byte_count *count, uint64_t *read, uint64_t *written) {
    *read += count->read;
    *written += count->written;
}
