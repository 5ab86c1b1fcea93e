/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include "channels.h"
#include "duration.h"
#include "part_name.h"
#include "spool.h"

#include "cli/log.h"
#include "cli/now.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a slow disk may take, and how much memory that may cost. */
#define SPOOL_S 30
#define SPOOL_MAX_BYTES (UINT64_C(128) << 20)

/* How often a file is made readable as it is. */
#define UPDATE_NS INT64_C(1000000000)

#define TICK_MS 200

struct recorder {
	struct recorder_config config;
	char channels[512];
	char direction[32];
	char began[32];
	/* The writer's, while it runs. */
	struct recording recording;
	struct spool *spool;
	pthread_t thread;
	bool running;
	const char *why; /* it ends */
	unsigned next_part;
	/* Between the threads. */
	pthread_mutex_t lock;
	struct recording_sums sums;
	int res;
	struct leat_error error;
};

/* ---- the writer's thread ---- */

static int write_item(struct recording *recording,
		      const struct spool_item *item)
{
	switch (item->kind) {
	case SPOOL_SOUND:
		return recording_frames(recording, item->samples,
					item->n_frames);
	case SPOOL_SILENCE:
		return recording_silence(recording, item->n_frames);
	case SPOOL_MISSING:
		recording_missing(recording, item->lane, item->mark.kind,
				  item->n_frames);
		break;
	case SPOOL_MARK:
		recording_mark(recording, item->lane, &item->mark);
		break;
	}
	return 0;
}

static void tell(struct recorder *recorder, int res)
{
	pthread_mutex_lock(&recorder->lock);
	recorder->sums = recorder->recording.sums;
	if (res < 0 && recorder->res == 0) {
		recorder->res = res;
		recorder->error = recorder->recording.error;
	}
	pthread_mutex_unlock(&recorder->lock);
}

static int64_t now_ns(void)
{
	return (int64_t)leat_now_ns();
}

/*
 * After a failure what comes is left unwritten: who fills the spool is told,
 * and ends it.
 */
static void *run(void *user)
{
	struct recorder *recorder = user;
	int64_t updated_ns = now_ns();
	int res = 0;

	while (!spool_is_over(recorder->spool)) {
		const struct spool_item *item =
			spool_take(recorder->spool, TICK_MS);

		if (!item)
			continue;
		if (res == 0) {
			res = write_item(&recorder->recording, item);
			tell(recorder, res);
		}
		spool_drop(recorder->spool);
		if (now_ns() - updated_ns > UPDATE_NS) {
			recording_update(&recorder->recording);
			updated_ns = now_ns();
		}
	}
	return NULL;
}

/* ---- a format begins, and ends ---- */

static uint64_t spool_frames(const struct weave_format *format)
{
	uint64_t most = SPOOL_MAX_BYTES / sizeof(float) / format->n_channels;
	uint64_t n = (uint64_t)format->rate_hz * SPOOL_S;

	return n < most ? n : most;
}

static void describe(struct recorder *recorder,
		     const struct weave_format *format)
{
	time_t now = time(NULL);
	struct tm tm;

	channels_list(format, recorder->channels, sizeof(recorder->channels));
	snprintf(recorder->direction, sizeof(recorder->direction), "%s%s%s",
		 channels_direction(format->lane[0].direction),
		 format->n_lanes > 1 ? " " : "",
		 format->n_lanes > 1
			 ? channels_direction(format->lane[1].direction)
			 : "");
	gmtime_r(&now, &tm);
	strftime(recorder->began, sizeof(recorder->began), "%FT%TZ", &tm);
}

static void configure(struct recorder *recorder,
		      struct recording_config *config,
		      const struct weave_format *format)
{
	*config = (struct recording_config){
		.path = recorder->config.path,
		.format = recorder->config.format,
		.overwrite = recorder->config.overwrite,
		.stream = recorder->config.stream,
		.n_channels = format->n_channels,
		.rate_hz = format->rate_hz,
		.n_lanes = format->n_lanes,
		.head = { .link = recorder->config.link_name,
			  .direction = recorder->direction,
			  .channels = recorder->channels,
			  .began = recorder->began },
		.first_part = recorder->next_part,
		.sums = recorder->sums,
	};
	if (recorder->config.split_ns > 0)
		config->split_frames = duration_frames(
			recorder->config.split_ns, format->rate_hz);
	for (uint32_t l = 0; l < format->n_lanes; l++)
		config->lane_name[l] =
			channels_direction(format->lane[l].direction);
}

static int check_format(const struct recorder *recorder,
			const struct weave_format *format,
			struct leat_error *error)
{
	if (format->n_channels == 0)
		return leat_error_set(error, -EINVAL,
				      "the link '%s' has no channels in that "
				      "direction: name the other with "
				      "--direction",
				      recorder->config.link_name);
	return file_format_check(recorder->config.format, format->n_channels,
				 format->rate_hz, error);
}

