#include "sim/sim_series.h"

#include "base/check.h"

bool sim_series_init(struct sim_series *series, const struct memory *memory, nsec interval, nsec end,
                     nsec measure_from, uint16_t threads, uint16_t workers) {
    CHECK(interval > 0);
    uint32_t count = (uint32_t)(end / interval + 1);
    *series = (struct sim_series){.interval = interval,
                                  .measure_from = measure_from,
                                  .count = count,
                                  .thread_count = threads,
                                  .workers = workers};
    series->samples = memory_allocate(memory, count * sizeof(*series->samples));
    series->thread_busy = memory_allocate(memory, (size_t)count * threads * sizeof(*series->thread_busy));
    series->threads = memory_allocate(memory, threads * sizeof(*series->threads));
    return series->samples && series->thread_busy && series->threads;
}

void sim_series_fini(struct sim_series *series, const struct memory *memory) {
    memory_release(memory, series->samples, series->count * sizeof(*series->samples));
    memory_release(memory, series->thread_busy,
                   (size_t)series->count * series->thread_count * sizeof(*series->thread_busy));
    memory_release(memory, series->threads, series->thread_count * sizeof(*series->threads));
    *series = (struct sim_series){0};
}

static struct sim_sample *sample_at(struct sim_series *series, nsec at) {
    uint64_t number = at / series->interval;
    return number < series->count ? &series->samples[number] : NULL;
}

static unsigned bin_of(nsec delay) {
    unsigned bits = delay ? 64 - (unsigned)__builtin_clzll(delay) : 0;
    return bits < SIM_DELAY_BINS ? bits : SIM_DELAY_BINS - 1;
}

void sim_series_delay(struct sim_series *series, nsec now, uint16_t thread, nsec delay) {
    struct sim_sample *sample = sample_at(series, now);
    if (sample) {
        sample->inputs++;
        sample->delay_sum += delay;
        sample->delay_max = nsec_max(sample->delay_max, delay);
    }
    if (now < series->measure_from)
        return;
    struct sim_thread_measure *own = &series->threads[thread];
    own->inputs++;
    own->delay_sum += delay;
    own->delay_max = nsec_max(own->delay_max, delay);
    own->delays[bin_of(delay)]++;
}

void sim_series_core_wait(struct sim_series *series, nsec now, uint16_t thread, nsec waited) {
    if (now < series->measure_from)
        return;
    struct sim_thread_measure *own = &series->threads[thread];
    own->core_wait_sum += waited;
    own->core_wait_max = nsec_max(own->core_wait_max, waited);
    own->steps++;
}

void sim_series_busy(struct sim_series *series, uint16_t thread, nsec start, nsec end) {
    if (end > series->measure_from)
        series->threads[thread].busy += end - nsec_max(start, series->measure_from);
    while (start < end) {
        uint64_t number = start / series->interval;
        nsec until = nsec_min(end, (number + 1) * series->interval);
        if (number < series->count) {
            series->samples[number].busy += until - start;
            series->thread_busy[number * series->thread_count + thread] += until - start;
        }
        start = until;
    }
}

static nsec busiest(const struct sim_series *series, uint32_t number) {
    nsec most = 0;
    for (uint16_t i = 0; i + series->workers < series->thread_count; i++)
        most = nsec_max(most, series->thread_busy[(size_t)number * series->thread_count + i]);
    return most;
}

void sim_series_close(struct sim_series *series, nsec now, const struct sim_carried *carried) {
    struct sim_sample *sample = &series->samples[series->next < series->count ? series->next : 0];
    if (sim_series_is_due(series, now)) {
        sample->bytes_read = carried->read - series->closed.read;
        sample->bytes_written = carried->written - series->closed.written;
        sample->cells = carried->cells - series->closed.cells;
        series->closed = *carried;
    }
    for (; sim_series_is_due(series, now); series->next++)
        series->samples[series->next].busy_most = busiest(series, series->next);
}
