#include "native/document_fetch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "crypt/provider.h"
#include "native/config.h"
#include "native/directory_retry.h"
#include "native/http_client.h"
#include "native/log.h"
#include "wire/descriptor_cut.h"
#include "wire/text.h"

#define MICRO_PATH  "/tor/micro/d/"
#define SERVER_PATH "/tor/server/d/"
#define PATH_ROOM   (sizeof(SERVER_PATH) + DOCUMENT_BATCH_MAX * 45) /* an id is 43 or 40 characters */

/* --- documents -------------------------------------------------------------------------------------------------- */

bool document_cut(enum document_kind kind, struct span *rest, struct span *text_out,
                  struct span *signed_out) {
    if (kind == DOCUMENT_SERVER)
        return descriptor_cut(rest, text_out, signed_out);
    bool is_there = microdescriptor_cut(rest, text_out);
    if (is_there)
        *signed_out = *text_out;
    return is_there;
}

void document_digest(const struct crypt_provider *crypt, enum document_kind kind, struct span signed_part,
                     struct document_id *out) {
    memset(out, 0, sizeof *out);
    if (kind == DOCUMENT_SERVER)
        crypt->sha1(&signed_part, 1, out->bytes);
    else
        crypt->sha256(&signed_part, 1, out->bytes);
}

static size_t document_length_max(enum document_kind kind) {
    return kind == DOCUMENT_SERVER ? DESCRIPTOR_CUT_LEN_MAX : MICRODESCRIPTOR_LEN_MAX;
}

static int by_id(const void *a, const void *b) {
    return memcmp(a, b, sizeof(struct document_id)); /* the id is the first member */
}

