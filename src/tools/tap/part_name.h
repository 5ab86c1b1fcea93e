/* SPDX-License-Identifier: MIT */
/* What the parts of a recording are called. */
#ifndef LEAT_TAP_PART_NAME_H
#define LEAT_TAP_PART_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Parts of a recording, at most. */
#define PARTS_MAX 999999u

/*
 * FILE-001.wav for FILE.wav and part 1; FILE.wav itself for part 0. More than
 * 999 parts have longer numbers. False if it does not fit.
 */
bool part_name(char *name, size_t name_bytes, const char *path, unsigned part);

/* The side file of a part: NAME.marks. False if it does not fit. */
bool part_marks_name(char *name, size_t name_bytes, const char *part_path);

#endif
