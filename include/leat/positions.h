/* SPDX-License-Identifier: MIT */
/**
 * Channel positions: the names that both graphs give to channels.
 */
#ifndef LEAT_POSITIONS_H
#define LEAT_POSITIONS_H

#include <leat/attributes.h>

#include <stdint.h>

LEAT_BEGIN_DECLS

/** Speakers as PipeWire names them, then AUX0 to AUX63. */
enum leat_position {
	LEAT_POSITION_NONE,
	LEAT_POSITION_MONO,
	LEAT_POSITION_FL,
	LEAT_POSITION_FR,
	LEAT_POSITION_FC,
	LEAT_POSITION_LFE,
	LEAT_POSITION_SL,
	LEAT_POSITION_SR,
	LEAT_POSITION_FLC,
	LEAT_POSITION_FRC,
	LEAT_POSITION_RC,
	LEAT_POSITION_RL,
	LEAT_POSITION_RR,
	LEAT_POSITION_TC,
	LEAT_POSITION_TFL,
	LEAT_POSITION_TFC,
	LEAT_POSITION_TFR,
	LEAT_POSITION_TRL,
	LEAT_POSITION_TRC,
	LEAT_POSITION_TRR,
	LEAT_POSITION_AUX0 = 64,
	LEAT_POSITION_AUX63 = 127
};

/** The short name ("FL"), or NULL if there is no such position. RT-safe. */
LEAT_API const char *leat_position_name(uint8_t position);

/** The name for people ("Front Left"), or NULL. RT-safe. */
LEAT_API const char *leat_position_label(uint8_t position);

/** The position with that short name, LEAT_POSITION_NONE if there is none. */
LEAT_API uint8_t leat_position_parse(const char *name);

/**
 * The usual layout for a number of channels: mono, stereo, ... 7.1, and
 * AUX0, AUX1, ... for others.
 *
 * @param positions   n_channels to be filled in.
 * @param n_channels  0..64.
 */
LEAT_API void leat_positions_default(uint8_t *positions, uint32_t n_channels);

LEAT_END_DECLS

#endif
