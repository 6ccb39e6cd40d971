/* Measure relay layers: what a cell costs, tor1 beside OpenSSL's cipher alone, AES-NI alone and counter galois onion, and the
 * latter without the CPU's help.
 *
 *   loom-layers-bench [--json]
 *
 * Nanoseconds of CPU time for a cell, the best of several rounds. Hot: through one layer in runs of 31, and made by us (with
 * CGO's change of keys). Cold: each cell through another one of 16,384 layers, in any order, as they come and fetched ahead. */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "native/aes128.h"
#include "native/cgo.h"
#include "native/openssl_layers.h"
#include "native/openssl_provider.h"

#define RUN    31u
#define ROUNDS 7u

static uint8_t bodies[RUN][CELL_BODY_LEN];
static struct crypt_cell cells[RUN];
static struct work work;

struct subject {
    const char *name;
    void *layer;
    void (*crypt)(void *layer, struct crypt_cell *cells, size_t n, struct work *work);
    void (*originate)(void *layer, struct crypt_cell *cell, struct work *work); /* NULL: it cannot */
    enum relay_format format;
};

static void cgo_crypt_of(void *layer, struct crypt_cell *run, size_t n, struct work *w) {
    cgo_crypt(layer, run, n, w);
}

static void cgo_originate_of(void *layer, struct crypt_cell *cell, struct work *w) {
    cgo_originate(layer, cell, w);
}

/* As a layer of tor1 would be on OpenSSL's contexts. */
static void evp_crypt(void *layer, struct crypt_cell *run, size_t n, struct work *w) {
    (void)w;
    for (size_t i = 0; i < n; i++) {
        int written;
        EVP_EncryptUpdate(layer, run[i].to, &written, run[i].from, CELL_BODY_LEN);
    }
}

static void *evp_new(void) {
    static const uint8_t key[16], iv[16];
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!context || EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), NULL, key, iv) != 1)
        abort();
    return context;
}

/* As tor1 is on CPUs without VAES. */
static void aesni_crypt(void *layer, struct crypt_cell *run, size_t n, struct work *w) {
    (void)w;
    aes128_cells(layer, AES128_X86, 0, run, n);
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double transit_ns(const struct subject *s, unsigned runs) {
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double from = nanoseconds();
        for (unsigned i = 0; i < runs; i++)
            s->crypt(s->layer, cells, RUN, &work);
        double took = (nanoseconds() - from) / (runs * RUN);
        best = round == 0 || took < best ? took : best;
    }
    return best;
}

/* The message is written anew each time, as it is when it is sent: that is part of the time. */
static double originate_ns(const struct subject *s, unsigned runs) {
    static const uint8_t data[488];
    const struct relay_message message = {RELAY_DATA, 1, {data, sizeof data}};
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double from = nanoseconds();
        for (unsigned i = 0; i < runs * RUN; i++) {
            struct crypt_cell *cell = &cells[i % RUN];
            relay_message_encode(s->format, cell->to, &message, NULL);
            s->originate(s->layer, cell, &work);
        }
        double took = (nanoseconds() - from) / (runs * RUN);
        best = round == 0 || took < best ? took : best;
    }
    return best;
}

/* --- cold ----------------------------------------------------------------------------------------------------------- */

#define COLD  16384u
#define AHEAD 8u

static void *tor1_new(void) {
    const struct layer_keys keys = {.kind = LAYER_TOR1};
    void *layer = aligned_alloc(64, OPENSSL_TOR1_SIZE);
    if (!layer)
        abort();
    openssl_provider()->layer_init(layer, LAYER_RELAY_BACKWARD, &keys);
    return layer;
}

static void shuffle(void **layers) {
    struct rng rng;
    rng_seed(&rng, 1);
    for (unsigned i = COLD - 1; i > 0; i--) {
        unsigned other = (unsigned)rng_below(&rng, i + 1);
        void *layer = layers[i];
        layers[i] = layers[other];
        layers[other] = layer;
    }
}

static double cold_ns(void **layers, void (*crypt)(void *, struct crypt_cell *, size_t, struct work *),
                      void (*prefetch)(const void *)) {
    double best = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        double from = nanoseconds();
        for (unsigned i = 0; i < COLD; i++) {
            if (prefetch)
                prefetch(layers[(i + AHEAD) % COLD]);
            crypt(layers[i], &cells[i % RUN], 1, &work);
        }
        double took = (nanoseconds() - from) / COLD;
        best = round == 0 || took < best ? took : best;
    }
    return best;
}

