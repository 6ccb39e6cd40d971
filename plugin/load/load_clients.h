/* load_clients - clients that are ready to ask the relay under load for a circuit: their onion skins, made beforehand, and
 * what is needed to prove the relay's answer.
 *
 * A skin is as good for many circuits as for one: to the relay each is another handshake. The circuit's id says whose skin
 * it carries.
 * Owner: load_handshakes. Memory: from the heap. */
#ifndef LOOM_LOAD_LOAD_CLIENTS_H
#define LOOM_LOAD_LOAD_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "load/load_options.h"
#include "wire/cell.h"

struct crypt_provider;
struct load_clients;

#define LOAD_CLIENTS 61u /* a prime, so that they take turns on every link */

/* Clients of the relay of the options, which ask as the options say. NULL when its onion key is none. */
MUST_USE struct load_clients *load_clients_new(const struct crypt_provider *crypt,
                                               const struct load_options *options);
/* NULL is fine. */
void load_clients_free(struct load_clients *clients);
/* Body of the CREATE2 cell that asks for circuit circ_id, CELL_BODY_LEN bytes. */
const uint8_t *load_clients_ask(const struct load_clients *clients, uint32_t circ_id);
/* Does body, of a CREATED2 cell, prove that the relay has its keys and has answered this circuit's client? */
bool load_clients_prove(const struct load_clients *clients, uint32_t circ_id, struct span body);

#endif
