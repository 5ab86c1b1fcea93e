/* SPDX-License-Identifier: MIT */
#include "sync_wait.h"

#include "cli/now.h"
#include <errno.h>
#include <poll.h>

bool leat_sync_wait_wanted(const struct leat_jack_sync_wait *wait,
			   const struct leat_frames_consumer *in)
{
	return wait->percent > 0 && leat_frames_activity(in) == LEAT_ANSWERS;
}

/* Sleep until the signal or the time; false if neither will do any good. */
static bool sleep_until(const struct leat_frames_consumer *in, int64_t end_ns)
	LEAT_RT
{
	struct pollfd fd = {
		.fd = leat_frames_wait_fd(in),
		.events = POLLIN,
	};
	int64_t left_ns = end_ns - (int64_t)leat_now_ns();
	struct timespec left;

	if (left_ns <= 0 || fd.fd < 0)
		return false;
	left.tv_sec = left_ns / 1000000000;
	left.tv_nsec = left_ns % 1000000000;
	if (ppoll(&fd, 1, &left, NULL) < 0)
		return errno == EINTR;
	/* A peer that hung up would wake us again and again. */
	return !(fd.revents & (POLLERR | POLLHUP | POLLNVAL));
}

/* Frames to come until the ring's newest index is end. */
static int64_t missing(struct leat_frames_consumer *in, uint64_t end) LEAT_RT
{
	struct leat_consumer *ring = leat_frames_consumer_ring(in);

	return (int64_t)(end - leat_consumer_newest(ring));
}

static bool wait_for(struct leat_frames_consumer *in, uint64_t end,
		     int64_t end_ns) LEAT_RT
{
	for (;;) {
		int64_t n = missing(in, end);

		if (n <= 0)
			return true;
		/* It is not where a block can come from. */
		if (n > leat_frames_consumer_format(in)->capacity)
			return false;
		/* A timed ring counts from the newest that was seen. */
		if (!leat_frames_prepare_wait(in, (uint32_t)n) &&
		    !sleep_until(in, end_ns))
			return missing(in, end) <= 0;
	}
}

bool leat_sync_wait(struct leat_jack_sync_wait *wait,
		    struct leat_frames_consumer *in,
		    const struct leat_sync_wait_block *block)
{
	struct leat_consumer *ring = leat_frames_consumer_ring(in);
	uint64_t newest = leat_consumer_newest(ring);
	int saved = errno;
	uint64_t period_ns =
		block->n_frames * UINT64_C(1000000000) / block->rate_hz;
	bool came;

	if (wait->is_missing && newest == wait->missed)
		return false;
	came = wait_for(
		in, block->index + block->n_frames,
		(int64_t)(block->start_ns + period_ns * wait->percent / 100));
	wait->missed = leat_consumer_newest(ring);
	wait->is_missing = !came;
	errno = saved;
	return came;
}
