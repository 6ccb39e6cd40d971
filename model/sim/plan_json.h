/* plan_json - a plan as JSON, for engines that are other programs: the same relays, bandwidths, places, clients and loads.
 *
 * {"format": 1, "scenario", "arm", "seed", "measure_from_ns", "end_ns", "bootstrap_end_ns", "kist_run_interval_ms",
 *  "congestion_control": "windows" or "vegas", "wants_cgo",
 *  "countries": those that have a host; "latency_us" and "loss" (of 2^32 segments; [] for none): [from][to] of these,
 *  "relays": [{"name", "role", "country", "weight", "line_rate", "rate", "burst", "program", "threads", "guard", "exit",
 *              "machine": null or {"cores", "threads_per_core", "workers", "softirq_queues", "aes", "prices": by the names of profiles}}],
 *  "servers": [{"country", "line_rate"}], "clients": [{"group", "country", "line_rate", "sessions", "guards", "start_ns", "middle", "path"}],
 *  "groups": [{"name", "files": [{"bytes", "weight", "timeout_ns"}], "request_bytes", "pause_ns", "exponential", "periodic",
 *              "circuit_age_ns", "circuit_timeout_ns", "upload", "goes_on_ns", "streams_at_ns", "fetches", "flows"}]}
 * Countries are indexes into "countries"; rates bytes a second, null without a limit;
 * "flows": Markov models, which are not told;
 * "machine": null: work takes no time; "middle" and "path" (guard, middle, exit): relays by number, null: drawn. */
#ifndef LOOM_SIM_PLAN_JSON_H
#define LOOM_SIM_PLAN_JSON_H

#include <jansson.h>

#include "sim/scenario_plan.h"

#define PLAN_JSON_FORMAT 1

/* To be released by the caller; NULL without memory. */
MUST_USE json_t *plan_json(const struct plan *plan);

#endif
