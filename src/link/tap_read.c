/* SPDX-License-Identifier: MIT */
/* Taps: reading frames. */
#include "tap_private.h"

#include <leat/inline/atomics.h>

#include <string.h>

/* What there is of n_frames, up to where leat_tap_next() said. */
static uint32_t readable(const struct leat_tap *tap, uint32_t n_frames) LEAT_RT
{
	uint64_t n = tap->readable - tap->position;

	if (!tap->wire)
		return 0;
	return n < n_frames ? (uint32_t)n : n_frames;
}

uint32_t leat_tap_begin(struct leat_tap *tap, uint32_t n_frames,
			struct leat_frames_view views[2])
{
	uint32_t n = readable(tap, n_frames);

	tap->n_begun = n;
	if (n > 0) {
		leat_tap_wire_views(tap->wire, tap->position, n, views);
		return n;
	}
	memset(views, 0, 2 * sizeof(*views));
	return 0;
}

bool leat_tap_intact(struct leat_tap *tap)
{
	return tap->n_begun == 0 ||
	       leat_tap_wire_intact(tap->wire, tap->position);
}

uint32_t leat_tap_end(struct leat_tap *tap, uint32_t n_frames)
{
	uint32_t n = n_frames < tap->n_begun ? n_frames : tap->n_begun;

	if (!leat_tap_intact(tap))
		n = 0;
	tap->n_begun = 0;
	tap->position += n;
	tap->counts.n_read += n;
	return n;
}

static void copy_planar(float *const *planes,
			const struct leat_frames_view *view) LEAT_RT
{
	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(planes[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

uint32_t leat_tap_read(struct leat_tap *tap, float *const *planes,
		       uint32_t n_frames)
{
	struct leat_frames_view views[2];
	uint32_t n = leat_tap_begin(tap, n_frames, views);

	for (int i = 0; i < 2; i++)
		copy_planar(planes, &views[i]);
	return leat_tap_end(tap, n);
}

static void copy_interleaved(float *frames, const struct leat_frames_view *view)
	LEAT_RT
{
	uint32_t n_channels = view->n_channels;

	frames += (size_t)view->n_before * n_channels;
	for (uint32_t c = 0; c < n_channels; c++) {
		const float *plane = leat_frames_view_plane(view, c);

		for (uint32_t i = 0; i < view->n_frames; i++)
			frames[(size_t)i * n_channels + c] = plane[i];
	}
}

uint32_t leat_tap_read_interleaved(struct leat_tap *tap, float *frames,
				   uint32_t n_frames)
{
	struct leat_frames_view views[2];
	uint32_t n = leat_tap_begin(tap, n_frames, views);

	for (int i = 0; i < 2; i++)
		copy_interleaved(frames, &views[i]);
	return leat_tap_end(tap, n);
}
