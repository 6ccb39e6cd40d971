#include "shadow/paced_relay.h"

#include <stdlib.h>

#include "base/check.h"
#include "cost/profile.h"
#include "native/config.h"
#include "native/log.h"
#include "native/pacing.h"
#include "shadow/profile_file.h"
#include "shadow/virtual_cpu.h"

struct paced_relay {
    struct pacing pacing;
    struct virtual_cpu *cpu;
};

static struct paced_relay *owner(struct pacing *pacing) {
    return (struct paced_relay *)pacing; /* its first member */
}

static void charge(struct pacing *pacing, uint32_t thread, const struct work *work,
                   const struct working_set *set) {
    virtual_cpu_work(owner(pacing)->cpu, thread, work, set);
}

static nsec queue(struct pacing *pacing, uint32_t thread, const struct work *work,
                  const struct working_set *set) {
    return virtual_cpu_queue(owner(pacing)->cpu, thread, work, set);
}

static void woken(struct pacing *pacing, uint32_t thread, nsec since) {
    virtual_cpu_woken(owner(pacing)->cpu, thread, since);
}

static struct virtual_cpu *make_cpu(const struct config *config, const struct cost_profile *profile,
                                    struct complaint *complaint) {
    const nsec ahead_us = config->pace_ahead_us < 0 ? VIRTUAL_CPU_AHEAD_US : (nsec)config->pace_ahead_us;
    const struct virtual_cpu_options options = {.cores = (uint32_t)config->pace_cores,
                                                .threads_per_core = (uint32_t)config->pace_threads_per_core,
                                                .ahead = ahead_us * NSEC_PER_US};
    struct virtual_cpu *cpu = virtual_cpu_new(profile, &options);
    if (cpu == NULL)
        complain(complaint,
                 "PaceProfile: expected at most 128 logical cores, and two hyperthreads no slower "
                 "than one; %s has others",
                 profile->name);
    return cpu;
}

struct pacing *paced_relay_new(const struct config *config, struct complaint *complaint) {
    struct cost_profile profile;
    struct mistake mistake;
    struct virtual_cpu *cpu = NULL;
    if (config->pace_profile == NULL)
        complain(complaint, "PaceProfile: expected a profile, as this relay is paced by one");
    else if (!profile_file_read(config->pace_profile, &profile, &mistake))
        complain(complaint, "PaceProfile: %s", mistake.text);
    else
        cpu = make_cpu(config, &profile, complaint);
    if (cpu == NULL)
        return NULL;
    struct paced_relay *relay = calloc(1, sizeof *relay);
    CHECK(relay != NULL);
    relay->pacing = (struct pacing){.charge = charge,
                                    .queue = queue,
                                    .woken = woken,
                                    .hardware = profile.has_aes ? CIPHER_HARDWARE_AES : CIPHER_HARDWARE_NONE};
    relay->cpu = cpu;
    log_notice("Work takes the time of %s (%s: %s)", profile.machine, profile.name,
               cost_profile_note(&profile));
    return &relay->pacing;
}

void paced_relay_free(struct pacing *pacing) {
    struct paced_relay *relay = owner(pacing);
    log_notice("Virtual cores were busy for %llu us",
               (unsigned long long)(virtual_cpu_busy(relay->cpu) / 1000));
    virtual_cpu_free(relay->cpu);
    free(relay);
}
