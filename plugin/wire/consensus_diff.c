#include "wire/consensus_diff.h"

#include <string.h>

#include "base/check.h"
#include "wire/text.h"
#include "wire/text_lines.h"

#define HEAD "network-status-diff-version 1\n"
#define COMPARE_MAX \
    64u /* lines of a part that are compared with each other; a longer part is replaced as a whole */

/* Lines from to of the base are replaced by those of the target: counted from 0, without the last. */
struct hunk {
    uint32_t base_from, base_to, target_from, target_to;
};

struct range {
    uint32_t from, to;
};

/* --- making: hunks ---------------------------------------------------------------------------------------------- */

struct making {
    const struct memory *memory;
    struct text_lines base, target;
    uint32_t base_end; /* of the base without its signatures */
    struct hunk *hunks;
    uint32_t hunk_count, hunk_room;
    bool failed; /* no memory */
};

static bool grow(struct making *m) {
    uint32_t room = m->hunk_room ? m->hunk_room * 2 : 256;
    struct hunk *hunks = memory_allocate(m->memory, room * sizeof *hunks);
    if (!hunks)
        return false;
    if (m->hunks) {
        memcpy(hunks, m->hunks, m->hunk_count * sizeof *hunks);
        memory_release(m->memory, m->hunks, m->hunk_room * sizeof *hunks);
    }
    m->hunks = hunks;
    m->hunk_room = room;
    return true;
}

/* Hunks come from the first line to the last; one that touches the one before becomes part of it. */
static void add_hunk(struct making *m, struct range base, struct range target) {
    struct hunk *last = m->hunk_count ? &m->hunks[m->hunk_count - 1] : NULL;
    if (base.from == base.to && target.from == target.to)
        return;
    if (last && last->base_to == base.from && last->target_to == target.from) {
        last->base_to = base.to;
        last->target_to = target.to;
        return;
    }
    if (m->hunk_count == m->hunk_room && !grow(m)) {
        m->failed = true;
        return;
    }
    m->hunks[m->hunk_count++] = (struct hunk){base.from, base.to, target.from, target.to};
}

