/* state_text - tor's file "state": what a relay has to remember that is no key. Of its lines Loom knows those of bandwidth
 * accounting; the others stay as they are, so that tor finds them again.
 *
 * A count that was cut off looks like a smaller one. So ours ends with a digest of all before it, in a comment, which tor throws
 * away; and one of tor's must be whole up to its TorVersion, which stands behind the accounting.
 * Pure. Bound: STATE_TEXT_MAX. */
#ifndef LOOM_NATIVE_STATE_TEXT_H
#define LOOM_NATIVE_STATE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "native/accounting.h"
#include "native/complaint.h"

struct crypt_provider;

#define STATE_TEXT_MAX (1u << 20) /* tor's has some tens of kilobytes when it remembers most */
#define STATE_OURS_MAX 1024u      /* what we write at most, beside the lines of others */

/* False with a complaint about the text when it is not whole, or a line that we know makes no sense. Values that are not there are
 * 0. */
MUST_USE bool state_text_parse(struct span text, const struct crypt_provider *crypt,
                               struct accounting_record *out, struct complaint *complaint);
/* Write a state with this record, with what before (empty, or a text that was parsed) has of others. local is the local time, for
 * people. Needs before.length + STATE_OURS_MAX. */
void state_text_encode(struct bytes_out *out, const struct accounting_record *record, struct span before,
                       uint64_t now_s, const char *local, const struct crypt_provider *crypt);

#endif
