/* load_options - what loom-load was called with.
 *
 * Memory: in place; no pointer into argv is kept. */
#ifndef LOOM_LOAD_LOAD_OPTIONS_H
#define LOOM_LOAD_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "native/complaint.h"
#include "wire/address.h"

#define LOAD_LINKS_MAX    1024u   /* each way in and each way out is a socket */
#define LOAD_CIRCUITS_MAX 262144u /* each takes about 4 kB here */
#define LOAD_STEPS_MAX    100u
#define LOAD_RECORD_MAX   31u /* cells that fill a TLS record of 16 kB; tor's have 8 */
#define LOAD_RUN_MAX      LOAD_RECORD_MAX
#define LOAD_SECONDS_MAX  3600u
#define LOAD_RATE_MAX     100000000u
#define LOAD_SHARE_MAX    99u /* percent: with all of it queues have no end */
#define LOAD_CIPHER_MAX   64u
#define LOAD_FOLDER_MAX   96u /* with what sinks put behind it, SINK_FOLDER_MAX */

/* What is pressed through the relay. */
enum load_mode {
    LOAD_CELLS,
    LOAD_NTOR, /* circuit handshakes, of these kinds */
    LOAD_NTOR_V3,
    LOAD_IDLE, /* nothing, once the circuits are there */
};

/* What the relay under load is for its circuits. */
enum load_role {
    LOAD_MIDDLE = 1, /* they go on to sinks of ours */
    LOAD_EXIT,       /* they end there, and each has a stream to a server of ours */
};

struct load_options {
    enum load_mode mode;
    uint32_t role; /* enum load_role */
    struct endpoint relay;
    uint8_t rsa_id[20], ed_id[32], onion_key[32]; /* of the relay under load */
    uint32_t
        links; /* half of them lead into the relay, half out of it; of handshakes and to an exit, all lead in */
    uint32_t circuits;     /* of handshakes: that wait for their answer at once */
    uint32_t record_cells; /* cells in each TLS record that we write */
    uint32_t run;          /* cells of one circuit in a row */
    uint32_t
        verified_links; /* ways in whose cells are checked byte by byte, with the ways out that are theirs */
    uint32_t
        loaded_every; /* of so many ways one is loaded, and the others idle; then each has its own way out */
    uint32_t proven_every; /* of so many answers to a handshake, one is proven */
    uint32_t steps;        /* of what idles: so many stages for the links, and so many for the circuits */
    uint32_t warmup_s, seconds;
    uint32_t steady; /* cells a second each way at most; 0: as many as go */
    uint32_t rate;   /* cells a second, both ways together, whatever the relay does; 0: as many as go */
    uint32_t share;  /* percent, of what goes at the time: the rate; 0: it is told, or there is none */
    uint32_t echoes; /* instead of load: so many times one cell there and back */
    char cipher[LOAD_CIPHER_MAX]; /* the one TLS 1.3 suite offered to the relay; empty: what tor offers */
    char keys[LOAD_FOLDER_MAX];   /* a folder for the keys of the sinks, which stay there; empty: they go */
    uint32_t pid;                 /* of the relay, to ask the kernel for its CPU time; 0: not asked */
    bool wants_help;
};

/* Defaults, then argv. False with a complaint that names the option and what was expected. */
MUST_USE bool load_options_parse(int argc, const char *const *argv, struct load_options *out,
                                 struct complaint *complaint);
/* Links that lead into the relay. */
uint32_t load_options_ways(const struct load_options *options);
/* The help text. */
const char *load_options_help(void);

/* Whether as many links and circuits go together, for this and other programs that make such a load. False with a complaint. */
MUST_USE bool load_shape_is_possible(uint32_t links, uint32_t circuits, uint32_t verified_links,
                                     struct complaint *complaint);

#endif
