/* SPDX-License-Identifier: MIT */
/* leat tap wait: ends when something is heard, for scripts. */
#include "channels.h"
#include "detector.h"
#include "duration.h"
#include "loudness.h"
#include "session.h"
#include "verbs_tap.h"
#include "watch.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames to be woken for. */
#define WATERMARK 480u

#define SILENCE_NS INT64_C(1000000000)

/* EBU R128's own gate for silence is -70 LUFS. */
#define THRESHOLD_DB (-60.0)

/* Exit statuses, told in the man page: of several kinds asked for, which. */
#define EXIT_FOUND 9
#define EXIT_TIMEOUT 3

struct options {
	struct tap_options tap;
	unsigned n_wanted;
	int64_t silence_ns;
	int64_t timeout_ns;
	int64_t from_ns;
	bool quiet;
};

struct wait_run {
	struct options options;
	struct detector detector;
	struct session session;
	struct watch watch;
	bool failed;
};

/* ---- the sink ---- */

static bool on_ready(void *user)
{
	const struct wait_run *run = user;

	return !run->failed && run->detector.found == FOUND_NOTHING;
}

static void on_format(void *user, const struct weave_format *format)
{
	struct wait_run *run = user;

	run->detector.n_silence_frames =
		duration_frames(run->options.silence_ns, format->rate_hz);
	if (run->detector.n_silence_frames == 0)
		run->detector.n_silence_frames = 1;
	if (format->n_channels > 0)
		return;
	leat_log("the link '%s' has no channels in that direction: name the "
		 "other with --direction",
		 run->options.tap.link_name);
	run->failed = true;
}

/* What this program was too slow for may have been anything. */
static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct wait_run *run = user;

	(void)lane;
	(void)n_frames;
	if (kind == MARK_XRUN)
		detector_xrun(&run->detector);
	if (kind == MARK_LOST)
		detector_unknown(&run->detector);
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

static void on_frames(void *user, const float *const *planes, uint32_t n_frames)
{
	struct wait_run *run = user;

	detector_frames(&run->detector, planes,
			weave_format(run->session.weave)->n_channels, n_frames);
}

static void on_silence(void *user, uint64_t n_frames)
{
	struct wait_run *run = user;

	detector_silence(&run->detector, n_frames);
}

/* ---- running ---- */

static bool look_for_xruns(struct wait_run *run, int64_t now_ns)
{
	struct watch_news news;

	if (!run->detector.wanted[FOUND_XRUN])
		return false;
	news = watch_run(&run->watch, now_ns);
	return news.jack + news.pipewire > 0 &&
	       detector_xrun(&run->detector) != FOUND_NOTHING;
}

static void print_found(const struct wait_run *run)
{
	const struct weave_format *format = weave_format(run->session.weave);
	const struct detector *detector = &run->detector;
	char name[32];

	if (run->options.quiet)
		return;
	printf("%s at %.3f s (frame %" PRIu64 ")",
	       finding_name(detector->found),
	       (double)detector->position / format->rate_hz,
	       detector->position);
	if (detector->found == FOUND_SIGNAL || detector->found == FOUND_CLIP)
		printf(", %s %.1f dB",
		       channels_name(format, detector->channel, name,
				     sizeof(name)),
		       loudness_db((double)detector->level));
	putchar('\n');
}

static int run_wait(struct wait_run *run)
{
	int64_t began_ns = (int64_t)leat_now_ns();

	while (run->session.signal == 0 && !run->failed) {
		int64_t now_ns;

		session_wait(&run->session, true, -1, 0, 50);
		session_run(&run->session);
		now_ns = (int64_t)leat_now_ns();
		if (run->failed)
			return LEAT_EXIT_USAGE;
		if (run->detector.found != FOUND_NOTHING ||
		    (weave_format(run->session.weave) &&
		     look_for_xruns(run, now_ns))) {
			print_found(run);
			return run->options.n_wanted == 1
				       ? 0
				       : EXIT_FOUND + (int)run->detector.found;
		}
		if (run->options.timeout_ns > 0 &&
		    now_ns - began_ns >= run->options.timeout_ns)
			return EXIT_TIMEOUT;
		session_tell_waiting(&run->session);
	}
	return LEAT_EXIT_FAILED;
}

