/* First two bytes: where the base ends. What follows is taken for a target, and for the script of a diff. */
#include "wire/consensus_diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "support/fuzz.h"
#include "support/plain_memory.h"
#include "wire/text.h"

static const struct consensus_diff_digests digests = {{1}, {2}};

/* Two bytes of script for each of a line, the head, and the base's first signature. */
static size_t diff_room(size_t size) {
    return 32 * size + 1024;
}

static void check_round_trip(struct span base, struct span target, uint8_t *diff, uint8_t *back) {
    struct bytes_out made = bytes_out(diff, diff_room(target.length));
    enum err e = consensus_diff_make(base, target, &digests, &plain_memory, &made);
    if (e != ERR_OK) {
        CHECK(e == ERR_UNSUPPORTED);
        return;
    }
    struct span written = {diff, bytes_written(&made)};
    struct bytes_out out = bytes_out(back, base.length + written.length);
    CHECK(consensus_diff_apply(base, written, &plain_memory, &out) == ERR_OK);
    CHECK(bytes_written(&out) == target.length && memcmp(back, target.data, target.length) == 0);
}

static void apply_script(struct span base, struct span script, uint8_t *diff, uint8_t *back) {
    static const char head[] = "network-status-diff-version 1\nhash ";
    struct bytes_out out = bytes_out(diff, diff_room(script.length));
    text_put(&out, head);
    text_put_hex(&out, digests.base, 32);
    text_put(&out, " ");
    text_put_hex(&out, digests.target, 32);
    text_put(&out, "\n");
    bytes_put(&out, script.data, script.length);
    struct span whole = {diff, bytes_written(&out)};
    struct bytes_out target = bytes_out(back, base.length + whole.length);
    enum err e = consensus_diff_apply(base, whole, &plain_memory, &target);
    CHECK(e == ERR_OK || e == ERR_MALFORMED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2)
        return 0;
    size_t length = (size_t)data[0] << 8 | data[1];
    size -= 2;
    length = length < size ? length : size;
    struct span base = {data + 2, length}, rest = {data + 2 + length, size - length};
    uint8_t *diff = malloc(diff_room(rest.length));
    uint8_t *back = malloc(base.length + diff_room(rest.length));
    CHECK(diff && back);
    check_round_trip(base, rest, diff, back);
    apply_script(base, rest, diff, back);
    free(diff);
    free(back);
    return 0;
}
