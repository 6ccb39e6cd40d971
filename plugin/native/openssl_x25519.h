/* openssl_x25519 - X25519 by OpenSSL at little more than the price of its arithmetic (provider.h says what each does).
 *
 * Making OpenSSL's objects and looking its algorithms up takes a quarter of the time of a multiplication. So each thread keeps
 * what holds no secret, from its first use to its end, and an object with a secret is made once for all that it multiplies.
 * Public halves are products with the base point, because OpenSSL's own way to them is slower.
 * Thread: any, after openssl_x25519_setup. Without memory they CHECK, as OpenSSL says only that something failed. */
#ifndef LOOM_NATIVE_OPENSSL_X25519_H
#define LOOM_NATIVE_OPENSSL_X25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/* Once for the process. */
void openssl_x25519_setup(void);
void openssl_x25519_keypair(void *context, uint8_t secret_out[static 32], uint8_t public_out[static 32]);
bool openssl_x25519(const uint8_t secret[static 32], const uint8_t public[static 32], uint8_t out[static 32]);
bool openssl_x25519_exchange(void *context, const uint8_t theirs[static 32], uint8_t public_out[static 32],
                             uint8_t shared_out[static 32]);

#endif
