/* congestion_params - what the consensus says of congestion control and flow control (proposal 324, section 6.5), with tor's
 * defaults and limits. */
#ifndef LOOM_CORE_CONGESTION_PARAMS_H
#define LOOM_CORE_CONGESTION_PARAMS_H

#include <stdint.h>

enum congestion_algorithm { CONGESTION_NONE = 0, CONGESTION_VEGAS = 2 };

#define CONGESTION_CELL_BYTES 498u /* in which the consensus counts bytes of streams */
#define CONGESTION_CWND_MAX \
    20000 /* cells, 10 MB: beyond it no consensus goes; bounds what we keep for each circuit */

/* One line each: field, name in the consensus, default, least, most. */
#define CONGESTION_PARAMS(X)                                                                       \
    X(algorithm, "cc_alg", CONGESTION_VEGAS, 0, 3)                                                 \
    X(sendme_inc, "cc_sendme_inc", 31, 1, 254) /* DATA cells for a SENDME */                       \
    X(cwnd_init, "cc_cwnd_init", 124, 31, 10000)                                                   \
    X(cwnd_min, "cc_cwnd_min", 124, 31, 1000)                                                      \
    X(cwnd_max, "cc_cwnd_max", CONGESTION_CWND_MAX, 500, CONGESTION_CWND_MAX)                      \
    X(cwnd_inc, "cc_cwnd_inc", 1, 1, 1000)                                                         \
    X(cwnd_inc_rate, "cc_cwnd_inc_rate", 31, 1, 250)        /* changes of cwnd for each cwnd */    \
    X(cwnd_inc_pct_ss, "cc_cwnd_inc_pct_ss", 100, 1, 500)   /* of sendme_inc, in slow start */     \
    X(cwnd_full_gap, "cc_cwnd_full_gap", 4, 0, 32767)       /* of sendme_inc: still full */        \
    X(cwnd_full_minpct, "cc_cwnd_full_minpct", 25, 0, 100)  /* of cwnd: no longer full */          \
    X(cwnd_full_per_cwnd, "cc_cwnd_full_per_cwnd", 1, 0, 1) /* or else for each change of it */    \
    X(ewma_cwnd_pct, "cc_ewma_cwnd_pct", 50, 1, 255)                                               \
    X(ewma_max, "cc_ewma_max", 10, 2, INT32_MAX)                                                   \
    X(ewma_ss, "cc_ewma_ss", 2, 2, INT32_MAX)                                                      \
    X(rtt_reset_pct, "cc_rtt_reset_pct", 100, 0, 100)                                              \
    X(ss_cwnd_cap, "cc_sscap_exit", 600, 100, INT32_MAX) /* beyond it slow start is slower */      \
    X(ss_cwnd_max, "cc_ss_max", 5000, 500, INT32_MAX)                                              \
    X(alpha, "cc_vegas_alpha_exit", 186, 0, 1000)                                                  \
    X(beta, "cc_vegas_beta_exit", 248, 0, 1000)                                                    \
    X(gamma, "cc_vegas_gamma_exit", 186, 0, 1000)                                                  \
    X(delta, "cc_vegas_delta_exit", 310, 0, INT32_MAX)                                             \
    X(xoff_client, "cc_xoff_client", 500, 1, 10000) /* cells that wait for an application */       \
    X(xoff_exit, "cc_xoff_exit", 500, 1, 10000)     /* cells that wait for a destination */        \
    X(xon_change_pct, "cc_xon_change_pct", 25, 1, 99)                                              \
    X(xon_ewma_count, "cc_xon_ewma_cnt", 2, 2, 100)                                                \
    X(xon_rate, "cc_xon_rate", 500, 1, 5000)  /* cells written between two measures of the rate */ \
    X(cellq_high, "cellq_high", 256, 1, 1000) /* cells that wait for the link: streams stop */     \
    X(cellq_low, "cellq_low", 10, 1, 1000)    /* and go on */

/* What differs for an exit that bandwidth scanners measure through circuits of two hops (tor: __SbwsExit). */
#define CONGESTION_PARAMS_OF_SCANNERS(X)                 \
    X(ss_cwnd_cap, "cc_sscap_sbws", 400, 100, INT32_MAX) \
    X(alpha, "cc_vegas_alpha_sbws", 93, 0, 1000)         \
    X(beta, "cc_vegas_beta_sbws", 155, 0, 1000)          \
    X(gamma, "cc_vegas_gamma_sbws", 124, 0, 1000)        \
    X(delta, "cc_vegas_delta_sbws", 248, 0, INT32_MAX)

struct congestion_params {
#define X(field, name, initial, least, most) int32_t field;
    CONGESTION_PARAMS(X)
#undef X
};

/* An initializer with the defaults. */
#define CONGESTION_INITIAL(field, name, initial, least, most) .field = (initial),
#define CONGESTION_PARAMS_DEFAULT \
    { CONGESTION_PARAMS(CONGESTION_INITIAL) }
extern const struct congestion_params congestion_params_default;

/* The nearest values that mean something. */
struct congestion_params congestion_params_clamped(const struct congestion_params *params);

#endif
