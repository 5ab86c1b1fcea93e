/* SPDX-License-Identifier: MIT */
/* leat tap meter: peaks and loudness of a link. */
#include "channels.h"
#include "loudness.h"
#include "meter_view.h"
#include "screen.h"
#include "session.h"
#include "verbs_tap.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* The screen is drawn 25 times a second, as films are. */
#define DRAW_NS INT64_C(40000000)

/* Lines of JSON come each tenth of a second of sound, others each second. */
#define JSON_PER_S 10u

/* What --once measures: the short-term loudness is of 3 s. */
#define ONCE_NS INT64_C(3000000000)

/* Frames to be woken for: 10 ms. */
#define WATERMARK 480u

enum form { FORM_SCREEN, FORM_LINES, FORM_JSON };

struct options {
	struct tap_options tap;
	int64_t from_ns;
	int64_t duration_ns;
	bool json;
	bool once;
};

struct meter {
	struct options options;
	enum form form;
	struct session session;
	struct loudness *loudness[LANES_MAX];
	struct meter_view view[LANES_MAX]; /* subjects are all forms' */
	uint32_t n_views;
	uint64_t n_interval; /* frames between lines */
	uint64_t n_left;     /* frames until the next */
	struct screen_state screen;
	int64_t drawn_ns;
	int stop_fd; /* a signalfd: the user stops the process for a while */
	bool failed;
};

/* ---- measuring ---- */

static bool on_ready(void *user)
{
	const struct meter *meter = user;

	return !meter->failed;
}

static int begin_lane(struct meter *meter, uint32_t lane,
		      const struct weave_format *format)
{
	struct meter_subject *subject = &meter->view[lane].subject;

	subject->link = meter->options.tap.link_name;
	subject->direction = channels_direction(format->lane[lane].direction);
	subject->rate_hz = format->rate_hz;
	memcpy(subject->position, format->lane[lane].position,
	       sizeof(subject->position));
	loudness_destroy(meter->loudness[lane]);
	meter->loudness[lane] = NULL;
	if (format->lane[lane].n_channels == 0)
		return 0;
	return loudness_create(&meter->loudness[lane], format->rate_hz,
			       format->lane[lane].n_channels,
			       format->lane[lane].position);
}

static void on_format(void *user, const struct weave_format *format)
{
	struct meter *meter = user;

	meter->n_views = format->n_lanes;
	for (uint32_t l = 0; l < format->n_lanes; l++)
		if (begin_lane(meter, l, format) < 0)
			meter->failed = true;
	if (meter->failed)
		leat_log("cannot measure %u channels at %u Hz",
			 format->n_channels, format->rate_hz);
	if (format->n_channels == 0) {
		leat_log("the link '%s' has no channels in that direction: "
			 "name the other with --direction",
			 meter->options.tap.link_name);
		meter->failed = true;
	}
	meter->n_interval = meter->form == FORM_JSON
				    ? format->rate_hz / JSON_PER_S
				    : format->rate_hz;
	meter->n_left = meter->n_interval;
}

static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct meter *meter = user;

	(void)kind;
	meter->view[lane].subject.n_missing += n_frames;
}

static void on_mark(void *user, uint32_t lane, enum mark_kind kind,
		    uint64_t n_frames, const char *text)
{
	(void)user;
	(void)lane;
	(void)kind;
	(void)n_frames;
	(void)text;
}

static void print_values(struct meter *meter)
{
	for (uint32_t l = 0; l < meter->n_views; l++) {
		struct loudness_values values;

		if (!meter->loudness[l])
			continue;
		loudness_take(meter->loudness[l], &values);
		if (meter->options.json)
			meter_print_json(stdout, &meter->view[l].subject,
					 &values);
		else
			meter_print_line(stdout, &meter->view[l].subject,
					 &values);
	}
	if (fflush(stdout) != 0)
		meter->failed = true;
}

/* A line is of a whole interval of sound, not of what is there just now. */
static void count_interval(struct meter *meter, uint32_t n)
{
	meter->n_left -= n;
	if (meter->n_left > 0)
		return;
	meter->n_left = meter->n_interval;
	if (meter->form != FORM_SCREEN && !meter->options.once)
		print_values(meter);
}

static void on_frames(void *user, const float *const *planes, uint32_t n_frames)
{
	struct meter *meter = user;
	const struct weave_format *format = weave_format(meter->session.weave);

	for (uint32_t done = 0, n; done < n_frames; done += n) {
		const float *const *lane_planes = planes;

		n = n_frames - done;
		if (n > meter->n_left)
			n = (uint32_t)meter->n_left;
		for (uint32_t l = 0; l < meter->n_views; l++) {
			if (meter->loudness[l])
				loudness_add(meter->loudness[l], lane_planes,
					     done, n);
			lane_planes += format->lane[l].n_channels;
		}
		count_interval(meter, n);
	}
}

/* Silence counts as such: the gate of EBU R128 leaves it out where it should. */
static void on_silence(void *user, uint64_t n_frames)
{
	static const float zeros[WEAVE_PIECE];
	const float *planes[LANES_MAX * LEAT_CHANNELS_MAX];

	for (uint32_t c = 0; c < LANES_MAX * LEAT_CHANNELS_MAX; c++)
		planes[c] = zeros;
	while (n_frames > 0) {
		uint32_t n = n_frames < WEAVE_PIECE ? (uint32_t)n_frames
						    : WEAVE_PIECE;

		on_frames(user, planes, n);
		n_frames -= n;
	}
}

/* ---- the screen ---- */

