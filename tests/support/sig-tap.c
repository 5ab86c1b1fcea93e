/* SPDX-License-Identifier: MIT */
/**
 * leat-sig-tap: taps for tests, which check the counting signal.
 *
 *	leat-sig-tap LINK DIRECTION N-TAPS [WATERMARK]
 *
 * DIRECTION is 0 to PipeWire, 1 to JACK. It says "ready tap" when all of them
 * have a generation to read. Every second tap reads in place, the others copy.
 * Commands on standard input:
 *
 *	reset    forget what was counted
 *	quit     end
 *	report   key=value ..., of all taps together
 *
 * What is said to be missing must be what is missing: "wrong" counts the gaps
 * of other lengths than was told. And all taps hear the same: "differ" counts
 * the tenths of a second that two of them did not.
 */
#include "control.h"
#include "counting.h"

#include <leat/tap.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAPS_MAX 64
#define N_CHANNELS 2
#define READ_MAX 4096u
#define SHARE 4800u
#define N_SHARES 64u

/* What was heard and told since the reset. */
struct sums {
	uint64_t n_frames;
	uint64_t n_missing[LEAT_TAP_INSERTED + 1]; /* by cause */
	uint64_t n_gaps;			   /* told */
	uint64_t n_right;
	uint64_t n_wrong;
	uint64_t n_ups;
	uint64_t n_downs;
	uint64_t n_up_frames; /* said to have passed between generations */
	uint64_t n_inexact;
	uint64_t n_agreed; /* shares that two taps heard alike */
	uint64_t n_differ;
};

struct ear {
	struct leat_tap *tap;
	bool in_place;
	uint64_t n_ups; /* since it was opened */
	struct counting_check check;
	struct sums sums;
	uint64_t n_expected; /* frames that are missing here, told */
	/* Of the frames from a multiple of SHARE on. */
	uint64_t share_next;
	uint64_t hash;
};

/* What the first tap made of so many frames, by which others are judged. */
struct share {
	uint64_t n_ups;
	uint64_t from;
	uint64_t hash;
};

struct taps {
	struct ear ears[TAPS_MAX];
	int n;
	struct control control;
};

static void forget(struct ear *ear)
{
	uint32_t next = ear->check.next;
	bool locked = ear->check.locked;

	memset(&ear->check, 0, sizeof(ear->check));
	memset(&ear->sums, 0, sizeof(ear->sums));
	ear->check.n_channels = N_CHANNELS;
	ear->check.next = next;
	ear->check.locked = locked;
}

/* The first frame after a gap is as far on as was said. */
static void settle(struct ear *ear, enum counting_kind kind, uint32_t n_jumped)
{
	uint64_t n = ear->n_expected % counting_wrap(N_CHANNELS);

	/* The signal goes on while it, or one channel, is not connected. */
	if (kind != COUNTING_EXACT && kind != COUNTING_GAP &&
	    kind != COUNTING_REPEAT) {
		ear->n_expected += ear->n_expected > 0;
		return;
	}
	if (ear->n_expected > 0 && kind == COUNTING_GAP && n_jumped == n)
		ear->sums.n_right++;
	else if (ear->n_expected > 0)
		ear->sums.n_wrong++;
	if (ear->n_expected > 0 && kind == COUNTING_GAP) {
		/* Told, so it is none of the signal's own. */
		ear->check.n_gaps--;
		ear->check.n_lost -= n_jumped;
		ear->check.n_exact++;
	}
	ear->n_expected = 0;
}

static void judge(struct ear *ear, const float *const *planes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t n_jumped;
		enum counting_kind kind =
			counting_judge(&ear->check, planes, i, &n_jumped);

		settle(ear, kind, n_jumped);
	}
	ear->sums.n_frames += n;
}

static void compare(struct ear *ear, uint64_t from)
{
	static struct share shares[N_SHARES];
	struct share *share = &shares[from / SHARE % N_SHARES];

	if (share->n_ups != ear->n_ups || share->from != from)
		*share = (struct share){ ear->n_ups, from, ear->hash };
	else if (share->hash == ear->hash)
		ear->sums.n_agreed++;
	else
		ear->sums.n_differ++;
}

