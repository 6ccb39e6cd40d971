/* relay_identity - who a relay of the in-memory network is: real keys and certificates, or symbolic ones.
 */
#ifndef LOOM_MEMNET_RELAY_IDENTITY_H
#define LOOM_MEMNET_RELAY_IDENTITY_H

#include <stdint.h>

#include "core/link_facts.h"
#include "crypt/ntor.h"
#include "crypt/provider.h"
#include "wire/address.h"

#define IDENTITY_CERTIFICATE_MAX 2048u
#define IDENTITY_UNIX_S          UINT64_C(1900000000) /* certificates are valid around this time */

struct relay_identity {
    struct link_credentials credentials;
    struct ntor_server_keys ntor;
    uint8_t certificates[5][IDENTITY_CERTIFICATE_MAX]; /* what the credentials' spans point to */
};

/* Identity number `index`; address is advertised. With real cryptography the keys of an index are made once and then used
 * again by every network of the process, because RSA keys take time. identity must stay where it is. */
void relay_identity_make(struct relay_identity *identity, const struct crypt_provider *crypt, unsigned index,
                         const struct endpoint *address);

#endif
