#include "native/descriptor_upload.h"

#include <event2/event.h>
#include <string.h>

#include "base/check.h"
#include "native/directory_retry.h"
#include "native/http_client.h"
#include "native/log.h"

#define UPLOAD_PATH      "/tor/"
#define ANSWER_BYTES     (64u << 10) /* only its status line matters */
#define REJECTED_PAUSE_S 3600u       /* the same descriptor will hardly be liked better soon */

static void set_timer(struct upload_place *u, uint64_t seconds) {
    const struct timeval after = {(time_t)seconds, 0};
    event_add(u->timer, &after);
}

static void upload_failed(struct upload_place *u, int status, const char *reason) {
    bool is_rejected = status >= 400 && status < 500;
    u->failures++;
    if (is_rejected)
        log_warn("Authority %s does not take our descriptor: %d %s", u->authority->nickname, status, reason);
    else
        log_info("Uploading our descriptor to %s failed: %d %s", u->authority->nickname, status, reason);
    set_timer(u, is_rejected ? REJECTED_PAUSE_S
                             : directory_retry_pause_s(u->all->config->testing_network, u->failures));
}

static void on_uploaded(void *context, int status, const char *reason, struct span body) {
    struct upload_place *u = context;
    (void)body;
    u->is_under_way = false;
    if (u->generation != u->all->generation) {
        set_timer(u, 0);
        return;
    }
    if (status != 200) {
        upload_failed(u, status, reason);
        return;
    }
    u->failures = 0;
    u->is_accepted = true;
    log_info("Uploaded our descriptor to %s", u->authority->nickname);
    u->all->accepted(u->all->context);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct upload_place *u = context;
    struct descriptor_upload *all = u->all;
    (void)fd;
    (void)what;
    if (u->is_under_way || all->length == 0)
        return;
    const struct http_order order = {
        .to = u->authority->dir_port,
        .path = UPLOAD_PATH,
        .post = {(const uint8_t *)all->text, all->length},
        .bytes_max = ANSWER_BYTES,
        .timeout_s = directory_retry_timeout_s(all->config->testing_network),
        .done = on_uploaded,
        .context = u,
    };
    u->generation = all->generation;
    u->is_under_way = http_send(all->http, &order);
    if (!u->is_under_way)
        upload_failed(u, 0, "no memory");
}

bool descriptor_upload_init(struct descriptor_upload *upload, const struct config *config,
                            struct event_base *base, struct http_client *http) {
    bool is_good = true;
    memset(upload, 0, sizeof(*upload));
    upload->config = config;
    upload->http = http;
    for (uint32_t i = 0; i < config->authority_count; i++) {
        struct upload_place *u = &upload->places[i];
        u->all = upload;
        u->authority = &config->authorities[i];
        u->timer = evtimer_new(base, on_timer, u);
        is_good = is_good && u->timer;
    }
    return is_good;
}

void descriptor_upload_fini(struct descriptor_upload *upload) {
    for (uint32_t i = 0; i < CONFIG_AUTHORITIES_MAX; i++)
        if (upload->places[i].timer) {
            event_free(upload->places[i].timer);
            upload->places[i].timer = NULL;
        }
}

void descriptor_upload_begin(struct descriptor_upload *upload, const char *text, size_t length) {
    CHECK(length <= sizeof(upload->text));
    memcpy(upload->text, text, length);
    upload->length = length;
    upload->generation++;
    for (uint32_t i = 0; i < upload->config->authority_count; i++) {
        upload->places[i].is_accepted = false;
        upload->places[i].failures = 0;
        set_timer(&upload->places[i], 0);
    }
}

uint32_t descriptor_upload_accepted(const struct descriptor_upload *upload) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < upload->config->authority_count; i++)
        n += upload->places[i].is_accepted;
    return n;
}
