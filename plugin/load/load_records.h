/* load_records - how much plaintext a TLS 1.3 stream carries, from the headers of its records alone, so that the bodies can
 * be discarded without a look.
 *
 * Owner: one direction of one connection. */
#ifndef LOOM_LOAD_LOAD_RECORDS_H
#define LOOM_LOAD_LOAD_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

#define LOAD_RECORD_HEADER_LEN 5u
/* What TLS 1.3 adds inside a record: the content type and the tag (RFC 8446 5.2, 5.3). */
#define LOAD_RECORD_EXTRA 17u

struct load_records {
    uint8_t header[LOAD_RECORD_HEADER_LEN];
    uint32_t header_length;
    uint32_t body_left;
    uint64_t plain_bytes; /* of all records that have begun */
    uint64_t records;
};

/* Bytes to read next: into header + header_length, or to be thrown away, as load_records_in_body says. Never 0. */
size_t load_records_wanted(const struct load_records *records);
static inline bool load_records_in_body(const struct load_records *records) {
    return records->body_left > 0;
}
/* So many of the wanted bytes have come. False: this is no application data of TLS 1.3. */
MUST_USE bool load_records_got(struct load_records *records, size_t length);

#endif