static void report_cold(bool is_json) {
    static void *layers[COLD];
    const struct crypt_provider *crypt = openssl_provider();
    for (unsigned i = 0; i < COLD; i++)
        layers[i] = evp_new();
    shuffle(layers);
    double evp = cold_ns(layers, evp_crypt, NULL);
    for (unsigned i = 0; i < COLD; i++) {
        EVP_CIPHER_CTX_free(layers[i]);
        layers[i] = tor1_new();
    }
    shuffle(layers);
    double tor1 = cold_ns(layers, crypt->layer_crypt, NULL);
    double fetched = cold_ns(layers, crypt->layer_crypt, crypt->layer_prefetch);
    for (unsigned i = 0; i < COLD; i++) {
        crypt->layer_fini(layers[i]);
        free(layers[i]);
    }
    if (is_json)
        printf("\"cold\": {\"evp_ns\": %.1f, \"tor1_ns\": %.1f, \"tor1_fetched_ns\": %.1f}}\n", evp, tor1,
               fetched);
    else
        printf("cold           %8.0f ns by EVP %8.0f ns by tor1 %8.0f ns by tor1, fetched ahead\n", evp, tor1,
               fetched);
}

/* --- hot ------------------------------------------------------------------------------------------------------------ */

static void report(const struct subject *s, unsigned runs, bool is_json) {
    double transit = transit_ns(s, runs), originate = s->originate ? originate_ns(s, runs) : 0;
    if (is_json)
        printf("\"%s\": {\"transit_ns\": %.1f, \"originate_ns\": %.1f}, ", s->name, transit, originate);
    else
        printf("%-14s %8.0f ns a cell in transit %8.0f ns a cell of ours\n", s->name, transit, originate);
}

int main(int argc, char **argv) {
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 2 || (argc == 2 && !is_json)) {
        fprintf(stderr, "usage: loom-layers-bench [--json]\n");
        return 2;
    }
    const struct crypt_provider *crypt = openssl_provider();
    struct layer_keys tor1_keys = {.kind = LAYER_TOR1}, cgo_keys = {.kind = LAYER_CGO};
    _Alignas(64) uint8_t tor1[OPENSSL_TOR1_SIZE];
    struct cgo fast, portable;
    for (unsigned i = 0; i < CGO_KEYS_LEN; i++)
        cgo_keys.cgo[i] = (uint8_t)(i * 7 + 1);
    for (unsigned i = 0; i < RUN; i++)
        cells[i] = (struct crypt_cell){.from = bodies[i], .to = bodies[i], .command = CELL_RELAY};
    crypt->layer_init(tor1, LAYER_RELAY_BACKWARD, &tor1_keys);
    cgo_init(&fast, LAYER_RELAY_BACKWARD, cgo_keys.cgo, cgo_can_be_fast());
    cgo_init(&portable, LAYER_RELAY_BACKWARD, cgo_keys.cgo, false);
    if (is_json)
        printf("{");
    void *evp = evp_new();
    report(&(struct subject){"evp", evp, evp_crypt, NULL, RELAY_V0}, 2000, is_json);
    union aes128_keys keys;
    if (aes128_has(AES128_X86)) {
        aes128_cells_init(&keys, AES128_X86, tor1_keys.cipher);
        report(&(struct subject){"aesni", &keys, aesni_crypt, NULL, RELAY_V0}, 2000, is_json);
    }
    report(&(struct subject){"tor1", tor1, crypt->layer_crypt, crypt->layer_originate, RELAY_V0}, 2000,
           is_json);
    report(&(struct subject){"cgo", &fast, cgo_crypt_of, cgo_originate_of, RELAY_V1}, 2000, is_json);
    report(&(struct subject){"cgo_portable", &portable, cgo_crypt_of, cgo_originate_of, RELAY_V1}, 100,
           is_json);
    report_cold(is_json);
    EVP_CIPHER_CTX_free(evp);
    crypt->layer_fini(tor1);
    cgo_fini(&fast);
    cgo_fini(&portable);
    return 0;
}
