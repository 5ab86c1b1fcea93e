/* SPDX-License-Identifier: MIT */
#include "meter.h"

#include "tools/xrun/witness.h"

#include <jack/jack.h>

#include <stdatomic.h>
#include <stddef.h>
#include <time.h>

#define LATE_MAX 65536u

struct late {
	uint64_t from_ns, to_ns; /* since the last cycle that was in time */
};

static struct {
	jack_client_t *client;
	const struct witness *witness;
	jack_nframes_t next; /* frame time that the next cycle should have */
	uint64_t last_ns;
	uint32_t rate_hz;
	atomic_ullong periods, xruns;
	atomic_uint n_late;
	struct late late[LATE_MAX];
	unsigned taken;
	uint64_t periods_taken, xruns_taken;
} meter;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* More than half a period behind the one before, or not its successor. */
static bool is_late(jack_nframes_t frame_time, jack_nframes_t n_frames,
		    uint64_t now)
{
	uint64_t period_ns = n_frames * UINT64_C(1000000000) / meter.rate_hz;

	return frame_time != meter.next ||
	       now - meter.last_ns > period_ns * 3 / 2;
}

static int on_process(jack_nframes_t n_frames, void *user)
{
	jack_nframes_t frame_time = jack_last_frame_time(meter.client);
	uint64_t now = now_ns();
	unsigned n = meter.n_late;

	(void)user;
	if (meter.periods > 0 && n < LATE_MAX &&
	    is_late(frame_time, n_frames, now)) {
		meter.late[n] = (struct late){ meter.last_ns, now };
		meter.n_late = n + 1;
	}
	meter.next = frame_time + n_frames;
	meter.last_ns = now;
	meter.periods++;
	return 0;
}

static int on_xrun(void *user)
{
	(void)user;
	meter.xruns++;
	return 0;
}

bool meter_is_called(void *unused)
{
	(void)unused;
	return meter.periods > 0;
}

bool meter_open(const char *server, const struct witness *witness)
{
	meter.witness = witness;
	meter.client = jack_client_open(
		"meter", JackNoStartServer | JackServerName, NULL, server);
	if (!meter.client)
		return false;
	meter.rate_hz = jack_get_sample_rate(meter.client);
	jack_set_process_callback(meter.client, on_process, NULL);
	jack_set_xrun_callback(meter.client, on_xrun, NULL);
	return jack_activate(meter.client) == 0;
}

void meter_close(void)
{
	if (meter.client)
		jack_client_close(meter.client);
	meter.client = NULL;
}

struct meter_counts meter_take(void)
{
	struct meter_counts counts = {
		.periods = meter.periods - meter.periods_taken,
		.xruns = meter.xruns - meter.xruns_taken,
	};

	for (; meter.taken < meter.n_late; meter.taken++) {
		const struct late *late = &meter.late[meter.taken];

		counts.late++;
		counts.unexplained += !witness_saw(meter.witness,
						   (int64_t)late->from_ns,
						   (int64_t)late->to_ns);
	}
	meter.periods_taken += counts.periods;
	meter.xruns_taken += counts.xruns;
	return counts;
}
