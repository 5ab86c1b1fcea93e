/* SPDX-License-Identifier: MIT */
/* What an experiment found, for programs. */
#ifndef LEAT_XRUN_RESULT_JSON_H
#define LEAT_XRUN_RESULT_JSON_H

#include "result.h"

#include <stdio.h>

/* Write all of it as one JSON object. What is not known is null. */
void xrun_result_json(FILE *file, const struct xrun_result *result);

#endif
