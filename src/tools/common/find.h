/* SPDX-License-Identifier: MIT */
/*
 * Where programs are: in the folders of LEAT_PATH, beside the program that
 * runs, then in those of PATH.
 */
#ifndef LEAT_TOOLS_FIND_H
#define LEAT_TOOLS_FIND_H

#include <stdbool.h>
#include <stddef.h>

/* Look at one folder; true ends the search. */
typedef bool (*leat_find_fn)(void *user, const char *folder);

/* Go through the folders in order; true if fn ended it. */
bool leat_find_each(leat_find_fn fn, void *user);

/* The path of a program; false if it is nowhere, or the path too long. */
bool leat_find_program(const char *name, char *path, size_t path_bytes);

/* The folder that the running program lies in; false if it is not known. */
bool leat_find_own_folder(char *folder, size_t folder_bytes);

#endif
