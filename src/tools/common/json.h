/* SPDX-License-Identifier: MIT */
/* What the programs that print JSON have in common. */
#ifndef LEAT_TOOLS_JSON_H
#define LEAT_TOOLS_JSON_H

#include <stdio.h>

/*
 * How many bytes the UTF-8 character at text has, or 0 if it is none.
 */
unsigned leat_utf8_length(const unsigned char *text);

/*
 * A string in quotes, with what may not stand there escaped. What is no UTF-8
 * becomes U+FFFD.
 */
void leat_json_string(FILE *file, const char *text);

#endif
