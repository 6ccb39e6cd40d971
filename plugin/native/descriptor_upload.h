/* descriptor_upload - our descriptor on its way to each authority, over their DirPorts: at once, again when there is another
 * one, and after failures with a growing pause.
 *
 * Owner and thread: main, the thread of the event base. Bound: one request to an authority at a time. */
#ifndef LOOM_NATIVE_DESCRIPTOR_UPLOAD_H
#define LOOM_NATIVE_DESCRIPTOR_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/config.h"
#include "native/self_descriptor.h"

struct descriptor_upload;
struct event;
struct event_base;
struct http_client;

struct upload_place {
    struct descriptor_upload *all;
    const struct config_authority *authority;
    struct event *timer;
    uint32_t failures;
    uint32_t generation; /* of the descriptor that is on its way */
    bool is_under_way;
    bool is_accepted;
};

struct descriptor_upload {
    const struct config *config;
    struct http_client *http;
    struct upload_place places[CONFIG_AUTHORITIES_MAX];
    char text[SELF_DESCRIPTOR_LEN_MAX]; /* with the extra-info document behind it */
    size_t length;
    uint32_t generation;
    /* An authority has taken the current descriptor. */
    void (*accepted)(void *context);
    void *context;
};

/* Borrows config, base and http. False without memory; fini is right in both cases. */
MUST_USE bool descriptor_upload_init(struct descriptor_upload *upload, const struct config *config,
                                     struct event_base *base, struct http_client *http);
void descriptor_upload_fini(struct descriptor_upload *upload);
/* Upload this from now on. Copies text, of at most SELF_DESCRIPTOR_LEN_MAX bytes. */
void descriptor_upload_begin(struct descriptor_upload *upload, const char *text, size_t length);
/* How many authorities have taken the current one. */
uint32_t descriptor_upload_accepted(const struct descriptor_upload *upload);

#endif
