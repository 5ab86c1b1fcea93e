/* SPDX-License-Identifier: MIT */
/* Listens to what JACK sends, until the link ends: tap [LINK]. */
#include <leat/tap.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* The loudest sample, read where it lies; only what is intact counts. */
static float listen(struct leat_tap *tap, uint32_t n_frames)
{
	struct leat_frames_view views[2];
	uint32_t n = leat_tap_begin(tap, n_frames, views);
	float peak = 0;

	for (int v = 0; v < 2; v++)
		for (uint32_t c = 0; c < views[v].n_channels; c++)
			for (uint32_t i = 0; i < views[v].n_frames; i++)
				peak = fmaxf(peak, fabsf(leat_frames_view_plane(
							   &views[v], c)[i]));
	return leat_tap_end(tap, n) == n ? peak : 0;
}

int main(int argc, char **argv)
{
	const struct leat_tap_config config = {
		.size_bytes = sizeof(config),
		.watermark = 4800,
		.history_frames = LEAT_TAP_OLDEST,
	};
	struct leat_tap_event event;
	struct leat_error error;
	struct leat_tap *tap;

	if (leat_tap_open(&tap, argc > 1 ? argv[1] : "example",
			  LEAT_TO_PIPEWIRE, &config, &error) < 0) {
		fprintf(stderr, "tap: %s\n", error.text);
		return 1;
	}
	while (leat_tap_next(tap, &event) != LEAT_TAP_DOWN) {
		if (event.what == LEAT_TAP_NONE)
			leat_tap_wait(tap, -1);
		else if (event.what == LEAT_TAP_FRAMES)
			printf("%" PRIu64 ": peak %g\n", event.position,
			       listen(tap, (uint32_t)event.n_frames));
		else if (event.what == LEAT_TAP_GAP)
			printf("%" PRIu64 ": %" PRIu64 " frames are missing\n",
			       event.position, event.n_frames);
	}
	printf("%" PRIu64 ": the end %s\n", event.position, event.text);
	leat_tap_close(tap);
	return 0;
}
