/* SPDX-License-Identifier: MIT */
/* leat tap play: a link's sound in a client of its own, in either graph. */
#include "channels.h"
#include "duration.h"
#include "graph.h"
#include "session.h"
#include "verbs_tap.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"

#include <leat/status.h>

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Frames to be woken for: as few as come at once. */
#define WATERMARK 64u

/*
 * Enough for PipeWire's usual quantum of 1024 at 48 kHz, the way through this
 * process, and a scheduler that is late by some ms.
 */
#define LATENCY_NS INT64_C(60000000)
#define LATENCY_MAX_NS INT64_C(10000000000)

#define PROGRESS_NS INT64_C(500000000)

struct options {
	struct tap_options tap;
	const struct graph_backend *backend; /* NULL: the other graph */
	const char *server;
	const char *target;
	bool alone; /* connected to nothing */
	bool quiet;
	bool rt_guard;
	int64_t latency_ns;
	int64_t duration_ns;
};

struct play {
	struct options options;
	struct session session;
	struct graph *graph;
	uint64_t n_lost;
	int64_t shown_ns;
	struct leat_rt_guard guard;
	bool stated;
	bool stated_copies; /* then: what of */
	bool failed;
	bool terminal;
};

/* ---- the sink ---- */

static bool on_ready(void *user)
{
	const struct play *play = user;

	return !play->failed;
}

static uint32_t latency_frames(const struct play *play, uint32_t rate_hz)
{
	return (uint32_t)duration_frames(play->options.latency_ns, rate_hz);
}

/* The JACK server that the link is on; "" if it does not say. */
static void find_server(const struct play *play, char *name, size_t name_bytes)
{
	struct leat_link_status status;

	name[0] = '\0';
	if (leat_status_query(play->options.tap.link_name, &status) == 0 &&
	    status.jack.present)
		snprintf(name, name_bytes, "%s", status.jack.server);
}

static int open_graph(struct play *play, const struct weave_format *format,
		      struct leat_error *error)
{
	char link_server[LEAT_STATUS_NAME_BYTES];
	const struct graph_config config = {
		.link_name = play->options.tap.link_name,
		.link_server = link_server,
		.guard = play->options.rt_guard ? &play->guard : NULL,
		.server = play->options.server,
		.target = play->options.target,
		.connect = !play->options.alone,
		.rate_hz = format->rate_hz,
		.n_channels = format->n_channels,
		.positions = format->lane[0].position,
		.latency = latency_frames(play, format->rate_hz),
	};

	if (format->n_channels == 0)
		return leat_error_set(error, -1,
				      "the link '%s' has no channels in that "
				      "direction: name the other with "
				      "--direction",
				      config.link_name);
	find_server(play, link_server, sizeof(link_server));
	return play->options.backend->open(&play->graph, &config, error);
}

/*
 * Ahead of programs that have time, and behind every realtime thread: frames
 * that this thread passes on late are heard as silence. Where it may not, the
 * latency has to be larger.
 */
