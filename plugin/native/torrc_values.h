/* torrc_values - values of torrc options: numbers with units, ports, log lines, authorities.
 *
 * Pure functions. Each returns NULL when value is good, and otherwise what was expected instead, to be shown to the
 * operator as "expected ...". */
#ifndef LOOM_NATIVE_TORRC_VALUES_H
#define LOOM_NATIVE_TORRC_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct config_authority;
struct config_port;
struct log_sink;

/* "20 MBytes", "1.5 GB", "100 KBits", "4096". */
MUST_USE const char *torrc_value_bytes(const char *value, uint64_t *out);
/* "18 hours", "2 weeks", "30": seconds. */
MUST_USE const char *torrc_value_seconds(const char *value, uint64_t *out);
/* "10 msec", "1 second", "10": milliseconds. */
MUST_USE const char *torrc_value_milliseconds(const char *value, uint64_t *out);
/* Seconds with or without a fraction, as milliseconds: "30", "0.5". */
MUST_USE const char *torrc_value_decimal_ms(const char *value, uint64_t *out);
MUST_USE const char *torrc_value_bool(const char *value, bool *out);
/* "auto", 0 or 1, as enum config_tristate. */
MUST_USE const char *torrc_value_tristate(const char *value, int *out);
/* "[address:]port [NoListen|NoAdvertise|IPv4Only|IPv6Only]"; out has room for two, as a bare port means both families.
 * "0" gives none. */
MUST_USE const char *torrc_value_or_port(const char *value, struct config_port *out, uint32_t *count_out);
/* "[address:]port [prometheus]"; a bare port is on 127.0.0.1. "0" gives none. */
MUST_USE const char *torrc_value_metrics_port(const char *value, struct config_port *out,
                                              uint32_t *count_out);
/* "notice[-err] [stdout|stderr|syslog|file PATH]"; *path_out is where PATH begins in value, or NULL. */
MUST_USE const char *torrc_value_log(const char *value, struct log_sink *out, const char **path_out);
/* "[nickname] [flags] address:port fingerprint" as tor's DirAuthority. */
MUST_USE const char *torrc_value_authority(const char *value, struct config_authority *out);
/* "$FINGERPRINT" with or without the dollar and what follows its name. */
MUST_USE const char *torrc_value_fingerprint(const char *word, uint64_t length, uint8_t out[static 20]);

#endif
