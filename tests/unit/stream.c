/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include "sine.h"

#include <CUnit/CUnit.h>

#include <math.h>
#include <stdlib.h>

void stream_open(struct stream *stream, uint32_t in_rate_hz,
		 uint32_t out_rate_hz, double frequency_hz, size_t room)
{
	const struct leat_resampler_config config = {
		.n_channels = 1,
		.in_rate_hz = in_rate_hz,
		.out_rate_hz = out_rate_hz,
	};

	CU_ASSERT_EQUAL_FATAL(
		leat_resampler_create(&stream->resampler, &config), 0);
	stream->signal.frequency = frequency_hz / in_rate_hz;
	stream->signal.amplitude = 0.9;
	stream->speed = 1;
	stream->ratio = (double)in_rate_hz / out_rate_hz;
	stream->output = calloc(room, sizeof(float));
	stream->positions = calloc(room, sizeof(double));
	stream->n = 0;
	stream->room = room;
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream->output);
	CU_ASSERT_PTR_NOT_NULL_FATAL(stream->positions);
}

void stream_close(struct stream *stream)
{
	leat_resampler_destroy(stream->resampler);
	free(stream->output);
	free(stream->positions);
}

static void feed(struct stream *stream, uint32_t n)
{
	uint64_t first = leat_resampler_fed(stream->resampler);

	for (uint32_t i = 0; i < n; i++) {
		double phase = 2 * M_PI * stream->signal.frequency *
			       (double)(first + i);
		float sample = (float)(stream->signal.amplitude * sin(phase));
		const float *plane = &sample;

		leat_resampler_feed(stream->resampler, &plane, 0, 1);
	}
}

/* Where each frame of the next pull lies, by the rule in resampler.h. */
static void predict(struct stream *stream, uint32_t n, double speed)
{
	double fraction;
	double at =
		(double)leat_resampler_position(stream->resampler, &fraction);
	double step = stream->speed * stream->ratio;
	double more = (speed * stream->ratio - step) / n;

	at += fraction;
	for (uint32_t i = 0; i < n; i++) {
		stream->positions[stream->n + i] = at;
		step += more;
		at += step;
	}
}

void stream_run(struct stream *stream, uint32_t n_out, double speed)
{
	float *plane = stream->output;

	CU_ASSERT_TRUE_FATAL(stream->n + n_out <= stream->room);
	predict(stream, n_out, speed);
	feed(stream, leat_resampler_need(stream->resampler, n_out, speed));
	CU_ASSERT_EQUAL(leat_resampler_need(stream->resampler, n_out, speed),
			0);
	CU_ASSERT_EQUAL(leat_resampler_pull(stream->resampler, &plane,
					    (uint32_t)stream->n, n_out, speed),
			n_out);
	stream->n += n_out;
	stream->speed = speed;
}

struct sine_fit stream_fit(const struct stream *stream, size_t from,
			   double frequency_in)
{
	size_t n = stream->n - from;
	double *phases = malloc(n * sizeof(double));
	struct sine_fit fit = { 0 };

	CU_ASSERT_PTR_NOT_NULL_FATAL(phases);
	for (size_t i = 0; i < n; i++)
		phases[i] =
			2 * M_PI * frequency_in * stream->positions[from + i];
	fit = sine_fit(stream->output + from, phases, n);
	free(phases);
	return fit;
}
