#include "sim/results_fairness.h"

#include <stdlib.h>

static int by_number(uint64_t a, uint64_t b) {
    return a < b ? -1 : a > b;
}

static int by_kind(const void *a, const void *b) {
    const struct results_rate *x = a;
    const struct results_rate *y = b;
    return x->kind != y->kind ? by_number(x->kind, y->kind) : by_number(x->bits, y->bits);
}

static int by_host(const void *a, const void *b) {
    const struct results_rate *x = a;
    const struct results_rate *y = b;
    return x->host != y->host ? by_number(x->host, y->host) : by_kind(a, b);
}

/* rates are those of one kind, in order. */
static void fill_shares(struct results_rate *rates, size_t n) {
    double median = ((double)rates[(n - 1) / 2].bits + (double)rates[n / 2].bits) / 2;
    for (size_t i = 0; i < n; i++)
        rates[i].share = (double)rates[i].bits / median;
}

bool results_fairness(struct results_rate *rates, size_t n, double *index_out) {
    double sum = 0, squares = 0;
    size_t hosts = 0, end;
    qsort(rates, n, sizeof(rates[0]), by_kind);
    for (size_t first = 0; first < n; first = end) {
        for (end = first + 1; end < n && rates[end].kind == rates[first].kind;)
            end++;
        fill_shares(&rates[first], end - first);
    }
    qsort(rates, n, sizeof(rates[0]), by_host);
    for (size_t first = 0; first < n; first = end, hosts++) {
        double of_host = rates[first].share;
        for (end = first + 1; end < n && rates[end].host == rates[first].host; end++)
            of_host += rates[end].share;
        of_host /= (double)(end - first);
        sum += of_host;
        squares += of_host * of_host;
    }
    if (hosts < 2)
        return false;
    *index_out = sum * sum / ((double)hosts * squares);
    return true;
}
