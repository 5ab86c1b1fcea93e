/* SPDX-License-Identifier: MIT */
/* The links' counters in the text format of Prometheus, version 0.0.4. */
#ifndef LEAT_TOOLS_METRICS_H
#define LEAT_TOOLS_METRICS_H

#include "tools/common/links.h"

#include <stdio.h>

#define LEAT_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The names are a promise: data/man/leat-status.1 has them. */
void leat_metrics_print(FILE *file, const struct leat_links *links);

#endif
