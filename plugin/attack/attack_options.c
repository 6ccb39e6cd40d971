#include "attack/attack_options.h"

#include <assert.h>
#include <stddef.h>

#include "base/check.h"
#include "load/load_arguments.h"

static const char *const names[] = {"sniper",   "trickle", "upload", "unread",  "begins", "begins-nowhere",
                                    "resolves", "creates", "churn",  "extends", "tcp",    "tls",
                                    "links",    NULL};
static_assert(sizeof names / sizeof names[0] == ATTACK_LINKS + 1, "one for each kind, and the end");

#define AT(field) offsetof(struct attack_options, field)

static const struct load_argument options[] = {
    {"attack", LOAD_ARGUMENT_CHOICE, AT(kind), 0, 0, true, names},
    {"relay", LOAD_ARGUMENT_ENDPOINT, AT(relay), 0, 0, true, NULL},
    {"rsa-id", LOAD_ARGUMENT_HEX, AT(rsa_id), 20, 20, true, NULL},
    {"ed-id", LOAD_ARGUMENT_HEX, AT(ed_id), 32, 32, true, NULL},
    {"onion-key", LOAD_ARGUMENT_HEX, AT(onion_key), 32, 32, true, NULL},
    {"from", LOAD_ARGUMENT_ENDPOINT, AT(from), 0, 0, false, NULL},
    {"links", LOAD_ARGUMENT_NUMBER, AT(links), 1, ATTACK_LINKS_MAX, false, NULL},
    {"circuits", LOAD_ARGUMENT_NUMBER, AT(circuits), 1, ATTACK_CIRCUITS_MAX, false, NULL},
    {"streams", LOAD_ARGUMENT_NUMBER, AT(streams), 1, ATTACK_STREAMS_MAX, false, NULL},
    {"seconds", LOAD_ARGUMENT_NUMBER, AT(seconds), 1, ATTACK_SECONDS_MAX, false, NULL},
};
#define OPTION_COUNT ((uint32_t)(sizeof options / sizeof options[0]))
static_assert(OPTION_COUNT <= LOAD_ARGUMENTS_MAX, "a bit each");

const char *attack_options_help(void) {
    return "loom-attack - do to a relay of one's own what others will do to it\n"
           "\n"
           "  --attack NAME       queues, from relays of ours behind the relay, circuits through it:\n"
           "                        sniper          clients never read, the relays send without regard to windows\n"
           "                        trickle         the same, but clients read 64 bytes a second\n"
           "                        upload          clients send, the relays never read\n"
           "                      exits, over links of a relay:\n"
           "                        unread          streams to who gives without end, and nobody reads\n"
           "                        begins          streams to who takes them all and says nothing\n"
           "                        begins-nowhere  streams to who never answers a SYN\n"
           "                        resolves        RESOLVEs of names that are all different\n"
           "                      circuits:\n"
           "                        creates         CREATE2 as fast as it goes, never used\n"
           "                        churn           each with its DESTROY behind it\n"
           "                        extends         EXTEND2 to relays that never answer a SYN\n"
           "                      connections, and again when they are closed:\n"
           "                        tcp             that never begin TLS\n"
           "                        tls             that never begin the link handshake\n"
           "                        links           that are open and idle\n"
           "  --relay ADDRESS:PORT --rsa-id HEX --ed-id HEX --onion-key HEX   the relay\n"
           "  --from ADDRESS:0    where the attacker comes from (127.0.0.1:0)\n"
           "  --links N           links or connections at once (8)\n"
           "  --circuits N        circuits at once (400); of creates and churn, in all\n"
           "  --streams N         streams of a circuit (2)\n"
           "  --seconds S         how long (10)\n";
}

const char *attack_name(enum attack_kind kind) {
    CHECK(kind >= ATTACK_SNIPER && kind <= ATTACK_LINKS);
    return names[kind - 1];
}

bool attack_options_parse(int argc, const char *const *argv, struct attack_options *out,
                          struct complaint *complaint) {
    *out = (struct attack_options){
        .from = {.address = {.family = ADDRESS_IPV4, .bytes = {127, 0, 0, 1}}},
        .links = 8,
        .circuits = 400,
        .streams = 2,
        .seconds = 10,
    };
    return load_arguments_parse(argc, argv, options, OPTION_COUNT, out, &out->wants_help, complaint);
}
