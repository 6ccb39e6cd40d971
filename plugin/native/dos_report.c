#include "native/dos_report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "base/check.h"

PRINTF_LIKE(2, 3) static void append(char *out, const char *format, ...) {
    size_t length = strlen(out);
    va_list arguments;
    va_start(arguments, format);
    int added = vsnprintf(out + length, DOS_REPORT_MAX - length, format, arguments);
    va_end(arguments);
    CHECK(added >= 0 && (size_t)added < DOS_REPORT_MAX - length);
}

void dos_report(const struct dos_figures *refused, const struct dos_params *params,
                char out[static DOS_REPORT_MAX]) {
    out[0] = '\0';
    append(out, "Heartbeat: DoS mitigation since startup: %" PRIu64 " circuits killed with too many cells, ",
           refused->circuit_killed_max_cell + refused->circuit_killed_max_cell_outq);
    if (params->circuit_enabled)
        append(out,
               "%" PRIu64 " circuits rejected, %" PRIu64 " marked addresses, %" PRIu64
               " marked addresses for max queue, ",
               refused->circuit_rejected, refused->marked_address, refused->marked_address_maxq);
    else
        append(out, "[DoSCircuitCreationEnabled disabled], ");
    if (params->connection_enabled)
        append(out,
               "%" PRIu64 " same address concurrent connections rejected, %" PRIu64 " connections rejected, ",
               refused->concurrent_conn_rejected, refused->conn_rejected);
    else
        append(out, "[DoSConnectionEnabled disabled], ");
    if (params->refuse_single_hop)
        append(out, "%" PRIu64 " single hop clients refused, ", refused->single_hop_refused);
    else
        append(out, "[DoSRefuseSingleHopClientRendezvous disabled], ");
    if (params->stream_enabled)
        append(out, "%" PRIu64 " stream rejected, ", refused->stream_rejected);
    else
        append(out, "[DoSStreamCreationEnabled disabled], ");
    append(out, "%" PRIu64 " INTRODUCE2 rejected.", refused->introduce2_rejected);
}
