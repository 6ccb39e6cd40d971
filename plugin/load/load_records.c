#include "load/load_records.h"

#include "base/bytes.h"
#include "base/check.h"

#define APPLICATION_DATA 23u

size_t load_records_wanted(const struct load_records *records) {
    return load_records_in_body(records) ? records->body_left
                                         : LOAD_RECORD_HEADER_LEN - records->header_length;
}

static bool begin_body(struct load_records *records) {
    uint32_t length = load_u16(records->header + 3);
    records->header_length = 0;
    if (records->header[0] != APPLICATION_DATA || length <= LOAD_RECORD_EXTRA)
        return false;
    records->body_left = length;
    records->plain_bytes += length - LOAD_RECORD_EXTRA;
    records->records++;
    return true;
}

bool load_records_got(struct load_records *records, size_t length) {
    CHECK(length <= load_records_wanted(records));
    if (load_records_in_body(records)) {
        records->body_left -= (uint32_t)length;
        return true;
    }
    records->header_length += (uint32_t)length;
    return records->header_length < LOAD_RECORD_HEADER_LEN || begin_body(records);
}
