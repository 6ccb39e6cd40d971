#include "load/load_entry.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "core/link_handshake.h"
#include "crypt/provider.h"
#include "load/load_connection.h"
#include "native/heap.h"
#include "origin/origin.h"
#include "wire/link_messages.h"

#define CELLS_A_WRITE 32u

struct origin *load_entry_origin(const struct crypt_provider *crypt, const struct load_options *options) {
    struct origin_config config;
    origin_config_default(&config);
    config.memory = &heap_memory;
    config.crypt = crypt;
    CHECK(getrandom(&config.seed, sizeof config.seed, 0) == (ssize_t)sizeof config.seed);
    config.unix_s_at_zero = (uint64_t)time(NULL);
    config.links_max = options->links;
    config.circuits_max = options->circuits;
    if (options->role == LOAD_EXIT)
        config.streams_max = options->circuits;
    config.cells_max = 4 * LOAD_BUILDING_MAX + LOAD_LINKS_MAX;
    struct origin *o = origin_new(&config);
    CHECK(o);
    return o;
}

void load_entry_target(const struct load_options *options, struct origin_target *out) {
    *out = (struct origin_target){.has_ed_id = true, .ipv4 = options->relay};
    memcpy(out->rsa_id, options->rsa_id, sizeof out->rsa_id);
    memcpy(out->ed_id, options->ed_id, sizeof out->ed_id);
    memcpy(out->onion_key, options->onion_key, sizeof out->onion_key);
}

static void export_secret(void *context, const uint8_t cid[static 32], uint8_t out[static 32]) {
    tls_session_export(context, cid, out);
}

struct origin_link *load_entry_link(struct origin *o, nsec now, const struct load_options *options,
                                    struct load_connection *connection,
                                    const struct link_credentials *credentials) {
    struct link_facts facts = {.is_initiator = true, .peer = options->relay, .credentials = credentials};
    if (credentials) {
        facts.export_secret = export_secret;
        facts.export_context = load_connection_tls_change(connection);
    }
    struct link_expectation expected = {.has_rsa_id = true, .has_ed_id = true};
    memcpy(expected.rsa_id, options->rsa_id, sizeof expected.rsa_id);
    memcpy(expected.ed_id, options->ed_id, sizeof expected.ed_id);
    if (!tls_session_peer_sha256(load_connection_tls(connection), facts.peer_certificate_sha256))
        return NULL;
    struct origin_link *link = origin_link_new(o, now, &facts, &expected);
    CHECK(link);
    return link;
}

static bool write_cells(struct origin_link *link, nsec now, struct load_connection *connection) {
    struct cell *cells[CELLS_A_WRITE];
    uint8_t bytes[CELLS_A_WRITE * CELL_LEN];
    uint32_t n = origin_link_take(link, now, cells, CELLS_A_WRITE);
    struct bytes_out out = bytes_out(bytes, sizeof bytes);
    for (uint32_t i = 0; i < n; i++)
        cell_put(&out, 4, cells[i]->circ_id, cells[i]->command, cells[i]->body, cells[i]->length);
    origin_link_release(link, cells, n);
    return n == 0 || load_connection_write(connection, bytes, bytes_written(&out));
}

bool load_entry_write(struct origin_link *link, nsec now, struct load_connection *connection) {
    struct span output = origin_link_handshake_output(link);
    if (output.length > 0 && !load_connection_write(connection, output.data, output.length))
        return false;
    origin_link_handshake_written(link, output.length);
    while (origin_link_wants_write(link) && load_connection_can_write(connection))
        if (!write_cells(link, now, connection))
            return false;
    return true;
}

bool load_entry_refuse_padding(struct load_connection *connection) {
    const struct padding_negotiate_message stop = {.start = false};
    uint8_t body[CELL_BODY_LEN], bytes[CELL_LEN];
    struct bytes_out message = bytes_out(body, sizeof body), out = bytes_out(bytes, sizeof bytes);
    padding_negotiate_encode(&message, &stop);
    cell_put(&out, 4, 0, CELL_PADDING_NEGOTIATE, body, (uint16_t)bytes_written(&message));
    return load_connection_write(connection, bytes, bytes_written(&out));
}
