/* libloom-price.so: loaded into an unmodified tor by LD_PRELOAD, in Shadow, it makes what tor does take time.
 *
 * In Shadow system calls cannot be interposed, but OpenSSL and libevent can. So tor's work is known from its calls of these
 * (shadow/tor_calls.h), and paid for by sleeping (shadow/priced_process.h) before a link's bytes reach its socket. What is left
 * at the end of a callback of the loop is queued: it is done while the loop waits, or before the next bytes. CPU workers, which have no loop, pay for each handshake.
 *   main thread    relay ciphers and digests, records and bytes of links, callbacks, link handshakes, circuits opened
 *   other threads  ntor: one derivation of keys each; ntor-v3: two messages enciphered each */
#include <dlfcn.h>
#include <event2/event.h>
#include <link.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "shadow/priced_process.h"
#include "shadow/tor_calls.h"

#define EXPORTED __attribute__((visibility("default")))

/* What stands behind the function that is interposed: looked up once, or by several threads with the same result. The union is
 * POSIX's way from data to code. */
#define REAL(name)                                                                \
    static _Atomic(__typeof__(&(name))) kept; /* relaxed: nothing hangs on it */  \
    __typeof__(&(name)) real = atomic_load_explicit(&kept, memory_order_relaxed); \
    if (real == NULL) {                                                           \
        union {                                                                   \
            void *data;                                                           \
            __typeof__(&(name)) code;                                             \
        } found = {.data = dlsym(RTLD_NEXT, #name)};                              \
        CHECK(found.data != NULL);                                                \
        real = found.code;                                                        \
        atomic_store_explicit(&kept, real, memory_order_relaxed);                 \
    }

static struct tor_calls calls; /* the main thread's */
static atomic_ulong opened;    /* circuits that workers made, which main has not paid for: relaxed, a sum */
static nsec last_seen;         /* when the main thread is done with what it has begun */
static __thread unsigned enciphered; /* a worker's messages of ntor-v3, of which two are a handshake */

/* The program's own code: OpenSSL calls itself by the same names. */
static uintptr_t program_begin, program_end;

#define CALLED_BY_PROGRAM is_of_program((uintptr_t)__builtin_return_address(0))

static bool is_of_program(uintptr_t address) {
    return address >= program_begin && address < program_end;
}

/* The program comes first. */
static int note_program(struct dl_phdr_info *info, size_t size, void *context) {
    (void)size;
    (void)context;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0)
            continue;
        program_begin = info->dlpi_addr + part->p_vaddr;
        program_end = program_begin + part->p_memsz;
    }
    return 1;
}

__attribute__((constructor)) static void start(void) {
    priced_process_start();
    dl_iterate_phdr(note_program, NULL);
}

__attribute__((destructor)) static void end(void) {
    priced_process_end();
}

/* --- paying ----------------------------------------------------------------------------------------------------- */

static struct work take_work(struct working_set *set_out) {
    struct work work;
    tor_calls_take(&calls, &work, set_out);
    work.circuits_opened = atomic_exchange_explicit(&opened, 0, memory_order_relaxed);
    return work;
}

static void settle(void) {
    struct working_set set;
    const struct work work = take_work(&set);
    priced_process_pay(&work, &set);
}

static void queue(void) {
    struct working_set set;
    const struct work work = take_work(&set);
    last_seen = nsec_max(priced_process_queue(&work, &set), priced_process_now());
}

static void pay_handshake(const struct work *work) {
    atomic_fetch_add_explicit(&opened, 1, memory_order_relaxed);
    priced_process_pay(work, &(struct working_set){0});
}

/* --- the loop --------------------------------------------------------------------------------------------------- */

/* An event's callback, in an envelope that is given back with the event. */
struct envelope {
    struct envelope *next; /* in the list of its hash */
    const struct event *event;
    event_callback_fn callback;
    void *argument;
};

#define ENVELOPE_LISTS 4096u
static struct envelope
    *envelopes[ENVELOPE_LISTS]; /* main thread's, and before it has others: tor has one loop */

static struct envelope **list_of(const struct event *event) {
    return &envelopes[((uintptr_t)event >> 4) % ENVELOPE_LISTS];
}

static void open_envelope(evutil_socket_t fd, short what, void *argument) {
    const struct envelope envelope = *(struct envelope *)argument; /* the callback may free its event */
    if (!priced_process_is_main_thread()) {
        envelope.callback(fd, what, envelope.argument);
        return;
    }
    nsec now = priced_process_now();
    bool slept = now > last_seen;
    if (slept)
        priced_process_woken(last_seen);
    tor_calls_begin(&calls, now, slept);
    envelope.callback(fd, what, envelope.argument);
    queue();
}

