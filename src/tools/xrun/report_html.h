/* SPDX-License-Identifier: MIT */
/*
 * What an experiment found, as a page for people: one file that needs nothing
 * else, no network and no script.
 */
#ifndef LEAT_XRUN_REPORT_HTML_H
#define LEAT_XRUN_REPORT_HTML_H

#include "result.h"

#include <stdio.h>

void xrun_report_html(FILE *file, const struct xrun_result *result);

/*
 * The same, to a file that is there whole or not at all; a device is written to
 * as it is. 0 or -errno.
 */
int xrun_report_html_write(const char *path, const struct xrun_result *result);

#endif
