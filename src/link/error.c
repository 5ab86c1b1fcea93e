/* SPDX-License-Identifier: MIT */

#include <leat/link.h>

#include <stdarg.h>
#include <stdio.h>

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