/* All taps hear the same, whatever it is. (FNV-1a, of words.) */
static void hash(struct ear *ear, const float *const *planes, uint64_t position,
		 uint32_t n)
{
	for (uint32_t i = 0; i < n; i++, position++) {
		if (position % SHARE == 0) {
			if (position > 0 && ear->share_next == position)
				compare(ear, position - SHARE);
			ear->share_next = position;
			ear->hash = UINT64_C(14695981039346656037);
		}
		/* Something was left out: begin anew. */
		if (ear->share_next != position)
			continue;
		ear->share_next++;
		for (int c = 0; c < N_CHANNELS; c++) {
			uint32_t bits;

			memcpy(&bits, &planes[c][i], sizeof(bits));
			ear->hash =
				(ear->hash ^ bits) * UINT64_C(1099511628211);
		}
	}
}

static void copy_view(float samples[][READ_MAX],
		      const struct leat_frames_view *view)
{
	for (uint32_t c = 0; c < view->n_channels; c++)
		memcpy(samples[c] + view->n_before,
		       leat_frames_view_plane(view, c),
		       view->n_frames * sizeof(float));
}

static void read_frames(struct ear *ear, uint64_t n_frames)
{
	static float samples[N_CHANNELS][READ_MAX];
	float *planes[N_CHANNELS] = { samples[0], samples[1] };
	const float *seen[N_CHANNELS] = { samples[0], samples[1] };
	uint32_t n = n_frames < READ_MAX ? (uint32_t)n_frames : READ_MAX;
	uint64_t position = leat_tap_position(ear->tap);

	if (ear->in_place) {
		struct leat_frames_view views[2];

		n = leat_tap_begin(ear->tap, n, views);
		copy_view(samples, &views[0]);
		copy_view(samples, &views[1]);
		n = leat_tap_end(ear->tap, n);
	} else {
		n = leat_tap_read(ear->tap, planes, n);
	}
	judge(ear, seen, n);
	hash(ear, seen, position, n);
}

static void take(struct ear *ear, const struct leat_tap_event *event)
{
	struct sums *sums = &ear->sums;

	switch (event->what) {
	case LEAT_TAP_FRAMES:
		read_frames(ear, event->n_frames);
		break;
	case LEAT_TAP_GAP:
		sums->n_missing[event->cause] += event->n_frames;
		sums->n_gaps++;
		/* The signal does not count what JACK left out. */
		if (ear->check.locked && event->cause != LEAT_TAP_XRUN)
			ear->n_expected += event->n_frames;
		break;
	case LEAT_TAP_UP:
		ear->n_ups++;
		sums->n_ups++;
		sums->n_up_frames += event->n_frames;
		sums->n_inexact += !event->exact;
		if (ear->check.locked)
			ear->n_expected += event->n_frames;
		break;
	case LEAT_TAP_DOWN:
		sums->n_downs++;
		break;
	default:
		break;
	}
}

static void run_tap(struct ear *ear)
{
	struct leat_tap_event event;

	do
		while (leat_tap_next(ear->tap, &event) != LEAT_TAP_NONE)
			take(ear, &event);
	while (leat_tap_prepare_wait(ear->tap));
}

/* ---- commands ---- */

