#include "network/relay_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "wire/text.h"

#define COLUMNS   "weight capacity rate burst country flags"
#define FLAGS_MAX 16u

/* A letter for each flag, in the order in which rows have them. */
static const struct {
    uint8_t letter;
    uint16_t flag;
} letters[] = {{'A', RELAY_AUTHORITY}, {'B', RELAY_BAD_EXIT},    {'D', RELAY_V2DIR},
               {'E', RELAY_EXIT},      {'F', RELAY_FAST},        {'G', RELAY_GUARD},
               {'H', RELAY_HSDIR},     {'M', RELAY_MIDDLE_ONLY}, {'S', RELAY_STABLE}};

#define LETTER_COUNT (sizeof(letters) / sizeof(letters[0]))

bool relay_table_init(struct relay_table *table, uint32_t count) {
    *table = (struct relay_table){count, calloc((size_t)count + 1, sizeof(struct relay_row))};
    return table->rows != NULL;
}

void relay_table_fini(struct relay_table *table) {
    free(table->rows);
    *table = (struct relay_table){0, NULL};
}

static int descending(uint64_t a, uint64_t b) {
    return a < b ? 1 : a > b ? -1 : 0;
}

static int by_content(const void *a, const void *b) {
    const struct relay_row *x = a;
    const struct relay_row *y = b;
    int order = descending(x->weight, y->weight);
    order = order ? order : descending(x->capacity, y->capacity);
    order = order ? order : descending(x->rate, y->rate);
    order = order ? order : descending(x->burst, y->burst);
    order = order ? order : strcmp(x->country.code, y->country.code);
    return order ? order : descending(x->flags, y->flags);
}

void relay_table_sort(struct relay_table *table) {
    qsort(table->rows, table->count, sizeof(table->rows[0]), by_content);
}

static void put_flags(uint16_t flags, char out[static FLAGS_MAX]) {
    size_t n = 0;
    for (size_t i = 0; i < LETTER_COUNT; i++)
        if (flags & letters[i].flag)
            out[n++] = (char)letters[i].letter;
    if (n == 0)
        out[n++] = '-';
    out[n] = '\0';
}

void relay_table_write(const struct relay_table *table, FILE *out) {
    fputs(COLUMNS "\n", out);
    for (uint32_t i = 0; i < table->count; i++) {
        const struct relay_row *row = &table->rows[i];
        char flags[FLAGS_MAX];
        put_flags(row->flags, flags);
        fprintf(out, "%" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %s %s\n", row->weight, row->capacity,
                row->rate, row->burst, row->country.code, flags);
    }
}

/* As relay_table_write puts them: letters in order, each once, "-" when there is none. */
static bool parse_flags(struct span word, uint16_t *out) {
    char again[FLAGS_MAX];
    *out = 0;
    for (size_t i = 0; i < word.length; i++)
        for (size_t j = 0; j < LETTER_COUNT; j++)
            if (word.data[i] == letters[j].letter)
                *out |= letters[j].flag;
    put_flags(*out, again);
    return span_is(word, again);
}

struct reading {
    const char *file;
    struct mistake *mistake;
    uint32_t line;
};

static bool parse_number(const struct reading *r, struct span *rest, const char *column, uint64_t least,
                         uint64_t most, uint64_t *out) {
    if (text_u64(text_word(rest), most, out) && *out >= least)
        return true;
    return mistake_at(r->mistake, r->file, r->line, column,
                      "expected a whole number from %" PRIu64 " to %" PRIu64, least, most);
}

static bool parse_row(const struct reading *r, struct span rest, struct relay_row *row) {
    uint64_t weight;
    if (!parse_number(r, &rest, "weight", 0, UINT32_MAX, &weight) ||
        !parse_number(r, &rest, "capacity", 0, RELAY_TABLE_RATE_MAX, &row->capacity) ||
        !parse_number(r, &rest, "rate", 0, RELAY_TABLE_RATE_MAX, &row->rate) ||
        !parse_number(r, &rest, "burst", 0, RELAY_TABLE_RATE_MAX, &row->burst))
        return false;
    row->weight = (uint32_t)weight;
    if (!country_parse(text_word(&rest), &row->country))
        return mistake_at(r->mistake, r->file, r->line, "country", "expected two capital letters");
    if (!parse_flags(text_word(&rest), &row->flags))
        return mistake_at(r->mistake, r->file, r->line, "flags",
                          "expected letters of ABDEFGHMS in order, or -");
    if (text_word(&rest).length > 0)
        return mistake_at(r->mistake, r->file, r->line, NULL, "expected six columns, found more");
    return true;
}

static uint32_t count_lines(struct span text) {
    struct span line;
    uint32_t n = 0;
    while (n <= RELAY_TABLE_ROWS_MAX && text_line(&text, &line))
        n++;
    return n;
}

static bool parse_lines(struct reading *r, struct span text, struct relay_table *out) {
    struct span line;
    bool has_columns = false;
    while (text_line(&text, &line)) {
        r->line++;
        if (span_starts(line, "#") && !has_columns)
            continue;
        if (has_columns) {
            if (!parse_row(r, line, &out->rows[out->count]))
                return false;
            out->count++;
        } else if (span_is(line, COLUMNS)) {
            has_columns = true;
        } else {
            return mistake_at(r->mistake, r->file, r->line, NULL, "expected the columns \"%s\"", COLUMNS);
        }
    }
    return out->count > 0 ? true
                          : mistake_at(r->mistake, r->file, r->line, NULL, "expected lines for relays");
}

bool relay_table_parse(const char *file, struct span text, struct relay_table *out, struct mistake *mistake) {
    struct reading r = {file, mistake, 0};
    uint32_t lines = count_lines(text);
    *out = (struct relay_table){0, NULL};
    if (lines > RELAY_TABLE_ROWS_MAX)
        return mistake_at(mistake, file, 0, NULL, "expected at most %u lines", RELAY_TABLE_ROWS_MAX);
    if (!relay_table_init(out, lines))
        return mistake_at(mistake, file, 0, NULL, "no memory for it");
    out->count = 0;
    bool ok = parse_lines(&r, text, out);
    if (!ok)
        relay_table_fini(out);
    return ok;
}
