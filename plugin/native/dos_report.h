/* dos_report - the heartbeat's line about denial-of-service prevention, as tor writes it. */
#ifndef LOOM_NATIVE_DOS_REPORT_H
#define LOOM_NATIVE_DOS_REPORT_H

#include "core/dos_figures.h"
#include "core/dos_params.h"

#define DOS_REPORT_MAX 640u /* ten numbers of twenty digits, and the words between */

/* What was refused since the start; params: which defences are on now. */
void dos_report(const struct dos_figures *refused, const struct dos_params *params,
                char out[static DOS_REPORT_MAX]);

#endif