static void add(struct sums *sum, const struct sums *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void report(const struct taps *taps)
{
	struct counting_check check = { 0 };
	struct sums sums = { 0 };
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < taps->n; i++) {
		const struct ear *ear = &taps->ears[i];

		add(&sums, &ear->sums);
		check.n_exact += ear->check.n_exact;
		check.n_gaps += ear->check.n_gaps;
		check.n_lost += ear->check.n_lost;
		check.n_silent += ear->check.n_silent;
		check.n_repeats += ear->check.n_repeats;
		check.n_corrupt += ear->check.n_corrupt;
		if (ear->sums.n_frames < least)
			least = ear->sums.n_frames;
	}
	printf("frames=%" PRIu64 " least=%" PRIu64 " exact=%" PRIu64
	       " gaps=%" PRIu64 " lost=%" PRIu64 " silent=%" PRIu64
	       " repeats=%" PRIu64 " corrupt=%" PRIu64 " lapped=%" PRIu64
	       " skipped=%" PRIu64 " unknown=%" PRIu64 " xrun=%" PRIu64
	       " right=%" PRIu64 " wrong=%" PRIu64 " ups=%" PRIu64
	       " downs=%" PRIu64 " between=%" PRIu64 " inexact=%" PRIu64
	       " agreed=%" PRIu64 " differ=%" PRIu64 "\n",
	       sums.n_frames, least, check.n_exact, check.n_gaps, check.n_lost,
	       check.n_silent, check.n_repeats, check.n_corrupt,
	       sums.n_missing[LEAT_TAP_LAPPED],
	       sums.n_missing[LEAT_TAP_SKIPPED],
	       sums.n_missing[LEAT_TAP_UNKNOWN], sums.n_missing[LEAT_TAP_XRUN],
	       sums.n_right, sums.n_wrong, sums.n_ups, sums.n_downs,
	       sums.n_up_frames, sums.n_inexact, sums.n_agreed, sums.n_differ);
}

static void run_command(struct taps *taps)
{
	if (control_is(&taps->control, "report", 0, 0)) {
		report(taps);
	} else if (control_is(&taps->control, "reset", 0, 0)) {
		for (int i = 0; i < taps->n; i++)
			forget(&taps->ears[i]);
		puts("ok");
	} else if (control_is(&taps->control, "quit", 0, 0)) {
		taps->control.ended = true;
	} else {
		puts("error unknown command");
	}
	fflush(stdout);
}

/* ---- running ---- */

static bool open_taps(struct taps *taps, const char *link_name, int direction,
		      uint32_t watermark)
{
	const struct leat_tap_config config = {
		.size_bytes = sizeof(config),
		.watermark = watermark,
	};
	struct leat_error error;

	for (int i = 0; i < taps->n; i++) {
		struct ear *ear = &taps->ears[i];

		ear->in_place = i % 2;
		ear->check.n_channels = N_CHANNELS;
		if (leat_tap_open(&ear->tap, link_name,
				  (enum leat_direction)direction, &config,
				  &error) < 0) {
			fprintf(stderr, "%s\n", error.text);
			return false;
		}
	}
	return true;
}

static bool all_up(const struct taps *taps)
{
	for (int i = 0; i < taps->n; i++)
		if (taps->ears[i].n_ups == 0)
			return false;
	return true;
}

static void loop(struct taps *taps)
{
	struct pollfd fds[TAPS_MAX + 1];
	bool said = false;

	fds[taps->n] = (struct pollfd){ .fd = 0, .events = POLLIN };
	while (!taps->control.ended) {
		for (int i = 0; i < taps->n; i++) {
			run_tap(&taps->ears[i]);
			fds[i].fd = leat_tap_fd(taps->ears[i].tap);
			fds[i].events = POLLIN;
		}
		if (!said && all_up(taps)) {
			puts("ready tap");
			fflush(stdout);
			said = true;
		}
		if (poll(fds, (nfds_t)taps->n + 1, -1) > 0 &&
		    fds[taps->n].revents)
			control_read(&taps->control, 0);
		while (control_next(&taps->control))
			run_command(taps);
	}
}

int main(int argc, char **argv)
{
	struct taps *taps = calloc(1, sizeof(*taps));

	if (!taps || argc < 4)
		return 2;
	taps->n = atoi(argv[3]);
	if (taps->n < 1 || taps->n > TAPS_MAX)
		return 2;
	if (!open_taps(taps, argv[1], atoi(argv[2]),
		       argc > 4 ? (uint32_t)atoi(argv[4]) : 1))
		return 1;
	loop(taps);
	for (int i = 0; i < taps->n; i++)
		leat_tap_close(taps->ears[i].tap);
	free(taps);
	return 0;
}
