#include "sim/scenario_places.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

static bool find_country(const struct scenario_place *place, const struct country_latency *latency,
                         uint16_t *out, struct mistake *mistake) {
    struct country country;
    const struct span text = {(const uint8_t *)place->country, strlen(place->country)};
    if (!country_parse(text, &country))
        return record_mistake(place->at, "country", mistake, "expected two capital letters, found \"%s\"",
                              place->country);
    uint32_t found = country_latency_find(latency, country);
    if (found == COUNTRY_NONE)
        return record_mistake(place->at, "country", mistake,
                              "expected a country of the table of latencies, found \"%s\"", place->country);
    *out = (uint16_t)found;
    return true;
}

bool places_init(struct places *out, const struct record_list *list, const struct country_latency *latency,
                 uint64_t seed, enum places_stream stream, struct mistake *mistake) {
    const struct scenario_place *places = list->items;
    uint64_t sum = 0;
    *out = (struct places){.n = list->n,
                           .countries = calloc(list->n, sizeof(*out->countries)),
                           .until = calloc(list->n, sizeof(*out->until))};
    bool ok = out->countries && out->until;
    if (!ok)
        record_mistake(places[0].at, "country", mistake, "no memory for it");
    for (uint32_t i = 0; ok && i < list->n; i++) {
        ok = find_country(&places[i], latency, &out->countries[i], mistake);
        sum += places[i].share;
        out->until[i] = sum;
    }
    rng_seed(&out->rng, seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)stream);
    if (!ok)
        places_fini(out);
    return ok;
}

void places_fini(struct places *places) {
    free(places->countries);
    free(places->until);
    *places = (struct places){.n = 0};
}

uint16_t places_draw(struct places *places) {
    CHECK(places->n > 0);
    uint64_t at = rng_below(&places->rng, places->until[places->n - 1]);
    uint32_t i = 0;
    while (places->until[i] <= at)
        i++;
    return places->countries[i];
}