EXPORTED struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
                                 event_callback_fn callback, void *argument) {
    REAL(event_new)
    struct envelope *envelope = malloc(sizeof *envelope);
    CHECK(envelope != NULL);
    struct event *event = real(base, fd, what, open_envelope, envelope);
    if (event == NULL) {
        free(envelope);
        return NULL;
    }
    *envelope = (struct envelope){*list_of(event), event, callback, argument};
    *list_of(event) = envelope;
    return event;
}

EXPORTED void event_free(struct event *event) {
    REAL(event_free)
    struct envelope **place = list_of(event), *envelope;
    while ((envelope = *place) != NULL && envelope->event != event)
        place = &envelope->next;
    real(event);
    if (envelope == NULL)
        return; /* not of event_new */
    *place = envelope->next;
    free(envelope);
}

/* --- relay ciphers and handshakes of circuits ------------------------------------------------------------------- */

EXPORTED int EVP_EncryptUpdate(EVP_CIPHER_CTX *context, unsigned char *out, int *out_length,
                               const unsigned char *in, int in_length) {
    REAL(EVP_EncryptUpdate)
    int done = real(context, out, out_length, in, in_length);
    if (!CALLED_BY_PROGRAM)
        return done;
    if (priced_process_is_main_thread())
        tor_calls_layer(&calls, context, (size_t)in_length);
    else if (++enciphered % 2 == 0)
        pay_handshake(&(struct work){.handshakes_ntor_v3 = 1});
    return done;
}

EXPORTED int SHA1_Update(SHA_CTX *context, const void *data, size_t length) {
    REAL(SHA1_Update)
    int done = real(context, data, length);
    if (CALLED_BY_PROGRAM && priced_process_is_main_thread())
        tor_calls_digest(&calls, length);
    return done;
}

EXPORTED int EVP_PKEY_derive(EVP_PKEY_CTX *context, unsigned char *key, size_t *length) {
    REAL(EVP_PKEY_derive)
    int done = real(context, key, length);
    if (CALLED_BY_PROGRAM && !priced_process_is_main_thread() && key != NULL)
        pay_handshake(&(struct work){.handshakes_ntor = 1});
    return done;
}

/* --- links ------------------------------------------------------------------------------------------------------ */

static enum link_cipher cipher_of(const SSL *ssl) {
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    switch (cipher == NULL ? 0 : SSL_CIPHER_get_cipher_nid(cipher)) {
    case NID_aes_128_gcm:
    case NID_aes_128_cbc: return LINK_AES128;
    case NID_chacha20_poly1305: return LINK_CHACHA;
    default: return LINK_AES256;
    }
}

#define HEADER_BYTES 5u /* of a record: OpenSSL asks for it alone, and then for the rest */

/* Around each read() and write() of a link. */
static long on_socket(BIO *bio, int operation, const char *data, size_t length, int argument, long other,
                      int done, size_t *moved) {
    const SSL *ssl = (const SSL *)(const void *)BIO_get_callback_arg(bio);
    size_t bytes = done > 0 && moved != NULL ? *moved : 0;
    (void)data;
    (void)argument;
    (void)other;
    if (operation == BIO_CB_WRITE)
        settle(); /* before others see it */
    else if (operation == (BIO_CB_WRITE | BIO_CB_RETURN))
        tor_calls_socket_write(&calls, cipher_of(ssl), bytes);
    else if (operation == (BIO_CB_READ | BIO_CB_RETURN))
        tor_calls_socket_read(&calls, cipher_of(ssl), bytes, length == HEADER_BYTES);
    return done;
}

EXPORTED void SSL_set_bio(SSL *ssl, BIO *from, BIO *to) {
    REAL(SSL_set_bio)
    if (from != NULL && from == to && BIO_method_type(from) == BIO_TYPE_SOCKET) {
        BIO_set_callback_ex(from, on_socket);
        BIO_set_callback_arg(from, (char *)ssl);
    }
    real(ssl, from, to);
}

EXPORTED int SSL_read(SSL *ssl, void *into, int room) {
    REAL(SSL_read)
    int got = real(ssl, into, room);
    if (got > 0)
        tor_calls_plain_in(&calls, (size_t)got);
    return got;
}

EXPORTED int SSL_write(SSL *ssl, const void *from, int length) {
    REAL(SSL_write)
    int took = real(ssl, from, length);
    if (took > 0)
        tor_calls_plain_out(&calls, ssl, (size_t)took);
    return took;
}

/* By either side; one more when this has ended it. */
static int shake_hands(SSL *ssl, int (*by)(SSL *)) {
    bool was_finished = SSL_is_init_finished(ssl);
    int done = by(ssl);
    calls.work.handshakes_link += !was_finished && SSL_is_init_finished(ssl);
    return done;
}

EXPORTED int SSL_accept(SSL *ssl) {
    REAL(SSL_accept)
    return shake_hands(ssl, real);
}

EXPORTED int SSL_connect(SSL *ssl) {
    REAL(SSL_connect)
    return shake_hands(ssl, real);
}
