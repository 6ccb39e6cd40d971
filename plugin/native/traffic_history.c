#include "native/traffic_history.h"

#include <string.h>

static void begin(struct traffic_history *history, uint64_t began_s, uint64_t read, uint64_t written) {
    history->began_s = began_s;
    history->read = read;
    history->written = written;
}

static void keep(struct traffic_history *history, uint64_t read, uint64_t written) {
    struct extra_info_history *h = &history->ended;
    if (h->count == EXTRA_INFO_INTERVALS) {
        memmove(h->read, h->read + 1, sizeof h->read - sizeof h->read[0]);
        memmove(h->written, h->written + 1, sizeof h->written - sizeof h->written[0]);
        h->count--;
    }
    h->read[h->count] = read;
    h->written[h->count] = written;
    h->count++;
    h->ended_s = history->began_s + EXTRA_INFO_INTERVAL_S;
}

void traffic_history_add(struct traffic_history *history, uint64_t now_s, uint64_t read, uint64_t written) {
    uint64_t began_s = history->began_s;
    if (began_s == 0 || now_s < began_s || now_s >= began_s + 2 * EXTRA_INFO_INTERVAL_S) {
        history->ended.count = 0; /* the first look, or the clock was set: intervals must follow each other */
        begin(history, now_s, read, written);
        return;
    }
    if (now_s < began_s + EXTRA_INFO_INTERVAL_S)
        return;
    keep(history, read - history->read, written - history->written);
    begin(history, began_s + EXTRA_INFO_INTERVAL_S, read, written);
}
