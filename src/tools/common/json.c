/* SPDX-License-Identifier: MIT */
#include "json.h"

/* Table 3-7 of the Unicode Standard: no overlong forms, no surrogates. */
unsigned leat_utf8_length(const unsigned char *text)
{
	unsigned char low = 0x80, high = 0xbf;
	unsigned n;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	n = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		low = 0xa0;
	if (text[0] == 0xed)
		high = 0x9f;
	if (text[0] == 0xf0)
		low = 0x90;
	if (text[0] == 0xf4)
		high = 0x8f;
	for (unsigned i = 1; i < n; i++) {
		if (text[i] < low || text[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

/* RFC 8259, section 7. */
void leat_json_string(FILE *file, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	fputc('"', file);
	while (*at) {
		unsigned n = leat_utf8_length(at);

		if (n == 0)
			fputs("\\ufffd", file);
		else if (*at < 0x20 || *at == 0x7f)
			fprintf(file, "\\u%04x", *at);
		else if (*at == '"' || *at == '\\')
			fprintf(file, "\\%c", *at);
		else
			fwrite(at, 1, n, file);
		at += n > 0 ? n : 1;
	}
	fputc('"', file);
}
