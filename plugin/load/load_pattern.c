#include "load/load_pattern.h"

#include <string.h>

#include "base/bytes.h"
#include "base/rng.h"

#define RECOGNIZED_OFFSET 1u /* tor-spec 6.1: command, recognized, stream, digest, length */
#define CIRCUIT_OFFSET    3u
#define ORDER_OFFSET      7u
#define HEAD_LEN          15u
#define AT_OFFSET         HEAD_LEN
#define REST_OFFSET       (AT_OFFSET + 8u)
#define REST_LEN          (CELL_BODY_LEN - REST_OFFSET)

void load_pattern_init(struct load_pattern *pattern, uint64_t seed) {
    struct rng rng;
    rng_seed(&rng, seed);
    rng_fill(&rng, pattern->pool, sizeof pattern->pool);
}

static void put_head(uint8_t *body, uint32_t circuit, uint64_t order) {
    body[0] = 2; /* DATA, if anybody looked */
    store_u16(body + RECOGNIZED_OFFSET, UINT16_MAX);
    store_u32(body + CIRCUIT_OFFSET, circuit);
    store_u32(body + ORDER_OFFSET, (uint32_t)(order >> 32));
    store_u32(body + ORDER_OFFSET + 4, (uint32_t)order);
}

static const uint8_t *rest_of(const struct load_pattern *pattern, uint32_t circuit, uint64_t order) {
    return pattern->pool + (circuit * 31u + order * 7u) % (LOAD_POOL_LEN - REST_LEN);
}

void load_pattern_fill(const struct load_pattern *pattern, uint32_t circuit, uint64_t order, nsec at,
                       uint8_t body_out[static CELL_BODY_LEN]) {
    put_head(body_out, circuit, order);
    store_u32(body_out + AT_OFFSET, (uint32_t)(at >> 32));
    store_u32(body_out + AT_OFFSET + 4, (uint32_t)at);
    memcpy(body_out + REST_OFFSET, rest_of(pattern, circuit, order), REST_LEN);
}

uint32_t load_pattern_circuit(const uint8_t body[static CELL_BODY_LEN]) {
    return load_u32(body + CIRCUIT_OFFSET);
}

nsec load_pattern_at(const uint8_t body[static CELL_BODY_LEN]) {
    return (nsec)load_u32(body + AT_OFFSET) << 32 | load_u32(body + AT_OFFSET + 4);
}

bool load_pattern_fits(const struct load_pattern *pattern, uint32_t circuit, uint64_t order,
                       const uint8_t body[static CELL_BODY_LEN]) {
    uint8_t head[HEAD_LEN];
    put_head(head, circuit, order);
    return memcmp(body, head, sizeof head) == 0 &&
           memcmp(body + REST_OFFSET, rest_of(pattern, circuit, order), REST_LEN) == 0;
}
