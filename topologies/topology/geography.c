#include "topology/geography.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARTH_KM     6371.0
#define RADIANS      (3.14159265358979323846 / 180)
#define LINE_MAX_LEN 512u

struct city {
    char country[3];
    double latitude, longitude; /* radians */
};

/* Countries whose first zone is not that of their largest city. */
static const char *const largest[][2] = {
    {"AU", "Australia/Sydney"}, {"BR", "America/Sao_Paulo"}, {"CA", "America/Toronto"},
    {"RU", "Europe/Moscow"},    {"UA", "Europe/Kyiv"},       {"UZ", "Asia/Tashkent"},
};

static bool is_wanted(const char *country, const char *zone) {
    for (size_t i = 0; i < sizeof(largest) / sizeof(largest[0]); i++)
        if (strcmp(country, largest[i][0]) == 0)
            return strcmp(zone, largest[i][1]) == 0;
    return true;
}

/* n digits, as a number; moves on behind them. */
static bool take_digits(const char **text, unsigned n, double *out) {
    *out = 0;
    for (unsigned i = 0; i < n; i++, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *out = 10 * *out + (**text - '0');
    }
    return true;
}

static size_t digits_of(const char *text) {
    return strspn(text, "0123456789");
}

/* ISO 6709: a sign, degrees, minutes and perhaps seconds. */
static bool take_angle(const char **text, unsigned degree_digits, double most, double *radians_out) {
    double degrees, minutes, seconds = 0;
    double sign = **text == '-' ? -1 : 1;
    if (**text != '-' && **text != '+')
        return false;
    (*text)++;
    bool has_seconds = digits_of(*text) == degree_digits + 4;
    if (!take_digits(text, degree_digits, &degrees) || !take_digits(text, 2, &minutes) ||
        (has_seconds && !take_digits(text, 2, &seconds)) || minutes >= 60 || seconds >= 60)
        return false;
    degrees += minutes / 60 + seconds / 3600;
    *radians_out = sign * degrees * RADIANS;
    return degrees <= most;
}

/* "DE\t+5230+01322\tEurope/Berlin\tmost of Germany" */
static bool parse_line(char *line, struct city *city, char **zone_out) {
    char *rest = NULL, *country = strtok_r(line, "\t\n", &rest);
    const char *place = strtok_r(NULL, "\t\n", &rest);
    *zone_out = strtok_r(NULL, "\t\n", &rest);
    if (!country || !*zone_out || strlen(country) != 2 || !isupper((unsigned char)country[0]) ||
        !isupper((unsigned char)country[1]))
        return false;
    memcpy(city->country, country, sizeof(city->country));
    return take_angle(&place, 2, 90, &city->latitude) && take_angle(&place, 3, 180, &city->longitude) &&
           *place == '\0';
}

static bool is_known(const struct city *cities, uint32_t n, const char *country) {
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(cities[i].country, country) == 0)
            return true;
    return false;
}

static bool read_cities(const char *path, FILE *file, struct city *cities, uint32_t *count, FILE *errors) {
    char line[LINE_MAX_LEN], *zone;
    for (unsigned number = 1; fgets(line, sizeof(line), file); number++) {
        struct city city;
        if (line[0] == '#')
            continue;
        if (!parse_line(line, &city, &zone)) {
            fprintf(errors, "%s:%u: expected a country, where its zone lies, and the zone's name\n", path,
                    number);
            return false;
        }
        if (!is_wanted(city.country, zone) || is_known(cities, *count, city.country))
            continue;
        if (*count == GEOGRAPHY_ZONES_MAX) {
            fprintf(errors, "%s:%u: expected at most %u countries\n", path, number, GEOGRAPHY_ZONES_MAX);
            return false;
        }
        cities[(*count)++] = city;
    }
    if (*count == 0)
        fprintf(errors, "%s: expected zones, found none\n", path);
    return *count > 0;
}

static double distance_km(const struct city *a, const struct city *b) {
    double half = sin((a->latitude - b->latitude) / 2), across = sin((a->longitude - b->longitude) / 2);
    double h = half * half + cos(a->latitude) * cos(b->latitude) * across * across;
    return 2 * EARTH_KM * asin(fmin(1, sqrt(h)));
}

static bool make_graph(const struct city *cities, uint32_t n, struct graph *out) {
    *out = (struct graph){.node_count = n, .edge_count = n * (n + 1) / 2};
    out->nodes = calloc(n, sizeof(*out->nodes));
    out->edges = calloc(out->edge_count, sizeof(*out->edges));
    if (!out->nodes || !out->edges) {
        graph_fini(out);
        return false;
    }
    struct graph_edge *edge = out->edges;
    for (uint32_t b = 0; b < n; b++) {
        memcpy(out->nodes[b].name, cities[b].country, sizeof(cities[b].country));
        memcpy(out->nodes[b].country, cities[b].country, sizeof(cities[b].country));
        for (uint32_t a = 0; a <= b; a++, edge++) {
            double km = distance_km(&cities[a], &cities[b]);
            *edge = (struct graph_edge){
                .from = a, .to = b, .latency_us = GEOGRAPHY_ACCESS_US + llround(km * GEOGRAPHY_KM_US)};
        }
    }
    return true;
}

bool geography_read(const char *path, FILE *file, struct graph *out, FILE *errors) {
    struct city *cities = calloc(GEOGRAPHY_ZONES_MAX, sizeof(*cities));
    uint32_t count = 0;
    *out = (struct graph){0};
    bool ok = cities && read_cities(path, file, cities, &count, errors);
    bool is_made = ok && make_graph(cities, count, out);
    if (!cities || (ok && !is_made))
        fprintf(errors, "%s: no memory for it\n", path);
    free(cities);
    return is_made;
}