/* A further part takes the next name that is free. */
static int open_recording(struct recorder *recorder,
			  const struct weave_format *format, bool first)
{
	struct recording_config config;
	int res;

	describe(recorder, format);
	configure(recorder, &config, format);
	do {
		res = recording_open(&recorder->recording, &config,
				     &recorder->error);
		config.first_part++;
	} while (!first && res == -EEXIST && config.first_part < PARTS_MAX);
	return res;
}

static int start(struct recorder *recorder, const struct weave_format *format,
		 bool first)
{
	int res = check_format(recorder, format, &recorder->error);

	if (res == 0)
		res = open_recording(recorder, format, first);
	if (res < 0)
		return res;
	res = spool_create(&recorder->spool, format->n_channels,
			   spool_frames(format));
	if (res == 0)
		res = -pthread_create(&recorder->thread, NULL, run, recorder);
	if (res < 0)
		return leat_error_set(&recorder->error, res,
				      "cannot start the writer: %s",
				      strerror(-res));
	recorder->running = true;
	return 0;
}

static void stop(struct recorder *recorder, const char *why)
{
	int res;

	if (!recorder->running)
		return;
	spool_finish(recorder->spool);
	pthread_join(recorder->thread, NULL);
	recorder->running = false;
	res = recording_close(&recorder->recording, why);
	tell(recorder, res);
	spool_destroy(recorder->spool);
	recorder->spool = NULL;
	recorder->next_part = recorder->recording.number + 1;
	if (recorder->next_part < 2)
		recorder->next_part = 2;
}

/* ---- the sink ---- */

static bool on_ready(void *user)
{
	struct recorder *recorder = user;

	return recorder->running && spool_ready(recorder->spool);
}

static void on_format(void *user, const struct weave_format *format)
{
	struct recorder *recorder = user;
	bool first = !recorder->running;
	int res;

	if (recorder->res < 0)
		return;
	stop(recorder, "the format changed");
	res = start(recorder, format, first);
	if (res < 0)
		recorder->res = res;
	else if (!first)
		leat_log("the link has %u channels at %u Hz now: going on in "
			 "'%s'",
			 format->n_channels, format->rate_hz,
			 recorder->recording.path);
}

static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct recorder *recorder = user;

	spool_put_missing(recorder->spool, lane, kind, n_frames);
}

static void on_mark(void *user, uint32_t lane, enum mark_kind kind,
		    uint64_t n_frames, const char *text)
{
	struct recorder *recorder = user;
	struct mark mark = { .kind = kind, .n_frames = n_frames };

	if (!recorder->running)
		return;
	snprintf(mark.text, sizeof(mark.text), "%s", text);
	spool_put_mark(recorder->spool, lane, &mark);
}

static void on_frames(void *user, const float *const *planes, uint32_t n_frames)
{
	struct recorder *recorder = user;

	spool_put_frames(recorder->spool, planes, n_frames);
}

static void on_silence(void *user, uint64_t n_frames)
{
	struct recorder *recorder = user;

	spool_put_silence(recorder->spool, n_frames);
}

struct weave_sink recorder_sink(struct recorder *recorder)
{
	return (struct weave_sink){
		.user = recorder,
		.ready = on_ready,
		.format = on_format,
		.missing = on_missing,
		.mark = on_mark,
		.frames = on_frames,
		.silence = on_silence,
	};
}

/* ---- from outside ---- */

int recorder_create(struct recorder **out, const struct recorder_config *config)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		return -ENOMEM;
	recorder->config = *config;
	recorder->next_part = config->split_ns > 0 ? 1 : 0;
	pthread_mutex_init(&recorder->lock, NULL);
	*out = recorder;
	return 0;
}

void recorder_destroy(struct recorder *recorder)
{
	if (!recorder)
		return;
	stop(recorder, "the recorder was given up");
	pthread_mutex_destroy(&recorder->lock);
	free(recorder);
}

int recorder_fd(const struct recorder *recorder)
{
	return recorder->running ? spool_fd(recorder->spool) : -1;
}

int recorder_check(struct recorder *recorder, struct leat_error *error)
{
	int res;

	pthread_mutex_lock(&recorder->lock);
	res = recorder->res;
	if (res < 0)
		*error = recorder->error;
	pthread_mutex_unlock(&recorder->lock);
	return res;
}

void recorder_sums(struct recorder *recorder, struct recording_sums *sums)
{
	pthread_mutex_lock(&recorder->lock);
	*sums = recorder->sums;
	pthread_mutex_unlock(&recorder->lock);
}

uint32_t recorder_percent(const struct recorder *recorder)
{
	return recorder->running ? spool_percent(recorder->spool) : 0;
}

int recorder_finish(struct recorder *recorder, const char *why,
		    struct leat_error *error)
{
	stop(recorder, why);
	return recorder_check(recorder, error);
}
