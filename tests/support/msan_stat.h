/* SPDX-License-Identifier: MIT */
/*
 * For a build with -fsanitize=memory, given to the compiler with -include:
 * clang 14 does not know the functions that glibc has for stat() since 2.33,
 * and takes what they fill in for uninitialized.
 */
#ifndef LEAT_SUPPORT_MSAN_STAT_H
#define LEAT_SUPPORT_MSAN_STAT_H

#include <sanitizer/msan_interface.h>
#include <sys/stat.h>

static inline int leat_msan_filled(int res, struct stat *st)
{
	if (res == 0)
		__msan_unpoison(st, sizeof(*st));
	return res;
}

#define stat(path, st) leat_msan_filled((stat)(path, st), st)
#define lstat(path, st) leat_msan_filled((lstat)(path, st), st)
#define fstat(fd, st) leat_msan_filled((fstat)(fd, st), st)

#endif
