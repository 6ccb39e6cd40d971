/* dos_params - the bounds of denial-of-service prevention, as tor's consensus parameters and torrc options name them.
 *
 * One address may make so many circuits and connections, and one circuit so many streams; beyond that the defence of that
 * name begins (dos.c's behaviour in C tor; the defaults are tor's). An operator's value wins over the consensus's. */
#ifndef LOOM_CORE_DOS_PARAMS_H
#define LOOM_CORE_DOS_PARAMS_H

#include <stdint.h>

#define DOS_DEFENSE_NONE          1
#define DOS_DEFENSE_REFUSE        2 /* circuit, connection or stream */
#define DOS_DEFENSE_CLOSE_CIRCUIT 3 /* of a stream */
#define DOS_THE_CONSENSUS_SAYS    (-1)
#define DOS_DEFENSE_PERIOD_MAX_S  (7 * 24 * 3600) /* longer is for ever, for an address that changes hands */

/* One line each: field, name in consensus and torrc, default, least, most. */
#define DOS_PARAMS(X)                                                                                     \
    X(circuit_enabled, "DoSCircuitCreationEnabled", 0, 0, 1)                                              \
    X(circuit_connections_min, "DoSCircuitCreationMinConnections", 3, 1, INT32_MAX)                       \
    X(circuit_rate, "DoSCircuitCreationRate", 3, 1, INT32_MAX) /* a second */                             \
    X(circuit_burst, "DoSCircuitCreationBurst", 90, 1, INT32_MAX)                                         \
    X(circuit_defense, "DoSCircuitCreationDefenseType", 2, 1, 2)                                          \
    X(circuit_defense_s, "DoSCircuitCreationDefenseTimePeriod", 3600, 0, DOS_DEFENSE_PERIOD_MAX_S)        \
    X(queues_full_max, "dos_num_circ_max_outq", 3, 0, INT32_MAX) /* circuits closed for what they hold */ \
    X(connection_enabled, "DoSConnectionEnabled", 0, 0, 1)                                                \
    X(connections_max, "DoSConnectionMaxConcurrentCount", 100, 1, INT32_MAX)                              \
    X(connection_defense, "DoSConnectionDefenseType", 2, 1, 2)                                            \
    X(connect_rate, "DoSConnectionConnectRate", 20, 1, INT32_MAX) /* a second */                          \
    X(connect_burst, "DoSConnectionConnectBurst", 40, 1, INT32_MAX)                                       \
    X(connect_defense_s, "DoSConnectionConnectDefenseTimePeriod", 86400, 10, DOS_DEFENSE_PERIOD_MAX_S)    \
    X(stream_enabled, "DoSStreamCreationEnabled", 0, 0, 1)                                                \
    X(stream_defense, "DoSStreamCreationDefenseType", 2, 1, 3)                                            \
    X(stream_rate, "DoSStreamCreationRate", 100, 1, INT32_MAX) /* a second, of one circuit */             \
    X(stream_burst, "DoSStreamCreationBurst", 300, 1, INT32_MAX)                                          \
    X(refuse_single_hop, "DoSRefuseSingleHopClientRendezvous", 0, 0, 1)

struct dos_params {
#define X(field, name, initial, least, most) int32_t field;
    DOS_PARAMS(X)
#undef X
};

/* An initializer with the defaults. */
#define DOS_INITIAL(field, name, initial, least, most) .field = (initial),
#define DOS_PARAMS_DEFAULT \
    { DOS_PARAMS(DOS_INITIAL) }
extern const struct dos_params dos_params_default;
/* What an operator asks for who says nothing: DOS_THE_CONSENSUS_SAYS in every field. */
extern const struct dos_params dos_params_unasked;

/* The nearest values within the limits above. */
struct dos_params dos_params_clamped(const struct dos_params *params);
/* What the operator asked for, and for the rest what the consensus says; clamped. */
struct dos_params dos_params_settled(const struct dos_params *asked, const struct dos_params *consensus);

#endif