static struct document_wanted *find(struct document_fetch *f, const struct document_id *id) {
    return f->count ? bsearch(id, f->wanted, f->count, sizeof *f->wanted, by_id) : NULL;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

static void put_path(const struct document_batch *b, char path[static PATH_ROOM]) {
    bool is_server = b->fetch->kind == DOCUMENT_SERVER;
    struct bytes_out out = bytes_out(path, PATH_ROOM);
    text_put(&out, is_server ? SERVER_PATH : MICRO_PATH);
    for (uint32_t i = 0; i < b->count; i++) {
        if (i > 0)
            text_put(&out, is_server ? "+" : "-");
        if (is_server)
            text_put_hex(&out, b->ids[i].bytes, 20);
        else
            text_put_base64(&out, b->ids[i].bytes, 32, BASE64_UNPADDED);
    }
    bytes_put_u8(&out, 0);
    CHECK(bytes_out_ok(&out));
}

static void pump(struct document_fetch *f);

static void set_timer(struct document_fetch *f) {
    const struct timeval after = {
        (time_t)directory_retry_pause_s(f->shared->config->testing_network, f->failures), 0};
    if (!event_pending(f->timer, EV_TIMEOUT, NULL))
        event_add(f->timer, &after);
}

static bool is_under_way(const struct document_fetch *f) {
    for (uint32_t i = 0; i < DOCUMENT_REQUESTS_MAX; i++)
        if (f->batches[i].count > 0)
            return true;
    return false;
}

/* What is in text and was wanted; marked as here. */
static uint32_t take_documents(struct document_fetch *f, struct span text) {
    struct span one, signed_part;
    uint32_t taken = 0;
    while (document_cut(f->kind, &text, &one, &signed_part)) {
        struct document_id id;
        document_digest(f->shared->crypt, f->kind, signed_part, &id);
        struct document_wanted *wanted = find(f, &id);
        if (!wanted || wanted->tries == UINT8_MAX)
            continue;
        wanted->tries = UINT8_MAX;
        f->shared->take(f->shared->context, f->kind, &id, one);
        taken++;
    }
    return taken;
}

/* What did not come may be asked for again, a while later and of another authority. */
static void give_back(struct document_fetch *f, const struct document_batch *b) {
    for (uint32_t i = 0; i < b->count; i++) {
        struct document_wanted *wanted = find(f, &b->ids[i]);
        if (!wanted || wanted->tries == UINT8_MAX || ++wanted->tries >= DOCUMENT_TRIES_MAX)
            continue;
        wanted->is_asked = false;
        f->next = 0;
    }
}

static void on_answer(void *context, int status, const char *reason, struct span body) {
    struct document_batch *b = context;
    struct document_fetch *f = b->fetch;
    uint32_t asked = b->count;
    uint32_t taken = status == 200 ? take_documents(f, body) : 0;
    f->has_news = f->has_news || taken > 0;
    f->failures = taken > 0 ? 0 : f->failures + 1;
    if (taken < asked) {
        log_info("%u of %u descriptors came: %d %s", taken, asked, status, reason);
        f->authority = (f->authority + 1) % f->shared->config->authority_count;
    }
    give_back(f, b);
    b->count = 0;
    if (taken > 0)
        pump(f);
    else
        set_timer(f);
    if (!is_under_way(f) && f->has_news) {
        f->has_news = false;
        f->shared->rest(f->shared->context, f->kind);
    }
}

static void fill(struct document_fetch *f, struct document_batch *b) {
    for (; f->next < f->count && b->count < DOCUMENT_BATCH_MAX; f->next++) {
        struct document_wanted *wanted = &f->wanted[f->next];
        if (wanted->is_asked)
            continue;
        wanted->is_asked = true;
        b->ids[b->count++] = wanted->id;
    }
}

static bool ask(struct document_fetch *f, struct document_batch *b) {
    char path[PATH_ROOM];
    const struct http_order order = {
        .to = f->shared->config->authorities[f->authority].dir_port,
        .path = path,
        .bytes_max = (b->count + 1) * document_length_max(f->kind),
        .timeout_s = directory_retry_timeout_s(f->shared->config->testing_network),
        .done = on_answer,
        .context = b,
    };
    put_path(b, path);
    return http_send(f->shared->http, &order);
}

static void pump(struct document_fetch *f) {
    for (uint32_t i = 0; i < DOCUMENT_REQUESTS_MAX; i++) {
        struct document_batch *b = &f->batches[i];
        if (b->count > 0)
            continue;
        fill(f, b);
        if (b->count == 0)
            return;
        if (!ask(f, b)) {
            f->failures++;
            give_back(f, b);
            b->count = 0;
            set_timer(f);
            return;
        }
    }
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    pump(context);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

bool document_fetch_init(struct document_fetch *fetch, const struct document_fetch_shared *shared,
                         enum document_kind kind) {
    uint32_t draw;
    memset(fetch, 0, sizeof *fetch);
    fetch->shared = shared;
    fetch->kind = kind;
    shared->crypt->random(shared->crypt->context, &draw, sizeof draw);
    fetch->authority = shared->config->authority_count ? draw % shared->config->authority_count : 0;
    for (uint32_t i = 0; i < DOCUMENT_REQUESTS_MAX; i++)
        fetch->batches[i].fetch = fetch;
    fetch->timer = evtimer_new(shared->base, on_timer, fetch);
    return fetch->timer != NULL;
}

void document_fetch_fini(struct document_fetch *fetch) {
    if (fetch->timer)
        event_free(fetch->timer);
    free(fetch->wanted);
    fetch->timer = NULL;
    fetch->wanted = NULL;
    fetch->count = 0;
}

/* What is on its way already is not asked for twice. */
static void mark_asked(struct document_fetch *f) {
    for (uint32_t i = 0; i < DOCUMENT_REQUESTS_MAX; i++)
        for (uint32_t k = 0; k < f->batches[i].count; k++) {
            struct document_wanted *wanted = find(f, &f->batches[i].ids[k]);
            if (wanted)
                wanted->is_asked = true;
        }
}

void document_fetch_want(struct document_fetch *fetch, const struct document_id *ids, uint32_t count) {
    struct document_wanted *wanted = count ? calloc(count, sizeof *wanted) : NULL;
    if (count && !wanted)
        return; /* the next consensus asks again */
    for (uint32_t i = 0; i < count; i++)
        wanted[i].id = ids[i];
    if (count)
        qsort(wanted, count, sizeof *wanted, by_id);
    free(fetch->wanted);
    fetch->wanted = wanted;
    fetch->count = count;
    fetch->next = 0;
    mark_asked(fetch);
    pump(fetch);
}