static void take_views(struct meter *meter, double seconds)
{
	for (uint32_t l = 0; l < meter->n_views; l++) {
		struct loudness_values values;

		if (!meter->loudness[l])
			continue;
		loudness_take(meter->loudness[l], &values);
		meter_view_update(&meter->view[l], &values, seconds);
	}
}

static void draw(struct meter *meter, int64_t now_ns)
{
	double seconds = (double)(now_ns - meter->drawn_ns) * 1e-9;
	unsigned n_rows, n_columns;

	if (meter->form != FORM_SCREEN || now_ns - meter->drawn_ns < DRAW_NS)
		return;
	meter->drawn_ns = now_ns;
	screen_size(&n_rows, &n_columns);
	take_views(meter, seconds);
	fputs("\033[H", stdout);
	if (meter->n_views == 0)
		printf("waiting for the link '%s'\033[K\r\n",
		       meter->options.tap.link_name);
	meter_view_draw(stdout, meter->view, meter->n_views, n_rows, n_columns,
			getenv("NO_COLOR") == NULL);
	fputs("q: quit  r: reset\033[J", stdout);
	if (fflush(stdout) != 0)
		meter->failed = true;
}

static void reset(struct meter *meter)
{
	for (uint32_t l = 0; l < meter->n_views; l++)
		if (meter->loudness[l])
			loudness_reset_maxima(meter->loudness[l]);
}

static void take_keys(struct meter *meter)
{
	char key;

	while ((key = screen_key(&meter->screen)) != 0) {
		if (key == 'q')
			meter->session.signal = SIGINT;
		if (key == 'r')
			reset(meter);
	}
}

/* Ctrl-Z: the shell gets its screen, and we have ours when we go on. */
static void take_stop(struct meter *meter)
{
	struct signalfd_siginfo info;

	if (meter->stop_fd < 0 ||
	    read(meter->stop_fd, &info, sizeof(info)) != sizeof(info))
		return;
	screen_close(&meter->screen);
	raise(SIGSTOP);
	screen_open(&meter->screen);
}

static void open_screen(struct meter *meter)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	meter->stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	screen_open(&meter->screen);
}

/* ---- running ---- */

static int run(struct meter *meter)
{
	int timeout_ms = meter->form == FORM_SCREEN ? 20 : 100;

	while (meter->session.signal == 0 && !meter->failed) {
		session_wait(&meter->session, true, -1, 0, timeout_ms);
		if (session_run(&meter->session))
			break;
		if (meter->form != FORM_SCREEN)
			session_tell_waiting(&meter->session);
		draw(meter, (int64_t)leat_now_ns());
		take_keys(meter);
		take_stop(meter);
	}
	screen_close(&meter->screen);
	if (meter->failed)
		return LEAT_EXIT_FAILED;
	if (meter->options.once || meter->form == FORM_SCREEN)
		print_values(meter);
	if (meter->n_views == 0) {
		leat_log("nothing came, and nothing was measured");
		return LEAT_EXIT_FAILED;
	}
	return 0;
}

static int open_all(struct meter *meter)
{
	const struct session_config config = {
		.options = &meter->options.tap,
		.duration_ns = meter->options.duration_ns,
		.from_ns = meter->options.from_ns,
		.watermark = WATERMARK,
	};
	const struct weave_sink sink = {
		.user = meter,
		.ready = on_ready,
		.format = on_format,
		.missing = on_missing,
		.mark = on_mark,
		.frames = on_frames,
		.silence = on_silence,
	};

	return session_open(&meter->session, &config, &sink);
}

/* ---- the command line ---- */

static const struct argp_option option_table[] = {
	{ "json", 'j', NULL, 0, "Print a line of JSON for each 100 ms", 0 },
	{ "once", 'o', NULL, 0,
	  "Measure for the duration (3s), print it and end", 0 },
	{ "duration", 't', "TIME", 0, "End after so long", 0 },
	{ "from", 'f', "TIME", 0, "Begin so long before now", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->tap;
		break;
	case 'j':
		options->json = true;
		break;
	case 'o':
		options->once = true;
		break;
	case 't':
		options->duration_ns =
			tap_options_time("--duration", arg, 100000000);
		break;
	case 'f':
		options->from_ns = tap_options_time("--from", arg, 0);
		break;
	case ARGP_KEY_ARG:
		tap_options_only_link(&options->tap, arg, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.children = tap_options_children,
	.args_doc = "[LINK]",
	.doc = "Show peaks, loudness after EBU R128 and correlation of a link "
	       "between JACK and PipeWire: as bars on a terminal, else as a "
	       "line each second.",
};

int meter_main(int argc, char **argv)
{
	struct meter meter = { .options.tap = TAP_OPTIONS_NONE,
			       .session.signal_fd = -1,
			       .stop_fd = -1 };
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &meter.options) != 0)
		return LEAT_EXIT_USAGE;
	if (meter.options.once && meter.options.duration_ns == 0)
		meter.options.duration_ns = ONCE_NS;
	if (meter.options.json)
		meter.form = FORM_JSON;
	else if (meter.options.once || !screen_is_there())
		meter.form = FORM_LINES;
	status = open_all(&meter);
	if (status == 0 && meter.form == FORM_SCREEN)
		open_screen(&meter);
	if (status == 0)
		status = run(&meter);
	session_close(&meter.session);
	for (uint32_t l = 0; l < LANES_MAX; l++)
		loudness_destroy(meter.loudness[l]);
	if (meter.stop_fd >= 0)
		close(meter.stop_fd);
	if (!leat_output_close() && status == 0)
		status = LEAT_EXIT_FAILED;
	return status;
}
