/* create_fast - CREATE_FAST, the handshake for a first hop whose keys nobody knows yet: all its secrecy is that of the TLS
 * link (tor-spec 5.1.5, 5.2.1). A few hashes, so it is done where it comes. */
#ifndef LOOM_CRYPT_CREATE_FAST_H
#define LOOM_CRYPT_CREATE_FAST_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/err.h"
#include "crypt/circuit_keys.h"
#include "crypt/provider.h"

#define CREATE_FAST_LEN  20u /* X */
#define CREATED_FAST_LEN 40u /* Y, KH */

/* Draw X. */
void create_fast_client_create(const struct crypt_provider *crypt, uint8_t x_out[static CREATE_FAST_LEN]);
/* ERR_BAD_SIGNATURE when KH is not that of X and Y. */
MUST_USE enum err create_fast_client_finish(const struct crypt_provider *crypt,
                                            const uint8_t x[static CREATE_FAST_LEN],
                                            const uint8_t reply[static CREATED_FAST_LEN],
                                            struct circuit_keys *keys_out);
void create_fast_server_answer(const struct crypt_provider *crypt, const uint8_t x[static CREATE_FAST_LEN],
                               uint8_t reply_out[static CREATED_FAST_LEN], struct circuit_keys *keys_out);

#endif