static bool is_same(struct span a, struct span b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static bool lines_are_same(const struct making *m, uint32_t base, uint32_t target) {
    return is_same(m->base.lines[base], m->target.lines[target]);
}

/* Hunks along a longest common subsequence. lengths[i][k]: of what is behind line i and line k. */
static void compare(struct making *m, struct range base, struct range target) {
    uint8_t lengths[COMPARE_MAX + 1][COMPARE_MAX + 1];
    uint32_t rows = base.to - base.from, columns = target.to - target.from;
    memset(lengths, 0, sizeof lengths);
    for (uint32_t i = rows; i-- > 0;)
        for (uint32_t k = columns; k-- > 0;) {
            uint8_t down = lengths[i + 1][k], right = lengths[i][k + 1];
            lengths[i][k] = lines_are_same(m, base.from + i, target.from + k)
                                ? (uint8_t)(lengths[i + 1][k + 1] + 1)
                            : down > right ? down
                                           : right;
        }
    for (uint32_t i = 0, k = 0; i < rows || k < columns;) {
        struct range old = {base.from + i, base.from + i}, new = {target.from + k, target.from + k};
        if (i < rows && k < columns && lines_are_same(m, base.from + i, target.from + k)) {
            i++;
            k++;
            continue;
        }
        if (k == columns || (i < rows && lengths[i + 1][k] >= lengths[i][k + 1]))
            old.to = base.from + ++i;
        else
            new.to = target.from + ++k;
        add_hunk(m, old, new);
    }
}

static void compare_parts(struct making *m, struct range base, struct range target) {
    while (base.from < base.to && target.from < target.to && lines_are_same(m, base.from, target.from)) {
        base.from++;
        target.from++;
    }
    while (base.from < base.to && target.from < target.to && lines_are_same(m, base.to - 1, target.to - 1)) {
        base.to--;
        target.to--;
    }
    if (base.to - base.from <= COMPARE_MAX && target.to - target.from <= COMPARE_MAX)
        compare(m, base, target);
    else
        add_hunk(m, base, target);
}

/* --- making: relays --------------------------------------------------------------------------------------------- */

static bool has_keyword(struct span line, const char *keyword) {
    return span_is(text_word(&line), keyword);
}

static bool is_relay(struct span line) {
    return line.length > 1 && line.data[0] == 'r' && line.data[1] == ' ';
}

/* The end of the part that begins at from: the head, a relay, or the footer. */
static uint32_t part_end(const struct text_lines *text, uint32_t from, uint32_t end) {
    for (uint32_t i = from + 1; i < end; i++)
        if (is_relay(text->lines[i]) || has_keyword(text->lines[i], "directory-footer"))
            return i;
    return end;
}

/* "r nickname identity ...": where it stands among its like. A line that is damaged stands somewhere; the diff is right
 * all the same, if longer. */
static void identity_of(struct span line, uint8_t out[static 20]) {
    (void)text_word(&line);
    (void)text_word(&line);
    memset(out, 0, 20);
    if (!text_base64_decode_exact(text_word(&line), out, 20))
        memset(out, 0, 20);
}

static int compare_relays(struct span a, struct span b) {
    uint8_t a_id[20], b_id[20];
    identity_of(a, a_id);
    identity_of(b, b_id);
    return memcmp(a_id, b_id, 20);
}

/* Which of the two parts goes before the other: negative, the base's; zero: they belong together. */
static int part_order(const struct making *m, struct range base, struct range target) {
    if (base.from == base.to || target.from == target.to)
        return base.from == base.to ? 1 : -1;
    struct span a = m->base.lines[base.from], b = m->target.lines[target.from];
    if (is_relay(a) && is_relay(b))
        return compare_relays(a, b);
    return is_relay(a) ? -1 : is_relay(b) ? 1 : 0; /* relays stand before the footer */
}

static void merge(struct making *m) {
    struct range base = {0, 0}, target = {0, 0};
    uint32_t base_end = m->base_end, target_end = m->target.count;
    while ((base.from < base_end || target.from < target_end) && !m->failed) {
        base.to = base.from < base_end ? part_end(&m->base, base.from, base_end) : base.from;
        target.to = target.from < target_end ? part_end(&m->target, target.from, target_end) : target.from;
        int order = part_order(m, base, target);
        if (order == 0)
            compare_parts(m, base, target);
        else if (order < 0)
            add_hunk(m, base, (struct range){target.from, target.from});
        else
            add_hunk(m, (struct range){base.from, base.from}, target);
        if (order <= 0)
            base.from = base.to;
        if (order >= 0)
            target.from = target.to;
    }
}

/* --- making: text ----------------------------------------------------------------------------------------------- */

static void put_head(struct bytes_out *out, const struct consensus_diff_digests *digests) {
    text_put(out, HEAD "hash ");
    text_put_hex(out, digests->base, sizeof digests->base);
    text_put(out, " ");
    text_put_hex(out, digests->target, sizeof digests->target);
    text_put(out, "\n");
}

/* ed counts from 1, and takes no range of a single line. */
static void put_hunk(struct bytes_out *out, const struct making *m, const struct hunk *h) {
    bool removes = h->base_to > h->base_from, adds = h->target_to > h->target_from;
    text_put_u64(out, removes ? h->base_from + 1 : h->base_from);
    if (h->base_to - h->base_from > 1) {
        text_put(out, ",");
        text_put_u64(out, h->base_to);
    }
    text_put(out, removes ? adds ? "c\n" : "d\n" : "a\n");
    for (uint32_t i = h->target_from; i < h->target_to; i++) {
        bytes_put(out, m->target.lines[i].data, m->target.lines[i].length);
        text_put(out, "\n");
    }
    if (adds)
        text_put(out, ".\n");
}

static enum err put_all(const struct making *m, const struct consensus_diff_digests *digests,
                        struct bytes_out *out) {
    put_head(out, digests);
    if (m->base_end < m->base.count) {
        text_put_u64(out, m->base_end + 1);
        text_put(out, ",$d\n");
    }
    for (uint32_t i = m->hunk_count; i-- > 0 && bytes_out_ok(out);)
        put_hunk(out, m, &m->hunks[i]);
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}

static bool is_sayable(struct span text, const struct text_lines *lines) {
    for (uint32_t i = 0; i < lines->count; i++)
        if (span_is(lines->lines[i], "."))
            return false;
    return text.length > 0 && text.data[text.length - 1] == '\n';
}

static uint32_t signatures_begin(const struct text_lines *text) {
    uint32_t i = 0;
    while (i < text->count && !has_keyword(text->lines[i], "directory-signature"))
        i++;
    return i;
}

enum err consensus_diff_make(struct span base, struct span target,
                             const struct consensus_diff_digests *digests, const struct memory *memory,
                             struct bytes_out *out) {
    struct making m = {.memory = memory};
    enum err e = text_lines_make(base, memory, &m.base);
    if (e == ERR_OK)
        e = text_lines_make(target, memory, &m.target);
    if (e == ERR_OK && !is_sayable(target, &m.target))
        e = ERR_UNSUPPORTED;
    if (e == ERR_OK) {
        m.base_end = signatures_begin(&m.base);
        merge(&m);
        e = m.failed ? ERR_LIMIT : put_all(&m, digests, out);
    }
    if (m.hunks)
        memory_release(memory, m.hunks, m.hunk_room * sizeof *m.hunks);
    text_lines_free(&m.base, memory);
    text_lines_free(&m.target, memory);
    return e;
}

/* --- applying --------------------------------------------------------------------------------------------------- */

static bool take_head(struct span *diff, struct consensus_diff_digests *out) {
    struct span line;
    if (!text_line(diff, &line) || !span_is(line, "network-status-diff-version 1") ||
        !text_line(diff, &line) || !span_is(text_word(&line), "hash"))
        return false;
    return text_hex_decode(text_word(&line), out->base, sizeof out->base) &&
           text_hex_decode(text_word(&line), out->target, sizeof out->target);
}

bool consensus_diff_read_digests(struct span diff, struct consensus_diff_digests *out) {
    return take_head(&diff, out);
}

static uint32_t take_digits(struct span *s) {
    uint64_t value = 0;
    while (s->length > 0 && s->data[0] >= '0' && s->data[0] <= '9' && value <= TEXT_LINES_MAX) {
        value = value * 10 + (uint64_t)(s->data[0] - '0');
        *s = (struct span){s->data + 1, s->length - 1};
    }
    return value <= TEXT_LINES_MAX ? (uint32_t)value : UINT32_MAX;
}

static bool take_char(struct span *s, char c) {
    if (s->length == 0 || s->data[0] != (uint8_t)c)
        return false;
    *s = (struct span){s->data + 1, s->length - 1};
    return true;
}

/* A command, and the lines that it adds: from and to of the diff. The base has lines lines left that may be changed. */
static enum err parse_command(const struct text_lines *diff, uint32_t *at, uint32_t lines, struct hunk *out) {
    struct span line = diff->lines[(*at)++];
    bool has_number = line.length > 0 && line.data[0] >= '0' && line.data[0] <= '9';
    uint32_t from = take_digits(&line), to = from;
    bool has_range = take_char(&line, ',');
    bool is_to_end = has_range && take_char(&line, '$');
    if (is_to_end)
        to = lines;
    else if (has_range)
        to = take_digits(&line);
    char command = line.length == 1 ? (char)line.data[0] : '\0';
    bool is_adding = command == 'a' || command == 'c';
    if (!has_number || (command != 'd' && !is_adding) || to > lines || from > to ||
        (has_range && (command == 'a' || (!is_to_end && from == to))) || (is_to_end && command != 'd') ||
        (command != 'a' && from == 0))
        return ERR_MALFORMED;
    *out = (struct hunk){command == 'a' ? from : from - 1, to, *at, *at};
    if (!is_adding)
        return ERR_OK;
    while (*at < diff->count && !span_is(diff->lines[*at], "."))
        (*at)++;
    out->target_to = (*at)++;
    return out->target_to < diff->count && out->target_to > out->target_from ? ERR_OK : ERR_MALFORMED;
}

static void put_lines(struct bytes_out *out, const struct text_lines *text, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++) {
        bytes_put(out, text->lines[i].data, text->lines[i].length);
        text_put(out, "\n");
    }
}

