/* SPDX-License-Identifier: MIT */
#include "target.h"

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

/* A margin within the user's bounds. */
static double bounded(const struct leat_target *target, double margin) LEAT_RT
{
	const struct leat_target_config *config = &target->config;
	double base = config->base_frames;

	if (config->fixed_frames)
		return config->fixed_frames - base;
	if (config->max_frames)
		margin = fmin(margin, config->max_frames - base);
	if (config->min_frames)
		margin = fmax(margin, config->min_frames - base);
	return fmax(margin, 0);
}

int leat_target_init(struct leat_target *target,
		     const struct leat_target_config *config)
{
	uint32_t most = config->fixed_frames ? config->fixed_frames
					     : config->max_frames;

	*target = (struct leat_target){ .config = *config };
	target->reserve = frames_of_us(target, LEAT_TARGET_RESERVE_US);
	target->margin =
		bounded(target, frames_of_us(target, LEAT_TARGET_BEGIN_US));
	if (config->rate_hz == 0 ||
	    (config->max_frames && config->min_frames > config->max_frames))
		return -EINVAL;
	return most && most < config->base_frames ? -ERANGE : 0;
}

double leat_target_frames(const struct leat_target *target)
{
	return target->config.base_frames + target->margin;
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

	if (!target->known || wanted > target->margin - target->reserve / 2)
		return target->margin;
	return fmax(wanted, target->margin - down);
}

bool leat_target_note(struct leat_target *target, double slack, double excess,
		      double dt_s)
{
	double used = target->margin + excess - slack;
	double before = target->margin, wanted;

	remember(target, used, dt_s);
	wanted = leat_target_used(target) + target->reserve;
	/* Up when half the reserve is gone, then all of it is given back. */
	if (used + target->reserve / 2 > target->margin)
		target->margin = bounded(target, used + target->reserve);
	else
		target->margin = bounded(target, lower(target, wanted, dt_s));
	return target->margin > before;
}
