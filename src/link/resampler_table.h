/* SPDX-License-Identifier: MIT */
/*
 * The resampler's filter: a sinc under a Kaiser window, sampled at each phase.
 *
 * Row k + 1 holds the taps for a position k / LEAT_RESAMPLER_PHASES behind a
 * frame; rows from -1 to phases + 1, so that a cubic through four rows has its
 * neighbours at both ends. Thread: setup.
 */
#ifndef LEAT_LINK_RESAMPLER_TABLE_H
#define LEAT_LINK_RESAMPLER_TABLE_H

#include <stdint.h>

/*
 * Make the rows, or NULL without memory.
 *
 * n_taps: samples of a row. down: how many times the rate goes down, 1 if it
 * does not; the filter then cuts below the lower rate's Nyquist frequency.
 */
const float *leat_table_create(uint32_t n_taps, double down);
void leat_table_destroy(const float *table);

#endif
