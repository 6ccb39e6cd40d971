#include "origin/origin_path.h"

#include "base/check.h"

void origin_path_init(struct origin_path *path, struct origin *o, struct list *outbox, uint32_t circ_id) {
    *path = (struct origin_path){.origin = o, .outbox = outbox, .circ_id = circ_id};
    list_init(&path->writable);
}

enum err origin_path_add(struct origin_path *path, const struct circuit_keys *keys,
                         const struct circuit_terms *terms) {
    CHECK(path->hop_count < ORIGIN_HOPS_MAX);
    struct origin_hop *hop = origin_hop_new(path->origin, keys, terms);
    if (!hop)
        return ERR_LIMIT;
    path->hops[path->hop_count++] = hop;
    return ERR_OK;
}

void origin_path_cut(struct origin_path *path, unsigned keep) {
    while (path->hop_count > keep)
        origin_hop_free(path->origin, path->hops[--path->hop_count]);
}

struct origin_hop *origin_path_last(const struct origin_path *path) {
    CHECK(path->hop_count > 0);
    return path->hops[path->hop_count - 1];
}

void origin_path_want_write(struct origin_path *path) {
    if (!list_is_linked(&path->writable))
        list_append(path->outbox, &path->writable);
}

void origin_path_want_no_write(struct origin_path *path) {
    list_remove(&path->writable);
}

void origin_path_queue(struct origin_path *path, struct cell *cell, uint8_t command) {
    cell->circ_id = path->circ_id;
    cell->command = command;
    cell->length = CELL_BODY_LEN;
    cell_run_append(&path->queue, cell);
    origin_path_want_write(path);
}

/* tor-spec 6.1: what follows the data is random, so that nobody can foretell the digests that SENDMEs echo. */
static void encode(struct origin_path *path, const struct origin_hop *to, struct cell *cell,
                   uint8_t cell_command, const struct relay_message *m) {
    const struct crypt_provider *crypt = path->origin->config.crypt;
    enum relay_format format = origin_hop_format(to);
    uint8_t padding[CELL_BODY_LEN];
    bool is_full = m->data.length == relay_data_max(format, m->command);
    if (!is_full)
        crypt->padding(crypt->context, padding, sizeof(padding));
    relay_message_encode(format, cell->body, m, is_full ? NULL : padding);
    cell->command = cell_command;
}

enum err origin_path_send(struct origin_path *path, unsigned to, uint8_t cell_command,
                          const struct relay_message *m, enum cell_need need) {
    CHECK(to < path->hop_count);
    struct cell *cell = cell_pool_take(&path->origin->cells, need);
    if (!cell)
        return ERR_LIMIT;
    encode(path, path->hops[to], cell, cell_command, m);
    origin_hop_seal(path->origin, path->hops[to], cell, NULL);
    origin_hops_wrap(path->origin, path->hops, to, &cell, 1);
    origin_path_queue(path, cell, cell_command);
    return ERR_OK;
}

enum err origin_path_send_sendme(struct origin_path *path) {
    struct sendme_message sendme = {.version = 1,
                                    .tag_length = origin_hop_tag_length(origin_path_last(path))};
    origin_hop_received_tag(path->origin, origin_path_last(path), sendme.tag);
    uint8_t room[SENDME_TAG_MAX + 8];
    struct bytes_out out = bytes_out(room, sizeof(room));
    sendme_encode(&out, &sendme);
    CHECK(bytes_out_ok(&out));
    struct relay_message m = {.command = RELAY_SENDME, .data = {room, bytes_written(&out)}};
    return origin_path_send(path, path->hop_count - 1u, CELL_RELAY, &m, CELL_MUST);
}

enum err origin_path_send_extend(struct origin_path *path, const struct extend2_message *m) {
    uint8_t room[RELAY_V1_CIRCUIT_DATA_MAX]; /* the smaller of both formats */
    struct bytes_out out = bytes_out(room, sizeof(room));
    extend2_encode(&out, m);
    CHECK(bytes_out_ok(&out));
    struct relay_message message = {.command = RELAY_EXTEND2, .data = {room, bytes_written(&out)}};
    return origin_path_send(path, path->hop_count - 1u, CELL_RELAY_EARLY, &message, CELL_MAY_FAIL);
}

enum err origin_path_send_begin(struct origin_path *path, uint16_t stream, const struct begin_message *to) {
    uint8_t room[RELAY_V1_STREAM_DATA_MAX]; /* the smaller of both formats */
    struct bytes_out out = bytes_out(room, sizeof(room));
    if (to)
        begin_encode(&out, to);
    CHECK(bytes_out_ok(&out));
    struct relay_message m = {
        .command = to ? RELAY_BEGIN : RELAY_BEGIN_DIR,
        .stream = stream,
        .data = {room, bytes_written(&out)},
    };
    return origin_path_send(path, path->hop_count - 1u, CELL_RELAY, &m, CELL_MAY_FAIL);
}

/* --- data ------------------------------------------------------------------------------------------------------- */

static size_t smallest(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Cells that may be packaged at once. */
static size_t run_allowed(const struct origin_path *path, const struct flow_window *stream_window) {
    uint32_t queue_max = path->origin->config.queue_cells_max;
    size_t room = path->queue.count < queue_max ? queue_max - path->queue.count : 0;
    room = smallest(room, circuit_flow_room(&origin_path_last(path)->flow));
    return smallest(stream_window ? smallest(room, stream_window->package) : room, ORIGIN_RUN_MAX);
}

/* Put a DATA message into cell, sealed for the last hop but not wrapped for those before it. False without memory for its
 * tag. */
static bool package(struct origin_path *path, nsec now, const struct relay_message *m,
                    struct flow_window *stream_window, struct cell *cell) {
    struct origin_hop *hop = origin_path_last(path);
    uint8_t tag[FLOW_TAG_LEN];
    encode(path, hop, cell, CELL_RELAY, m);
    origin_hop_seal(path->origin, hop, cell, tag);
    if (stream_window)
        (void)flow_package(stream_window); /* stream SENDMEs show no tag */
    path->origin->work.copy_bytes += m->data.length;
    return circuit_flow_sent(&hop->flow, path->origin->config.memory, now, tag) == ERR_OK;
}

size_t origin_path_package(struct origin_path *path, nsec now, uint16_t stream,
                           struct flow_window *stream_window, struct span bytes, bool *starved_out) {
    const size_t data_max = relay_data_max(origin_hop_format(origin_path_last(path)), RELAY_DATA);
    size_t used = 0;
    size_t allowed;
    *starved_out = false;
    while (used < bytes.length && !*starved_out && (allowed = run_allowed(path, stream_window)) > 0) {
        struct cell *cells[ORIGIN_RUN_MAX];
        uint32_t n = 0;
        while (n < allowed && used < bytes.length) {
            cells[n] = cell_pool_take(&path->origin->cells, CELL_MAY_FAIL);
            if (!cells[n]) {
                *starved_out = true;
                break;
            }
            size_t part = smallest(bytes.length - used, data_max);
            struct relay_message m = {
                .command = RELAY_DATA, .stream = stream, .data = {bytes.data + used, part}};
            path->is_lost |= !package(path, now, &m, stream_window, cells[n++]);
            used += part;
        }
        origin_hops_wrap(path->origin, path->hops, path->hop_count - 1u, cells, n);
        for (uint32_t i = 0; i < n; i++)
            origin_path_queue(path, cells[i], CELL_RELAY);
    }
    return used;
}
