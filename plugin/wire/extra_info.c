#include "wire/extra_info.h"

#include "wire/text.h"

static void put_history(struct bytes_out *out, const char *keyword, const struct extra_info_history *h,
                        const uint64_t *bytes) {
    text_put(out, keyword);
    text_put(out, " ");
    text_put_time(out, h->ended_s);
    text_put(out, " (");
    text_put_u64(out, EXTRA_INFO_INTERVAL_S);
    text_put(out, " s) ");
    for (uint32_t i = 0; i < h->count; i++) {
        if (i > 0)
            text_put(out, ",");
        text_put_u64(out, bytes[i]);
    }
    text_put(out, "\n");
}

enum err extra_info_put(struct bytes_out *out, const struct extra_info *e) {
    text_put(out, "extra-info ");
    text_put(out, e->nickname);
    text_put(out, " ");
    text_put_hex(out, e->keys->rsa_id, sizeof(e->keys->rsa_id));
    text_put(out, "\nidentity-ed25519\n");
    text_put_object(out, "ED25519 CERT", e->keys->signing_cert, e->keys->signing_cert_length);
    text_put(out, "published ");
    text_put_time(out, e->published_s);
    text_put(out, "\n");
    if (e->history.count > 0) {
        put_history(out, "write-history", &e->history, e->history.written);
        put_history(out, "read-history", &e->history, e->history.read);
    }
    text_put(out, "router-sig-ed25519 ");
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}
