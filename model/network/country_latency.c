#include "network/country_latency.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "wire/text.h"

static bool is_letter(uint8_t c) {
    return c >= 'A' && c <= 'Z';
}

bool country_parse(struct span text, struct country *out) {
    if (text.length != 2 || !is_letter(text.data[0]) || !is_letter(text.data[1]))
        return false;
    *out = (struct country){{(char)text.data[0], (char)text.data[1], '\0'}};
    return true;
}

/* "44.1": milliseconds with one decimal, above 0. */
static bool parse_latency(struct span word, nsec *out) {
    uint64_t ms, tenths;
    if (word.length < 3 || word.data[word.length - 2] != '.' ||
        !text_u64((struct span){word.data, word.length - 2}, COUNTRY_LATENCY_NS_MAX / NSEC_PER_MS - 1, &ms) ||
        !text_u64((struct span){word.data + word.length - 1, 1}, 9, &tenths))
        return false;
    *out = ms * NSEC_PER_MS + tenths * (NSEC_PER_MS / 10);
    return *out > 0;
}

struct reading {
    const char *file;
    struct country_latency *out;
    struct mistake *mistake;
    uint32_t line;
    uint32_t row;
};

static bool parse_row(struct reading *r, struct span rest) {
    struct country_latency *t = r->out;
    struct country *country = &t->countries[r->row];
    if (!country_parse(text_word(&rest), country))
        return mistake_at(r->mistake, r->file, r->line, NULL,
                          "expected a country code of two capital letters");
    if (r->row > 0 && strcmp(country[-1].code, country->code) >= 0)
        return mistake_at(r->mistake, r->file, r->line, country->code,
                          "expected countries in alphabetical order");
    for (uint32_t i = 0; i <= r->row; i++) {
        nsec latency;
        if (!parse_latency(text_word(&rest), &latency))
            return mistake_at(r->mistake, r->file, r->line, country->code,
                              "expected %u latencies in ms with one decimal, above 0.0: number %u is none",
                              r->row + 1, i + 1);
        t->latency[(size_t)r->row * t->count + i] = t->latency[(size_t)i * t->count + r->row] = latency;
    }
    if (text_word(&rest).length > 0)
        return mistake_at(r->mistake, r->file, r->line, country->code, "expected %u latencies, found more",
                          r->row + 1);
    r->row++;
    return true;
}

static bool is_row(struct span line) {
    return line.length > 0 && line.data[0] != '#';
}

static uint32_t count_rows(struct span text) {
    struct span line;
    uint32_t n = 0;
    while (n <= COUNTRIES_MAX && text_line(&text, &line))
        n += is_row(line);
    return n;
}

static bool parse_rows(struct reading *r, struct span text) {
    struct span line;
    while (text_line(&text, &line)) {
        r->line++;
        if (is_row(line) && !parse_row(r, line))
            return false;
    }
    return true;
}

bool country_latency_parse(const char *file, struct span text, struct country_latency *out,
                           struct mistake *mistake) {
    uint32_t n = count_rows(text);
    struct reading r = {file, out, mistake, 0, 0};
    *out = (struct country_latency){n, NULL, NULL};
    if (n == 0 || n > COUNTRIES_MAX)
        return mistake_at(mistake, file, 0, NULL, "expected lines for 1 to %u countries", COUNTRIES_MAX);
    out->countries = calloc(n, sizeof(*out->countries));
    out->latency = calloc((size_t)n * n, sizeof(*out->latency));
    bool ok = out->countries && out->latency ? parse_rows(&r, text)
                                             : mistake_at(mistake, file, 0, NULL, "no memory for it");
    if (!ok)
        country_latency_fini(out);
    return ok;
}

void country_latency_fini(struct country_latency *table) {
    free(table->countries);
    free(table->latency);
    *table = (struct country_latency){0, NULL, NULL};
}

static int by_code(const void *a, const void *b) {
    return strcmp(((const struct country *)a)->code, ((const struct country *)b)->code);
}

uint32_t country_latency_find(const struct country_latency *table, struct country country) {
    const struct country *found =
        table->count ? bsearch(&country, table->countries, table->count, sizeof(country), by_code) : NULL;
    return found ? (uint32_t)(found - table->countries) : COUNTRY_NONE;
}

nsec country_latency_between(const struct country_latency *table, uint32_t a, uint32_t b) {
    CHECK(a < table->count);
    CHECK(b < table->count);
    return table->latency[(size_t)a * table->count + b];
}