static void hurry(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	(void)pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

/* Another format is another client. */
static void on_format(void *user, const struct weave_format *format)
{
	struct play *play = user;
	struct leat_error error;

	play->options.backend->close(play->graph);
	play->graph = NULL;
	play->stated = false;
	if (open_graph(play, format, &error) < 0) {
		leat_log("%s", error.text);
		play->failed = true;
	}
	hurry();
}

static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct play *play = user;

	(void)lane;
	if (kind == MARK_LOST)
		play->n_lost += n_frames;
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

/* The tap has just passed these frames. */
static struct player_time time_of(const struct play *play, uint32_t n_frames)
{
	const struct leat_tap *tap = play->session.source[0].tap;
	uint64_t position = leat_tap_position(tap) - n_frames;
	struct player_time when = { 0 };
	struct leat_tap_time time;

	if (leat_tap_time(tap, position, &time)) {
		when.time_ns = time.time_ns;
		when.count = (uint32_t)time.frame_time;
		when.counted = true;
	}
	if (play->options.backend->counts_indices) {
		when.count = (uint32_t)(leat_tap_format(tap)->first_index +
					position);
		when.counted = true;
	}
	return when;
}

static void on_frames(void *user, const float *const *planes, uint32_t n_frames)
{
	struct play *play = user;
	struct player_time when = time_of(play, n_frames);

	if (play->graph)
		player_put(play->options.backend->player(play->graph), planes,
			   n_frames, &when);
}

static void on_silence(void *user, uint64_t n_frames)
{
	struct play *play = user;

	if (play->graph)
		player_put_silence(play->options.backend->player(play->graph),
				   n_frames);
}

/* ---- what it says ---- */

static double to_ms(const struct play *play, double frames)
{
	return 1000 * frames / weave_format(play->session.weave)->rate_hz;
}

static void state_latency(struct play *play, const struct player_status *status)
{
	if (status->latency == 0 ||
	    (play->stated && play->stated_copies == status->copies))
		return;
	play->stated = true;
	play->stated_copies = status->copies;
	if (!play->options.quiet)
		leat_log("%s of '%s' plays in %s as %s, %.1f ms (%u frames) "
			 "after JACK's cycle, and then what is behind that "
			 "client; %s",
			 channels_direction(play->options.tap.direction[0]),
			 play->options.tap.link_name,
			 play->options.backend->name,
			 play->options.backend->client(play->graph),
			 to_ms(play, status->latency), status->latency,
			 status->copies
				 ? "frame by frame, as both run on one clock"
				 : "resampled, as the clocks are two");
}

static const char *clock_text(const struct player_status *status, char *text,
			      size_t text_bytes)
{
	if (status->copies)
		return "on one clock";
	snprintf(text, text_bytes, "clock %+.1f ppm", status->rate_ppm);
	return text;
}

static void show(struct play *play, const struct player_status *status,
		 int64_t now_ns)
{
	char time[32], clock[32];

	if (!play->terminal || now_ns - play->shown_ns < PROGRESS_NS)
		return;
	play->shown_ns = now_ns;
	fprintf(stderr,
		"\r%s  %.1f ms  %s  silences %" PRIu64 "  slips %" PRIu64
		"  lost %" PRIu64 "\033[K",
		duration_print(
			time, sizeof(time),
			weave_time(play->session.weave) /
				weave_format(play->session.weave)->rate_hz),
		to_ms(play, status->latency),
		clock_text(status, clock, sizeof(clock)), status->n_silences,
		status->n_slips, play->n_lost);
}

static void tell_guard(const struct play *play)
{
	char text[192];

	if (!play->options.rt_guard)
		return;
	(void)leat_rt_guard_tell(&play->guard, text, sizeof(text));
	leat_log("%s", text);
}

static void report(struct play *play)
{
	struct player_status status;
	char clock[32];

	if (play->terminal && play->shown_ns != 0)
		fputs("\r\033[K", stderr);
	if (!play->graph)
		return;
	tell_guard(play);
	if (play->options.quiet)
		return;
	player_get_status(play->options.backend->player(play->graph), &status);
	leat_log("%" PRIu64 " frames, %s, %" PRIu64
		 " cycles of silence, %" PRIu64 " slips, %" PRIu64
		 " frames lost",
		 weave_time(play->session.weave),
		 clock_text(&status, clock, sizeof(clock)), status.n_silences,
		 status.n_slips, play->n_lost);
}

/* ---- running ---- */

static bool look(struct play *play)
{
	struct player_status status;
	const char *failure;

	if (!play->graph)
		return true;
	failure = play->options.backend->failure(play->graph);
	if (failure) {
		leat_log("%s", failure);
		return false;
	}
	player_get_status(play->options.backend->player(play->graph), &status);
	state_latency(play, &status);
	show(play, &status, (int64_t)leat_now_ns());
	return true;
}

static int run(struct play *play)
{
	while (play->session.signal == 0) {
		session_wait(&play->session, true, -1, 0, 50);
		if (session_run(&play->session))
			break;
		if (play->failed || !look(play))
			return LEAT_EXIT_FAILED;
		session_tell_waiting(&play->session);
	}
	report(play);
	return 0;
}

static int open_all(struct play *play)
{
	const struct session_config config = {
		.options = &play->options.tap,
		.duration_ns = play->options.duration_ns,
		.watermark = WATERMARK,
	};
	const struct weave_sink sink = {
		.user = play,
		.ready = on_ready,
		.format = on_format,
		.missing = on_missing,
		.mark = on_mark,
		.frames = on_frames,
		.silence = on_silence,
	};

	return session_open(&play->session, &config, &sink);
}

/* ---- the command line ---- */

/* Options without a letter. */
enum { OPTION_RT_GUARD = 1000 };

static const struct argp_option option_table[] = {
	{ "jack", 'J', NULL, 0, "Play in JACK", 0 },
	{ "pipewire", 'P', NULL, 0,
	  "Play in PipeWire (where neither is named, in the graph that the "
	  "sound goes to)",
	  0 },
	{ "latency", 'l', "TIME", 0, "Hear it so much later (60ms)", 0 },
	{ "server", 's', "NAME", 0, "The JACK server or PipeWire daemon", 0 },
	{ "target", 'T', "NAME", 0,
	  "Connect to this JACK client or PipeWire node", 0 },
	{ "no-connect", 'n', NULL, 0, "Connect to nothing", 0 },
	{ "duration", 't', "TIME", 0, "End after so long", 0 },
	{ "quiet", 'q', NULL, 0, "Say nothing but what is wrong", 0 },
	{ "rt-guard", OPTION_RT_GUARD, NULL, 0,
	  "Count what the realtime thread should not do", 0 },
	{ 0 },
};

static void take_latency(struct options *options, const char *arg)
{
	options->latency_ns = tap_options_time("--latency", arg, 1000000);
	if (options->latency_ns > LATENCY_MAX_NS)
		tap_options_refuse("--latency is at most 10s, not '%s'", arg);
}

static void check(struct options *options)
{
	if (options->tap.n_directions > 1)
		tap_options_refuse("one direction is played at a time: "
				   "--direction to_pipewire or to_jack");
	if (!options->backend)
		options->backend = options->tap.direction[0] == LEAT_TO_PIPEWIRE
					   ? &graph_pipewire
					   : &graph_jack;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->tap;
		break;
	case 'J':
		options->backend = &graph_jack;
		break;
	case 'P':
		options->backend = &graph_pipewire;
		break;
	case 'l':
		take_latency(options, arg);
		break;
	case 's':
		options->server = arg;
		break;
	case 'T':
		options->target = arg;
		break;
	case 'n':
		options->alone = true;
		break;
	case 't':
		options->duration_ns =
			tap_options_time("--duration", arg, 1000000);
		break;
	case 'q':
		options->quiet = true;
		break;
	case OPTION_RT_GUARD:
		options->rt_guard = true;
		break;
	case ARGP_KEY_ARG:
		tap_options_only_link(&options->tap, arg, state);
		break;
	case ARGP_KEY_END:
		check(options);
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
	.doc = "Play what a link between JACK and PipeWire carries, in a "
	       "client of its own, at a fixed latency.",
};

int play_main(int argc, char **argv)
{
	struct play play = {
		.options = { .tap = TAP_OPTIONS_NONE,
			     .latency_ns = LATENCY_NS },
		.session.signal_fd = -1,
	};
	struct leat_error error;
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &play.options) != 0)
		return LEAT_EXIT_USAGE;
	if (play.options.rt_guard && leat_rt_guard_check(&error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_FAILED;
	}
	play.terminal = !play.options.quiet && isatty(STDERR_FILENO);
	status = open_all(&play);
	if (status == 0)
		status = run(&play);
	if (play.options.backend)
		play.options.backend->close(play.graph);
	session_close(&play.session);
	return status;
}
