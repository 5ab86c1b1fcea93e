/* SPDX-License-Identifier: MIT */

#include <leat/link.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int leat_error_set(struct leat_error *error, int res, const char *format, ...)
{
	va_list args;

	if (!error)
		return res;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return res;
}

const char *leat_errno_text(int res)
{
	switch (res < 0 ? -res : res) {
	case EMFILE:
		return "this process has too many files open: raise its limit "
		       "(ulimit -n, or LimitNOFILE= of a systemd unit)";
	case ENFILE:
		return "the system has too many files open: raise fs.file-max "
		       "with sysctl";
	case ENOMEM:
	case ENOBUFS:
		return "there is not enough memory: end other programs, or "
		       "raise what limits this one (ulimit -v, or MemoryMax= "
		       "of a systemd unit)";
	case ENOSPC:
		return "no space is left: make some (df shows where)";
	case EDQUOT:
		return "the disk quota is used up: remove files";
	case EROFS:
		return "it is on a read-only file system: set XDG_RUNTIME_DIR "
		       "to a directory that can be written to";
	case EACCES:
		return "Permission denied: see whose it is, and what confines "
		       "this program (a container, AppArmor, a systemd unit)";
	case EPERM:
		return "Operation not permitted: see what confines this "
		       "program (a container, AppArmor, a systemd unit)";
	default:
		return strerror(res < 0 ? -res : res);
	}
}
