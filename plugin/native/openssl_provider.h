/* openssl_provider - the crypt provider of the native runtime: OpenSSL 3.0.
 *
 * Thread: any; the provider has no state but the cipher that it fetched once. Relay layers belong to who placed them. */
#ifndef LOOM_NATIVE_OPENSSL_PROVIDER_H
#define LOOM_NATIVE_OPENSSL_PROVIDER_H

struct crypt_provider;

const struct crypt_provider *openssl_provider(void);

#endif
