/* SPDX-License-Identifier: MIT */
/**
 * What a probe saw, as text, and the commands that need nothing but a probe.
 */
#ifndef TEST_SUPPORT_PROBE_REPORT_H
#define TEST_SUPPORT_PROBE_REPORT_H

#include "control.h"
#include "probe.h"

/**
 * Ask the process thread for a copy and print it to stdout, "key=value ...",
 * without a line end: the caller has more to say.
 */
void probe_report(struct probe *probe);

/**
 * Run reset, events, latencies or late.
 *
 * @return  Whether it was one of them; then it has been answered.
 */
bool probe_run_command(struct probe *probe, const struct control *control);

#endif
