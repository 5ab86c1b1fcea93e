/* SPDX-License-Identifier: MIT */
/*
 * Markup with values in it. What is in the format is ours and is markup; what
 * is given for it is not, and can only ever be text.
 */
#ifndef LEAT_XRUN_HTML_H
#define LEAT_XRUN_HTML_H

#include <stdio.h>

/* Text, in an element or in an attribute's quotes. */
void xrun_html_text(FILE *file, const char *text);

/*
 * As fprintf(), and what is written for a %s is xrun_html_text(). There are d,
 * u, f, g, s and %, the lengths l, ll, z and j, and one digit of precision.
 */
__attribute__((format(printf, 2, 3))) void xrun_html(FILE *file,
						     const char *format, ...);

#endif