static int open_all(struct wait_run *run)
{
	const struct session_config config = {
		.options = &run->options.tap,
		.from_ns = run->options.from_ns,
		.watermark = WATERMARK,
	};
	const struct weave_sink sink = {
		.user = run,
		.ready = on_ready,
		.format = on_format,
		.missing = on_missing,
		.mark = on_mark,
		.frames = on_frames,
		.silence = on_silence,
	};

	watch_init(&run->watch, run->options.tap.link_name);
	return session_open(&run->session, &config, &sink);
}

/* ---- the command line ---- */

enum { OPTION_SIGNAL = 256, OPTION_SILENCE, OPTION_CLIP, OPTION_XRUN };

static const struct argp_option option_table[] = {
	{ "signal", OPTION_SIGNAL, NULL, 0, "A sample above the threshold", 0 },
	{ "silence", OPTION_SILENCE, "TIME", OPTION_ARG_OPTIONAL,
	  "None above it, in any channel, for so long (1s)", 0 },
	{ "clip", OPTION_CLIP, NULL, 0, "A sample of full scale or more", 0 },
	{ "xrun", OPTION_XRUN, NULL, 0, "An xrun of JACK or PipeWire", 0 },
	{ "threshold", 'l', "DB", 0,
	  "Level of what counts as signal, in dB of full scale (-60)", 1 },
	{ "timeout", 't', "TIME", 0, "Give up after so long, with status 3",
	  1 },
	{ "from", 'f', "TIME", 0, "Begin so long before now", 1 },
	{ "quiet", 'q', NULL, 0, "Print nothing", 1 },
	{ 0 },
};

static void want(struct wait_run *run, enum finding finding)
{
	run->options.n_wanted += !run->detector.wanted[finding];
	run->detector.wanted[finding] = true;
}

static void take_threshold(struct wait_run *run, const char *arg)
{
	char *end;
	double db = strtod(arg, &end);

	if (end == arg || *end != 0 || !(db >= -200 && db <= 20))
		tap_options_refuse("--threshold is a number of dB from -200 to "
				   "20, not '%s'",
				   arg);
	run->detector.threshold = (float)pow(10, db / 20);
}

static error_t parse_kind(struct wait_run *run, int key, const char *arg)
{
	switch (key) {
	case OPTION_SIGNAL:
		want(run, FOUND_SIGNAL);
		return 0;
	case OPTION_SILENCE:
		want(run, FOUND_SILENCE);
		if (arg)
			run->options.silence_ns =
				tap_options_time("--silence", arg, 1000000);
		return 0;
	case OPTION_CLIP:
		want(run, FOUND_CLIP);
		return 0;
	case OPTION_XRUN:
		want(run, FOUND_XRUN);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct wait_run *run = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &run->options.tap;
		return 0;
	case 'l':
		take_threshold(run, arg);
		return 0;
	case 't':
		run->options.timeout_ns =
			tap_options_time("--timeout", arg, 1000000);
		return 0;
	case 'f':
		run->options.from_ns = tap_options_time("--from", arg, 0);
		return 0;
	case 'q':
		run->options.quiet = true;
		return 0;
	case ARGP_KEY_ARG:
		tap_options_only_link(&run->options.tap, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (run->options.n_wanted == 0)
			tap_options_refuse("say what to wait for: --signal, "
					   "--silence, --clip or --xrun");
		return 0;
	default:
		return parse_kind(run, key, arg);
	}
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.children = tap_options_children,
	.args_doc = "[LINK]",
	.doc = "Wait until something is heard on a link between JACK and "
	       "PipeWire. The exit status says what: 0 if one thing is waited "
	       "for; of several 10 for signal, 11 for silence, 12 for a clip, "
	       "13 for an xrun.",
};

int wait_main(int argc, char **argv)
{
	struct wait_run run = {
		.options = { .tap = TAP_OPTIONS_NONE,
			     .silence_ns = SILENCE_NS },
		.detector.threshold = (float)pow(10, THRESHOLD_DB / 20),
		.session.signal_fd = -1,
		.watch.fd = -1,
	};
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &run) != 0)
		return LEAT_EXIT_USAGE;
	status = open_all(&run);
	if (status == 0)
		status = run_wait(&run);
	watch_finish(&run.watch);
	session_close(&run.session);
	if (!leat_output_close())
		status = LEAT_EXIT_FAILED;
	return status;
}
