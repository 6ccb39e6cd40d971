#include "native/name_records.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/check.h"
#include "crypt/provider.h"
#include "native/heap.h"
#include "native/openssl_provider.h"

void name_records_init(struct name_records *records, uint32_t count_max) {
    uint64_t seed;
    CHECK(count_max > 0);
    CHECK(getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed);
    CHECK(getrandom(records->secret, sizeof records->secret, 0) == (ssize_t)sizeof records->secret);
    table_init(&records->by_hash, &heap_memory, seed);
    list_init(&records->used);
    records->count_max = count_max;
    records->pending = 0;
}

void name_records_fini(struct name_records *records) {
    uint32_t cursor = 0;
    struct name_record *record;
    while ((record = table_take(&records->by_hash, &cursor)) != NULL)
        free(record);
    table_fini(&records->by_hash);
}

static uint64_t hash_of(const struct name_records *records, enum name_kind kind, const char *text) {
    const struct crypt_provider *crypt = openssl_provider();
    uint8_t kind_byte = (uint8_t)kind, digest[SHA256_LEN];
    const struct span parts[] = {
        {records->secret, sizeof records->secret}, {&kind_byte, 1}, {(const uint8_t *)text, strlen(text)}};
    uint64_t hash;
    crypt->sha256(parts, 3, digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static void forget(struct name_records *records, struct name_record *record) {
    (void)table_remove(&records->by_hash, record->hash);
    list_remove(&record->used);
    free(record);
}

struct name_record *name_records_find(struct name_records *records, nsec now, enum name_kind kind,
                                      const char *text) {
    struct name_record *record = table_get(&records->by_hash, hash_of(records, kind, text));
    if (record == NULL)
        return NULL;
    CHECK(record->kind == kind && strcmp(record->text, text) == 0); /* the hash is secret, and has 64 bits */
    if (record->is_pending)
        return record;
    list_remove(&record->used);
    if (record->expires <= now) {
        forget(records, record);
        return NULL;
    }
    list_append(&records->used, &record->used);
    return record;
}

struct name_record *name_records_add(struct name_records *records, enum name_kind kind, const char *text) {
    if (records->by_hash.count >= records->count_max) {
        struct list *oldest = list_take_first(&records->used);
        if (oldest == NULL)
            return NULL;
        forget(records, LIST_ENTRY(oldest, struct name_record, used));
    }
    struct name_record *record = heap_new(sizeof *record);
    size_t length = strlen(text);
    CHECK(length < sizeof record->text);
    memcpy(record->text, text, length);
    record->kind = kind;
    record->is_pending = true;
    record->hash = hash_of(records, kind, text);
    list_init(&record->used);
    list_init(&record->waiters);
    CHECK(table_set(&records->by_hash, record->hash, record) == ERR_OK);
    records->pending++;
    return record;
}

static uint32_t kept_s(enum name_status status, uint32_t ttl_s, uint32_t fuzz_s) {
    switch (status) {
    case NAME_TRANSIENT: return 0;
    case NAME_NONTRANSIENT: return NAME_TTL_FAILURE_S;
    case NAME_FOUND: break;
    }
    return (ttl_s < NAME_TTL_LOW_S ? NAME_TTL_LOW_S : NAME_TTL_HIGH_S) - NAME_TTL_FUZZ_S + fuzz_s;
}

void name_records_answer(struct name_records *records, nsec now, struct name_record *record,
                         const struct name_answer *answer, uint32_t ttl_s, uint32_t fuzz_s) {
    CHECK(record->is_pending);
    CHECK(fuzz_s <= 2 * NAME_TTL_FUZZ_S);
    record->is_pending = false;
    records->pending--;
    record->answer = *answer;
    record->expires = now + (nsec)kept_s((enum name_status)answer->status, ttl_s, fuzz_s) * NSEC_PER_S;
    list_append(&records->used, &record->used);
}
