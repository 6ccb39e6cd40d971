/* cipher_choice - which cipher the links of this machine should have, by what a byte costs under it, and why.
 *
 * With instructions for AES and for carry-less multiplication AES-GCM is the cheapest; without either ChaCha20-Poly1305 is,
 * by a factor of four on small ARM cores. The machine is taken for what OpenSSL takes it for: its capability words may be made less by
 * OPENSSL_ia32cap and OPENSSL_armcap, and then it does without.
 * With AES first the order is tor's (AES-256, ChaCha20, AES-128). With ChaCha20 first AES-128 comes next, as the cheaper one.
 * Thread: any. */
#ifndef LOOM_NATIVE_CIPHER_CHOICE_H
#define LOOM_NATIVE_CIPHER_CHOICE_H

/* LinkCiphers of the configuration. */
enum cipher_wish { CIPHER_WISH_AUTO, CIPHER_WISH_AES, CIPHER_WISH_CHACHA };

enum cipher_order { CIPHER_ORDER_AES, CIPHER_ORDER_CHACHA };

enum cipher_hardware {
    CIPHER_HARDWARE_UNKNOWN, /* OpenSSL says nothing that we understand of this kind of CPU */
    CIPHER_HARDWARE_NONE,
    CIPHER_HARDWARE_AES,
};

struct cipher_choice {
    enum cipher_order order;
    const char *why; /* static text */
};

/* From OpenSSL's words: "OPENSSL_ia32cap=0x...:0x...", "OPENSSL_armcap=0x..."; NULL: it has none. */
enum cipher_hardware cipher_hardware_of(const char *openssl_settings);
/* Where the hardware is unknown: tor's order. */
struct cipher_choice cipher_choose(enum cipher_wish wish, enum cipher_hardware hardware);
/* The same for this machine. */
struct cipher_choice cipher_choose_here(enum cipher_wish wish);

#endif
