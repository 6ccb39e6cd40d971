/* sim_server - what stands behind the exits: answers each request with as many bytes as it asks for.
 *
 * A request is its length and the number of bytes wanted (8 bytes each) and zeros. The answer goes as fast as TCP takes
 * it; then the next request is awaited. It may be asked for with a response before it, which is written by itself, as tgen's
 * server does it: so it has a segment of its own, and what follows waits for the window. An upload is its length and whose it is, in the same room, and zeros; it is
 * answered by one byte when all has come, and what comes after that is taken and forgotten. A request may also ask for the
 * server's end of a packet model (traffic/packet_walk.h), or say that it is observed (sim_watch.h). A server's work takes no time.
 * Owner: its engine host. Memory: 96 bytes a connection, 40 an upload, 110 a packet model. */
#ifndef LOOM_SIM_SIM_SERVER_H
#define LOOM_SIM_SIM_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/list.h"
#include "des/net.h"
#include "des/tcp.h"
#include "sim/sim_watch.h"

#define SIM_SERVER_PORT      80u
#define SIM_SERVER_NAME_MAX  16u
#define SIM_REQUEST_HEAD_LEN 16u
#define SIM_RESPONSE_LEN     100u                /* about what tgen says */
#define SIM_UNENDING         (UINT64_C(1) << 62) /* bytes of an answer, or of a request that never is whole */

struct sim_world;
struct sim_walking;

/* What came of a client's upload. */
struct sim_upload {
    uint32_t client;
    uint16_t session;
    uint16_t number; /* struct sim_transfer */
    uint64_t bytes;  /* at most its length */
    nsec first_byte; /* NSEC_NEVER: none */
    nsec last_byte;
};

struct sim_server {
    int role; /* enum sim_role */
    struct host *host;
    struct list connections;
    struct sim_upload *uploads; /* in the order in which they began */
    uint32_t upload_count, upload_room;
    struct sim_world *world;
    struct sim_walking *walking; /* connections with packet models */
    uint32_t walking_room;
    uint32_t walking_free; /* the first unused; walking_room: none */
    struct sim_watch watch;
};

/* "s17" */
void sim_server_name(uint32_t server, char out[static SIM_SERVER_NAME_MAX]);
MUST_USE bool sim_server_of(const char *name, uint32_t *server_out);
/* The first bytes of a request of `length` bytes for `wanted` bytes. */
void sim_request_write(uint64_t length, uint64_t wanted, uint8_t out[static SIM_REQUEST_HEAD_LEN]);
/* What is wanted when a response is to come first. */
uint64_t sim_after_response(uint64_t wanted);

/* The first word of a request of `length` bytes, below 2^24, that is observed, and whose it is; length_out too is of the word. */
uint64_t sim_observed_word(uint64_t length, uint32_t client, uint16_t session);
MUST_USE bool sim_observed_of(uint64_t word, uint64_t *length_out, uint32_t *client_out,
                              uint16_t *session_out);
/* The first bytes of an upload of `length` bytes; of upload, who is read. */
void sim_upload_write(uint64_t length, const struct sim_upload *upload,
                      uint8_t out[static SIM_REQUEST_HEAD_LEN]);
/* Whether the second word of a request is of an upload, and whose. */
MUST_USE bool sim_upload_of(uint64_t word, struct sim_upload *upload_out);

/* The first bytes of a request of `length` bytes for the packet model of a load, walked from seed. */
void sim_walk_write(uint64_t length, uint16_t load, uint32_t seed, uint8_t out[static SIM_REQUEST_HEAD_LEN]);
/* Whether the second word of a request is of that kind. */
MUST_USE bool sim_walk_of(uint64_t word, uint16_t *load_out, uint32_t *seed_out);

void sim_server_init(struct sim_server *server, struct sim_world *world, uint32_t number);
/* The engine has stopped. */
void sim_server_fini(struct sim_server *server);

bool sim_server_accept(struct host *host, nsec now, struct tcp *tcp, uint16_t port);
void sim_server_readable(struct host *host, nsec now, struct tcp *tcp);
void sim_server_writable(struct host *host, nsec now, struct tcp *tcp);
void sim_server_closed(struct host *host, nsec now, struct tcp *tcp, enum tcp_end end);
event_handler sim_server_timer;
/* A bin of what is watched ends; looks again when the next does. */
void sim_server_look(struct sim_server *server, nsec now);

#endif
