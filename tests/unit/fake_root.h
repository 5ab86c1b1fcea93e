/* SPDX-License-Identifier: MIT */
/* A tree with files as in /proc, /sys and /etc, for what reads them. */
#ifndef LEAT_UNIT_FAKE_ROOT_H
#define LEAT_UNIT_FAKE_ROOT_H

#include <stdbool.h>

/* Make an empty tree, once per process. */
bool fake_root_make(void);
const char *fake_root(void);
void fake_root_remove(void);

/*
 * Write a file, and the folders that it lies in. In one named cmdline or
 * environ, '|' stands for the 0 behind each word.
 */
bool fake_root_write(const char *path, const char *text);
bool fake_root_drop(const char *path);

#endif
