/* SPDX-License-Identifier: MIT */
#include "target.h"

#include "resampler.h"

#include <errno.h>
#include <math.h>

static uint32_t scale_up(uint64_t frames, uint32_t to_hz, uint32_t from_hz)
	LEAT_RT
{
	return (uint32_t)((frames * to_hz + from_hz - 1) / from_hz);
}

uint32_t leat_target_base_to_pipewire(uint32_t q, uint32_t half_taps,
				      uint32_t jack_rate_hz,
				      uint32_t pw_rate_hz)
{
	return scale_up(q, jack_rate_hz, pw_rate_hz) + half_taps;
}

uint32_t leat_target_base_to_jack(uint32_t p, uint32_t half_taps,
				  uint32_t jack_rate_hz, uint32_t pw_rate_hz)
{
	return p + scale_up(half_taps, jack_rate_hz, pw_rate_hz);
}

static double frames_of_us(const struct leat_target *target, double us) LEAT_RT
{
	return us * 1e-6 * target->config.rate_hz;
}

uint32_t leat_target_spare(uint32_t p, uint32_t q, uint32_t rate_hz)
{
	uint64_t late = (uint64_t)rate_hz * LEAT_TARGET_LATE_US / 1000000;

	return (uint32_t)(2 * ((uint64_t)p + q) + late +
			  2 * LEAT_RESAMPLER_TAPS);
}

/* The margin within the user's bounds, as far as they can be kept. */
static double bounded(const struct leat_target *target) LEAT_RT
{
	const struct leat_target_config *config = &target->config;
	double base = config->base_frames;
	double margin = target->wish;

	if (config->max_frames)
		margin = fmin(margin, config->max_frames - base);
	if (config->min_frames)
		margin = fmax(margin, config->min_frames - base);
	if (config->fixed_frames)
		margin = config->fixed_frames - base;
	return fmax(margin, target->reserve);
}

/* What does not fit into the ring waits for a larger one. */
static void set_margin(struct leat_target *target) LEAT_RT
{
	double most = (double)target->most - target->config.base_frames;

	target->margin = fmin(bounded(target), fmax(most, target->reserve));
}

int leat_target_init(struct leat_target *target,
		     const struct leat_target_config *config)
{
	*target = (struct leat_target){ .config = *config, .most = UINT32_MAX };
	target->reserve = frames_of_us(target, LEAT_TARGET_RESERVE_US);
	target->wish = frames_of_us(target, LEAT_TARGET_BEGIN_US);
	set_margin(target);
	return config->rate_hz == 0 || (config->max_frames &&
					config->min_frames > config->max_frames)
		       ? -EINVAL
		       : 0;
}

void leat_target_set_base(struct leat_target *target, uint32_t base_frames)
{
	target->config.base_frames = base_frames;
	set_margin(target);
}

void leat_target_set_most(struct leat_target *target, uint32_t most)
{
	target->most = most;
	set_margin(target);
}

double leat_target_frames(const struct leat_target *target)
{
	return target->config.base_frames + target->margin;
}

double leat_target_wanted(const struct leat_target *target)
{
	return target->config.base_frames + bounded(target);
}

uint32_t leat_target_least(const struct leat_target *target)
{
	return target->config.base_frames + (uint32_t)ceil(target->reserve);
}

double leat_target_used(const struct leat_target *target)
{
	return fmax(target->used[0], target->used[1]);
}

static void remember(struct leat_target *target, double used, double dt_s)
	LEAT_RT
{
	target->used_s += dt_s;
	if (target->used_s >= LEAT_TARGET_HOLD_S) {
		target->known = true;
		target->used[1] = target->used[0];
		target->used[0] = used;
		target->used_s = 0;
	}
	target->used[0] = fmax(target->used[0], used);
}

/*
 * Down only if it pays: to within half the reserve of what was needed nothing
 * moves, so that the worst of one minute and of the next make no see-saw.
 */
static double lower(const struct leat_target *target, double wanted,
		    double dt_s) LEAT_RT
{
	double down = frames_of_us(target, LEAT_TARGET_DOWN_PPM) * dt_s;

	if (!target->known || wanted > target->wish - target->reserve / 2)
		return target->wish;
	return fmax(wanted, target->wish - down);
}

bool leat_target_note(struct leat_target *target, double slack, double excess,
		      double dt_s)
{
	double used = target->margin + excess - slack;
	double before = target->margin, wanted;

	if (used > frames_of_us(target, LEAT_TARGET_STALL_US))
		return false;
	remember(target, used, dt_s);
	wanted = leat_target_used(target) + target->reserve;
	/* Up when half the reserve is gone, then all of it is given back. */
	if (used + target->reserve / 2 > target->wish)
		target->wish = used + target->reserve;
	else
		target->wish = lower(target, wanted, dt_s);
	set_margin(target);
	return target->margin > before;
}
