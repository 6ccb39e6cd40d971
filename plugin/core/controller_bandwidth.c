/* Bandwidth: managers report what they have sent, and are lent a share of what the relay may. */
#include "base/check.h"
#include "core/controller_state.h"

/* The managers with links are stations 1, 2, ... */
void controller_bandwidth_reported(struct controller *c, nsec now, const struct control *message) {
    const struct control_bandwidth *report = &message->u.bandwidth;
    CHECK(message->reply_to > 0);
    bandwidth_pool_report(&c->bandwidth, now, (uint16_t)(message->reply_to - 1), report->sent,
                          report->returned, report->want);
}

void controller_lend_bandwidth(struct controller *c, nsec now) {
    if (bandwidth_pool_next(&c->bandwidth) > now)
        return;
    bandwidth_pool_divide(&c->bandwidth, now);
    for (uint16_t i = 0; i < c->config->connection_threads; i++) {
        uint64_t loan = bandwidth_pool_loan(&c->bandwidth, i);
        if (loan == 0)
            continue;
        struct control *message = controller_post(c, (station_id)(i + 1), 0, CONTROL_BANDWIDTH_LOAN);
        if (message)
            message->u.bandwidth.lent = loan;
        else
            bandwidth_pool_take_back(&c->bandwidth, now, i);
    }
}
