#include "native/link_input.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/link_cipher.h"
#include "core/connection_manager.h"
#include "native/link_shared.h"

/* Keep the bytes of an unfinished cell for the next burst. */
static void keep_rest(struct tls_link *link, const uint8_t *bytes, size_t length) {
    CHECK(length <= LINK_REST_MAX); /* the manager ends links whose cells would be longer */
    link->rest_length = (uint32_t)length;
    if (length == 0)
        return;
    if (length > link->rest_room) {
        free(link->rest);
        link->rest_room = length <= 514 ? 514 : LINK_REST_MAX;
        link->rest = malloc(link->rest_room);
        CHECK(link->rest != NULL);
    }
    memcpy(link->rest, bytes, length);
}

enum tls_result link_input_plain(struct tls_link *link) {
    struct link_shared *shared = link->shared;
    size_t have = link->rest_length, had = shared->pipe.in_length, got;
    if (have != 0)
        memcpy(shared->plain, link->rest, have);
    enum tls_result result = tls_session_read(&link->session, shared->plain + have, LINK_PLAIN_ROOM - have,
                                              &got, &shared->work->tls_records_read);
    link_cipher_count(shared->work, link->cipher, had - shared->pipe.in_length);
    if (got != 0) {
        size_t used = manager_receive_bytes(shared->manager, turn_clock_now(shared->clock), link->id,
                                            shared->plain, have + got);
        CHECK(used <= have + got);
        keep_rest(link, shared->plain + used, have + got - used);
    }
    return result;
}
