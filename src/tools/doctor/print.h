/* SPDX-License-Identifier: MIT */
#ifndef LEAT_DOCTOR_PRINT_H
#define LEAT_DOCTOR_PRINT_H

#include "finding.h"

#include <stdio.h>

/* For people: as wide as this many columns, cures aside, which are copied. */
void leat_report_print(FILE *file, const struct leat_report *report,
		       unsigned n_columns, bool colour);

/* For programs: one JSON object in one line. */
void leat_report_print_json(FILE *file, const struct leat_report *report);

#endif