/* Commands come from the last line to the first, the target is written from the first to the last: so read them all,
 * then go back. */
static enum err parse_commands(struct making *m) {
    uint32_t lines = m->base.count;
    for (uint32_t at = 0; at < m->target.count;) {
        struct hunk hunk;
        enum err e = parse_command(&m->target, &at, lines, &hunk);
        if (e != ERR_OK)
            return e;
        if (m->hunk_count == m->hunk_room && !grow(m))
            return ERR_LIMIT;
        m->hunks[m->hunk_count++] = hunk;
        lines = hunk.base_from;
    }
    return ERR_OK;
}

static enum err put_target(const struct making *m, struct bytes_out *out) {
    uint32_t at = 0;
    for (uint32_t i = m->hunk_count; i-- > 0;) {
        const struct hunk *h = &m->hunks[i];
        CHECK(h->base_from >= at);
        put_lines(out, &m->base, at, h->base_from);
        put_lines(out, &m->target, h->target_from, h->target_to);
        at = h->base_to;
    }
    put_lines(out, &m->base, at, m->base.count);
    return bytes_out_ok(out) ? ERR_OK : ERR_LIMIT;
}

enum err consensus_diff_apply(struct span base, struct span diff, const struct memory *memory,
                              struct bytes_out *out) {
    struct making m = {.memory = memory};
    struct consensus_diff_digests digests;
    if (!take_head(&diff, &digests))
        return ERR_MALFORMED;
    enum err e = text_lines_make(base, memory, &m.base);
    if (e == ERR_OK)
        e = text_lines_make(diff, memory, &m.target);
    if (e == ERR_OK)
        e = parse_commands(&m);
    if (e == ERR_OK)
        e = put_target(&m, out);
    if (m.hunks)
        memory_release(memory, m.hunks, m.hunk_room * sizeof *m.hunks);
    text_lines_free(&m.base, memory);
    text_lines_free(&m.target, memory);
    return e;
}
