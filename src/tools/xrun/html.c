/* SPDX-License-Identifier: MIT */
#include "html.h"

#include "tools/common/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

/* U+FFFD */
static const char replacement[] = "\xef\xbf\xbd";

static const char *entity_of(unsigned char c)
{
	switch (c) {
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '&':
		return "&amp;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/*
 * Characters that neither HTML nor XML may have, and those that turn the text
 * around them: a name must not change how its neighbours read.
 */
static bool is_unfit(const unsigned char *at, unsigned n)
{
	if (n == 0)
		return true;
	if (n == 1)
		return (*at < 0x20 && *at != '\n' && *at != '\t') ||
		       *at == 0x7f;
	if (n == 2) /* U+0080 to U+009F, U+061C */
		return (at[0] == 0xc2 && at[1] < 0xa0) ||
		       (at[0] == 0xd8 && at[1] == 0x9c);
	if (n == 3 && at[0] == 0xe2 && at[1] == 0x80) /* U+200E, U+2028 */
		return (at[2] >= 0x8e && at[2] <= 0x8f) ||
		       (at[2] >= 0xa8 && at[2] <= 0xae);
	if (n == 3 && at[0] == 0xe2 && at[1] == 0x81) /* U+2066 to U+2069 */
		return at[2] >= 0xa6 && at[2] <= 0xa9;
	if (n == 3 && at[0] == 0xef) /* U+FDD0 to U+FDEF, U+FFFE, U+FFFF */
		return (at[1] == 0xb7 && at[2] >= 0x90 && at[2] <= 0xaf) ||
		       (at[1] == 0xbf && at[2] >= 0xbe);
	/* U+1FFFE and U+1FFFF, and so on in each plane */
	return n == 4 && (at[1] & 0x0f) == 0x0f && at[2] == 0xbf &&
	       at[3] >= 0xbe;
}

void xrun_html_text(FILE *file, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	while (*at) {
		unsigned n = leat_utf8_length(at);
		const char *entity = entity_of(*at);

		if (is_unfit(at, n))
			fputs(replacement, file);
		else if (entity)
			fputs(entity, file);
		else
			fwrite(at, 1, n, file);
		at += n > 0 ? n : 1;
	}
}

/* ---- the format ---- */

struct spec {
	int precision; /* of f and g */
	char length;   /* 'l', 'L' for ll, 'z', 'j', or 0 */
	char conversion;
};

/* A conversion, as in "%.1f", "%zu"; and what follows it. */
static const char *take_spec(struct spec *spec, const char *format)
{
	spec->precision = 6;
	spec->length = 0;
	format++;
	if (*format == '.') {
		spec->precision = format[1] - '0';
		format += 2;
	}
	if (format[0] == 'l' && format[1] == 'l') {
		spec->length = 'L';
		format += 2;
	} else if (strchr("lzj", *format)) {
		spec->length = *format++;
	}
	spec->conversion = *format++;
	return format;
}

static intmax_t take_signed(const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case 'j':
		return va_arg(*args, intmax_t);
	case 'L':
		return va_arg(*args, long long);
	case 'l':
		return va_arg(*args, long);
	case 'z':
		return va_arg(*args, ssize_t);
	default:
		return va_arg(*args, int);
	}
}

static uintmax_t take_unsigned(const struct spec *spec, va_list *args)
{
	switch (spec->length) {
	case 'j':
		return va_arg(*args, uintmax_t);
	case 'L':
		return va_arg(*args, unsigned long long);
	case 'l':
		return va_arg(*args, unsigned long);
	case 'z':
		return va_arg(*args, size_t);
	default:
		return va_arg(*args, unsigned);
	}
}

static void put_value(FILE *file, const struct spec *spec, va_list *args)
{
	switch (spec->conversion) {
	case 's':
		xrun_html_text(file, va_arg(*args, const char *));
		return;
	case 'd':
		fprintf(file, "%jd", take_signed(spec, args));
		return;
	case 'u':
		fprintf(file, "%ju", take_unsigned(spec, args));
		return;
	case 'f':
		fprintf(file, "%.*f", spec->precision, va_arg(*args, double));
		return;
	case 'g':
		fprintf(file, "%.*g", spec->precision, va_arg(*args, double));
		return;
	default:
		assert(spec->conversion == '%');
		fputc('%', file);
	}
}

void xrun_html(FILE *file, const char *format, ...)
{
	struct spec spec;
	va_list args;

	va_start(args, format);
	while (*format) {
		size_t n = strcspn(format, "%");

		fwrite(format, 1, n, file);
		format += n;
		if (*format) {
			format = take_spec(&spec, format);
			put_value(file, &spec, &args);
		}
	}
	va_end(args);
}
