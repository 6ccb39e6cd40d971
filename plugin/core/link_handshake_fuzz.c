/* Both roles of the link handshake against an honest peer whose cells are changed, and against cells made up.
 *
 * Input: a byte of options, then steps. A step is a byte: its low two bits say what, the rest how much. */
#include "core/link_handshake.h"

#include "support/fuzz.h"
#include "support/plain_memory.h"
#include "support/symbolic_identity.h"

enum option { WE_INITIATE = 1, WE_ARE_ANONYMOUS = 2, PEER_IS_ANONYMOUS = 4, WE_EXPECT_THE_PEER = 8 };
enum step { NEXT_CELL, CHANGED_CELL, MADE_UP_CELL, RAW_BYTES };

struct game {
    struct symbolic symbolic;
    const struct crypt_provider *crypt;
    struct symbolic_identity own, peer;
    uint8_t tls_secret[32];
    struct link_handshake *h, *honest;
    struct bytes_in in;
    bool is_over, is_tampered;
};

static struct link_handshake *new_side(struct game *g, bool is_initiator, const struct symbolic_identity *own,
                                       const struct symbolic_identity *other, bool is_anonymous,
                                       const struct link_expectation *expected) {
    struct link_facts facts = {.is_initiator = is_initiator,
                               .peer = other->credentials.advertised[0],
                               .credentials = is_anonymous && is_initiator ? NULL : &own->credentials,
                               .export_secret = symbolic_export,
                               .export_context = g->tls_secret};
    memcpy(facts.peer_certificate_sha256, other->credentials.tls_certificate_sha256, 32);
    struct link_handshake *h = link_handshake_new(g->crypt, &plain_memory, &facts, expected);
    CHECK(h != NULL);
    return h;
}

/* Whoever is authenticated is the peer, whatever was done to its cells. */
static void check_peer(struct game *g) {
    const struct link_peer *peer = link_handshake_peer(g->h);
    if (link_handshake_is_open(g->h))
        CHECK(peer->version == 4 || peer->version == 5);
    if (!peer->is_authenticated)
        return;
    CHECK(memcmp(peer->identity.ed_id, g->peer.credentials.ed_id, 32) == 0);
    CHECK(memcmp(peer->identity.rsa_id, g->peer.credentials.rsa_id, 20) == 0);
}

static void give(struct game *g, const struct cell_view *cell) {
    g->is_over = link_handshake_receive(g->h, SYMBOLIC_NOW_S, cell) || link_handshake_is_open(g->h);
    check_peer(g);
}

/* What we say reaches the honest peer unchanged. */
static void let_peer_hear(struct game *g) {
    struct span out;
    while ((out = link_handshake_output(g->h)).length > 0) {
        struct bytes_in in = bytes_in(out.data, out.length);
        struct cell_view cell;
        uint32_t count;
        enum err e =
            cell_frame(&in, link_handshake_circ_id_length(g->honest), HANDSHAKE_CELL_MAX, &cell, 1, &count);
        CHECK(g->is_tampered || (!e && count == 1));
        if (!link_handshake_is_open(g->honest) && !e && count == 1 &&
            link_handshake_receive(g->honest, SYMBOLIC_NOW_S, &cell))
            CHECK(g->is_tampered);
        link_handshake_written(g->h, count ? out.length - bytes_left(&in) : out.length);
    }
}

static void next_cell(struct game *g, unsigned changes) {
    let_peer_hear(g);
    struct span out = link_handshake_output(g->honest);
    uint8_t bytes[HANDSHAKE_CELL_MAX];
    if (out.length == 0)
        return;
    memcpy(bytes, out.data, out.length);
    for (unsigned i = 0; i < changes; i++) {
        uint16_t at = bytes_u16(&g->in);
        bytes[at % out.length] ^= bytes_u8(&g->in);
        g->is_tampered = true;
    }
    struct bytes_in in = bytes_in(bytes, out.length);
    struct cell_view cell;
    uint32_t count;
    if (cell_frame(&in, link_handshake_circ_id_length(g->h), HANDSHAKE_CELL_MAX, &cell, 1, &count) ||
        !count) {
        CHECK(g->is_tampered);
        g->is_over = true;
        return;
    }
    link_handshake_written(g->honest, out.length - bytes_left(&in));
    give(g, &cell);
    CHECK(!g->is_over || g->is_tampered || link_handshake_is_open(g->h));
}

static void made_up_cell(struct game *g) {
    struct cell_view cell = {.command = bytes_u8(&g->in), .circ_id = bytes_u8(&g->in) & 1};
    uint8_t body[CELL_BODY_LEN] = {0};
    size_t length = bytes_u8(&g->in), left = bytes_left(&g->in);
    length = length < left ? length : left;
    bytes_copy(&g->in, body, length);
    cell.body = body;
    cell.length = cell_command_is_variable(cell.command) ? (uint16_t)length : CELL_BODY_LEN;
    g->is_tampered = true;
    give(g, &cell);
}

static void raw_bytes(struct game *g) {
    struct cell_view cell;
    uint32_t count;
    g->is_tampered = true;
    enum err e =
        cell_frame(&g->in, link_handshake_circ_id_length(g->h), HANDSHAKE_CELL_MAX, &cell, 1, &count);
    g->is_over = e || !count;
    if (count)
        give(g, &cell);
}

static void play(struct game *g) {
    while (!g->is_over && bytes_ok(&g->in) && bytes_left(&g->in) > 0) {
        uint8_t step = bytes_u8(&g->in);
        switch ((enum step)(step & 3)) {
        case NEXT_CELL: next_cell(g, 0); break;
        case CHANGED_CELL: next_cell(g, 1u + (step >> 6)); break;
        case MADE_UP_CELL: made_up_cell(g); break;
        case RAW_BYTES: raw_bytes(g); break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct game g = {.is_over = false};
    g.crypt = symbolic_provider(&g.symbolic, 1);
    symbolic_identity_make(&g.own, g.crypt, 1);
    symbolic_identity_make(&g.peer, g.crypt, 2);
    g.in = bytes_in(data, size);
    uint8_t options = bytes_u8(&g.in);
    struct link_expectation expected = {.has_rsa_id = true, .has_ed_id = true};
    memcpy(expected.rsa_id, g.peer.credentials.rsa_id, 20);
    memcpy(expected.ed_id, g.peer.credentials.ed_id, 32);
    bool we_initiate = options & WE_INITIATE;
    g.h = new_side(&g, we_initiate, &g.own, &g.peer, options & WE_ARE_ANONYMOUS,
                   options & WE_EXPECT_THE_PEER ? &expected : NULL);
    g.honest = new_side(&g, !we_initiate, &g.peer, &g.own, options & PEER_IS_ANONYMOUS, NULL);
    play(&g);
    link_handshake_free(g.h);
    link_handshake_free(g.honest);
    return 0;
}
