/* openssl_sha3 - the hashes and the cipher of ntor-v3 and onion services: SHA3-256, SHAKE-256 and AES-256-CTR
 * (provider.h says what each does).
 *
 * Thread: any, after openssl_sha3_setup. Without memory they CHECK, as OpenSSL says only that something failed. */
#ifndef LOOM_NATIVE_OPENSSL_SHA3_H
#define LOOM_NATIVE_OPENSSL_SHA3_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "crypt/provider.h"

/* Look the algorithms up, once for the process. */
void openssl_sha3_setup(void);
void openssl_sha3_256(const struct span *parts, size_t count, uint8_t out[static SHA3_256_LEN]);
void openssl_shake256(const struct span *parts, size_t count, uint8_t *out, size_t length);
void openssl_aes256_ctr(const uint8_t key[static AES256_KEY_LEN], uint8_t *bytes, size_t length);

#endif
