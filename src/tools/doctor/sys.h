/* SPDX-License-Identifier: MIT */
/*
 * Files of /proc, /sys and /etc, below a root: "" for this machine, a folder
 * for a tree that a test has made.
 */
#ifndef LEAT_DOCTOR_SYS_H
#define LEAT_DOCTOR_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Larger files are cut. */
#define LEAT_SYS_BYTES 16384

/* A file's bytes, with a 0 behind them. How many they are, or -errno. */
__attribute__((format(printf, 4, 5))) ssize_t
leat_sys_read(const char *root, char *text, size_t text_bytes,
	      const char *format, ...);

/* Its first line, without the end of it; false if there is none. */
__attribute__((format(printf, 4, 5))) bool
leat_sys_line(const char *root, char *text, size_t text_bytes,
	      const char *format, ...);

/* A file that holds one number. */
__attribute__((format(printf, 3, 4))) bool
leat_sys_number(const char *root, int64_t *value, const char *format, ...);

/* Whether a path is there. */
__attribute__((format(printf, 2, 3))) bool
leat_sys_has(const char *root, const char *format, ...);

/*
 * What follows a name at the beginning of a line, behind blanks and colons;
 * NULL if there is no such line.
 */
const char *leat_sys_field(const char *text, const char *name);

/* Go through the entries of a folder, but for those that begin with a dot. */
void leat_sys_each(const char *root, const char *folder,
		   void (*fn)(void *user, const char *name), void *user);

#endif
