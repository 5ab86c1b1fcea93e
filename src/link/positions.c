/* SPDX-License-Identifier: MIT */
#include <leat/positions.h>

#include <stddef.h>
#include <string.h>

struct position {
	const char *name;
	const char *label;
};

/* Names and order as in PipeWire's spa/param/audio/raw.h. */
static const struct position speakers[] = {
	[LEAT_POSITION_MONO] = { "MONO", "Mono" },
	[LEAT_POSITION_FL] = { "FL", "Front Left" },
	[LEAT_POSITION_FR] = { "FR", "Front Right" },
	[LEAT_POSITION_FC] = { "FC", "Front Center" },
	[LEAT_POSITION_LFE] = { "LFE", "Subwoofer" },
	[LEAT_POSITION_SL] = { "SL", "Side Left" },
	[LEAT_POSITION_SR] = { "SR", "Side Right" },
	[LEAT_POSITION_FLC] = { "FLC", "Front Left Center" },
	[LEAT_POSITION_FRC] = { "FRC", "Front Right Center" },
	[LEAT_POSITION_RC] = { "RC", "Rear Center" },
	[LEAT_POSITION_RL] = { "RL", "Rear Left" },
	[LEAT_POSITION_RR] = { "RR", "Rear Right" },
	[LEAT_POSITION_TC] = { "TC", "Top Center" },
	[LEAT_POSITION_TFL] = { "TFL", "Top Front Left" },
	[LEAT_POSITION_TFC] = { "TFC", "Top Front Center" },
	[LEAT_POSITION_TFR] = { "TFR", "Top Front Right" },
	[LEAT_POSITION_TRL] = { "TRL", "Top Rear Left" },
	[LEAT_POSITION_TRC] = { "TRC", "Top Rear Center" },
	[LEAT_POSITION_TRR] = { "TRR", "Top Rear Right" },
};

#define N_SPEAKERS (sizeof(speakers) / sizeof(speakers[0]))

#define AUX(n)                                                                 \
	{                                                                      \
		"AUX" #n, "Auxiliary " #n                                      \
	}
#define AUX8(a, b, c, d, e, f, g, h)                                           \
	AUX(a), AUX(b), AUX(c), AUX(d), AUX(e), AUX(f), AUX(g), AUX(h)

static const struct position auxiliaries[64] = {
	AUX8(0, 1, 2, 3, 4, 5, 6, 7),
	AUX8(8, 9, 10, 11, 12, 13, 14, 15),
	AUX8(16, 17, 18, 19, 20, 21, 22, 23),
	AUX8(24, 25, 26, 27, 28, 29, 30, 31),
	AUX8(32, 33, 34, 35, 36, 37, 38, 39),
	AUX8(40, 41, 42, 43, 44, 45, 46, 47),
	AUX8(48, 49, 50, 51, 52, 53, 54, 55),
	AUX8(56, 57, 58, 59, 60, 61, 62, 63),
};

static const struct position *find(uint8_t position)
{
	if (position < N_SPEAKERS && speakers[position].name)
		return &speakers[position];
	if (position >= LEAT_POSITION_AUX0 && position <= LEAT_POSITION_AUX63)
		return &auxiliaries[position - LEAT_POSITION_AUX0];
	return NULL;
}

const char *leat_position_name(uint8_t position)
{
	const struct position *found = find(position);

	return found ? found->name : NULL;
}

const char *leat_position_label(uint8_t position)
{
	const struct position *found = find(position);

	return found ? found->label : NULL;
}

uint8_t leat_position_parse(const char *name)
{
	for (unsigned i = 0; i <= LEAT_POSITION_AUX63; i++) {
		const struct position *found = find((uint8_t)i);

		if (found && strcmp(found->name, name) == 0)
			return (uint8_t)i;
	}
	return LEAT_POSITION_NONE;
}

/* The layouts that PipeWire and ALSA use for these counts. */
static const uint8_t layouts[][8] = {
	[1] = { LEAT_POSITION_MONO },
	[2] = { LEAT_POSITION_FL, LEAT_POSITION_FR },
	[3] = { LEAT_POSITION_FL, LEAT_POSITION_FR, LEAT_POSITION_LFE },
	[4] = { LEAT_POSITION_FL, LEAT_POSITION_FR, LEAT_POSITION_RL,
		LEAT_POSITION_RR },
	[5] = { LEAT_POSITION_FL, LEAT_POSITION_FR, LEAT_POSITION_RL,
		LEAT_POSITION_RR, LEAT_POSITION_FC },
	[6] = { LEAT_POSITION_FL, LEAT_POSITION_FR, LEAT_POSITION_RL,
		LEAT_POSITION_RR, LEAT_POSITION_FC, LEAT_POSITION_LFE },
	[8] = { LEAT_POSITION_FL, LEAT_POSITION_FR, LEAT_POSITION_RL,
		LEAT_POSITION_RR, LEAT_POSITION_FC, LEAT_POSITION_LFE,
		LEAT_POSITION_SL, LEAT_POSITION_SR },
};

void leat_positions_default(uint8_t *positions, uint32_t n_channels)
{
	if (n_channels < sizeof(layouts) / sizeof(layouts[0]) &&
	    layouts[n_channels][0]) {
		memcpy(positions, layouts[n_channels], n_channels);
		return;
	}
	for (uint32_t i = 0; i < n_channels; i++)
		positions[i] = (uint8_t)(LEAT_POSITION_AUX0 + i);
}
