#include "wire/descriptor_cut.h"

#include "wire/text.h"

static struct span between(const uint8_t *from, const uint8_t *to) {
    return (struct span){from, (size_t)(to - from)};
}

/* Go to the next line with this keyword, or to the end. True when there is one; rest then begins with it. */
static bool find_line(struct span *rest, const char *keyword) {
    struct span line;
    struct span after = *rest;
    while (text_line(&after, &line)) {
        if (span_is(text_word(&line), keyword))
            return true;
        *rest = after;
    }
    *rest = after;
    return false;
}

static void skip_line(struct span *rest) {
    struct span line;
    if (!text_line(rest, &line))
        rest->length = 0;
}

/* It ends where the next begins. */
bool microdescriptor_cut(struct span *rest, struct span *out) {
    while (find_line(rest, "onion-key")) {
        const uint8_t *from = rest->data;
        skip_line(rest);
        (void)find_line(rest, "onion-key");
        *out = between(from, rest->data);
        if (out->length <= MICRODESCRIPTOR_LEN_MAX)
            return true;
    }
    return false;
}

bool descriptor_cut(struct span *rest, struct span *out, struct span *signed_out) {
    struct span body;
    while (find_line(rest, "router")) {
        const uint8_t *from = rest->data;
        if (!find_line(rest, "router-signature"))
            return false;
        skip_line(rest);
        *signed_out = between(from, rest->data);
        if (!text_object(rest, "SIGNATURE", &body))
            continue;
        *out = between(from, rest->data);
        bool is_whole = rest->data[-1] == '\n'; /* the digest does not tell: it ends before the signature */
        if (is_whole && out->length <= DESCRIPTOR_CUT_LEN_MAX)
            return true;
    }
    return false;
}

bool descriptor_ed_id(struct span descriptor, uint8_t out[static 32]) {
    struct span line;
    if (!find_line(&descriptor, "master-key-ed25519") || !text_line(&descriptor, &line))
        return false;
    (void)text_word(&line);
    return text_base64_decode_exact(text_word(&line), out, 32);
}
