/* SPDX-License-Identifier: MIT */
/* What a user types: numbers, names of links, channel positions. */
#include "fuzz.h"

#include "cli/options.h"

#include <leat/frames.h>
#include <leat/link.h>
#include <leat/positions.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void look_at_positions(const char *text)
{
	uint8_t position[LEAT_CHANNELS_MAX + 1];
	char again[LEAT_CHANNELS_MAX * 8] = "", error[128];
	bool there[256] = { false };
	uint32_t n;

	position[LEAT_CHANNELS_MAX] = 0xa5;
	memset(error, 'x', sizeof(error));
	n = leat_parse_positions(text, position, error, sizeof(error));
	MUST(position[LEAT_CHANNELS_MAX] == 0xa5);
	MUST(n <= LEAT_CHANNELS_MAX);
	if (n == 0)
		MUST(error[0] && memchr(error, 0, sizeof(error)));
	for (uint32_t i = 0; i < n; i++) {
		const char *name = leat_position_name(position[i]);

		MUST(name && leat_position_parse(name) == position[i]);
		MUST(!there[position[i]]);
		there[position[i]] = true;
		strcat(strcat(again, i > 0 ? "," : ""), name);
	}
	MUST(n == 0 || strcmp(again, text) == 0);
}

/* By long division and not by strtoul. */
static bool is_number(const char *text, uint32_t min, uint32_t max,
		      uint32_t *value)
{
	uint64_t n = 0;

	if (!text[0])
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (uint64_t)(*text - '0');
		if (n > UINT32_MAX)
			n = UINT64_C(1) << 32;
	}
	*value = (uint32_t)n;
	return n >= min && n <= max;
}

static void look_at_number(const char *text, uint32_t min, uint32_t max)
{
	uint32_t value = 0, wanted = 0;
	bool right = leat_parse_u32(text, min, max, &value);

	MUST(right == is_number(text, min, max, &wanted));
	MUST(!right || value == wanted);
}

/* A sign, and then a number; the range is as far below nothing as above. */
static void look_at_signed(const char *text, uint32_t most)
{
	const char *digits = text + (text[0] == '-' || text[0] == '+');
	int32_t value = 0, limit = (int32_t)(most & INT32_MAX);
	uint32_t wanted = 0;
	bool right = leat_parse_i32(text, -limit, limit, &value);

	MUST(right == is_number(digits, 0, (uint32_t)limit, &wanted));
	MUST(!right ||
	     value == (text[0] == '-' ? -(int32_t)wanted : (int32_t)wanted));
}

/* A name need not end within the bytes that it may have. */
static void look_at_name(const uint8_t *bytes, size_t n_bytes)
{
	size_t n = n_bytes < LEAT_LINK_NAME_BYTES ? n_bytes + 1
						  : LEAT_LINK_NAME_BYTES;
	char *name = malloc(n);
	struct leat_error error;

	MUST(name);
	memset(name, 0, n);
	memcpy(name, bytes, n_bytes < n ? n_bytes : n);
	memset(&error, 'x', sizeof(error));
	if (leat_link_name_check(name, &error) == 0)
		MUST(strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789._-") == strlen(name) &&
		     name[0] && !strchr("._-", name[0]));
	else
		MUST(memchr(error.text, 0, sizeof(error.text)));
	free(name);
}

void fuzz_begin(void)
{
}

void fuzz_one(struct fuzz_input *input)
{
	uint32_t min = fuzz_u32(input), max = fuzz_u32(input);
	char *text = malloc(input->left + 1);

	MUST(text);
	look_at_name(input->at, input->left);
	text[input->left] = 0;
	fuzz_take(input, text, input->left);
	look_at_number(text, min, max);
	look_at_signed(text, max);
	look_at_positions(text);
	(void)leat_position_parse(text);
	free(text);
}

static void put_text(const char *name, uint32_t max, const char *text)
{
	struct fuzz_seed seed = { .n_bytes = 0 };

	fuzz_put_u32(&seed, 0);
	fuzz_put_u32(&seed, max);
	fuzz_put(&seed, text, strlen(text));
	fuzz_write_seed(&seed, name);
}

void fuzz_seeds(void)
{
	char all[LEAT_CHANNELS_MAX * 8 + 8] = "AUX0";

	for (int i = 1; i <= 63; i++) {
		size_t n = strlen(all);

		snprintf(all + n, sizeof(all) - n, ",AUX%d", i);
	}
	put_text("all", 1, all);
	put_text("too-many", 1, strcat(all, ",FL"));
	put_text("positions", 64, "FL,FR,LFE");
	put_text("twice", 64, "FL,FL");
	put_text("number", UINT32_MAX, "4294967295");
	put_text("signed", 65536, "-65536");
	put_text("too-small", 65536, "-65537");
	put_text("two-signs", 65536, "+-5");
	put_text("name", 0, "a.name-of_32_characters_at_most_");
	put_text("long-name", 0, "a.name-of_33_characters_one_more_");
}
