/* SPDX-License-Identifier: MIT */
/* leat tap pipe: samples of a link for other programs. */
#include "outlet.h"
#include "session.h"
#include "verbs_tap.h"
#include "wav_header.h"

#include "cli/log.h"
#include "cli/options.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Frames to be woken for: 5 ms and a bit. */
#define WATERMARK 256u

struct options {
	struct tap_options tap;
	enum samples_format format;
	bool wav;
	bool quiet;
	int64_t from_ns;
	int64_t duration_ns;
};

struct pipe_run {
	struct options options;
	struct session session;
	struct outlet outlet;
	bool open;
	uint64_t n_missing;
	int status; /* -1: go on */
};

/* ---- the sink ---- */

static bool on_ready(void *user)
{
	const struct pipe_run *run = user;

	return run->open && run->status < 0 && outlet_is_empty(&run->outlet);
}

static void say_format(const struct pipe_run *run,
		       const struct weave_format *format)
{
	static const char *const names[] = {
		[SAMPLES_F32] = "f32le",
		[SAMPLES_S16] = "s16le",
		[SAMPLES_S24] = "s24le",
	};

	if (run->options.quiet)
		return;
	if (run->options.wav)
		leat_log("WAV, %s, %u channels, %u Hz",
			 names[run->options.format], format->n_channels,
			 format->rate_hz);
	else
		leat_log("%s, interleaved, %u channels, %u Hz: 'ffmpeg -f %s "
			 "-ar %u -ac %u -i -' takes it",
			 names[run->options.format], format->n_channels,
			 format->rate_hz, names[run->options.format],
			 format->rate_hz, format->n_channels);
}

static int begin(struct pipe_run *run, const struct weave_format *format)
{
	unsigned char header[WAV_HEADER_MAX];
	int n = 0, res;

	if (format->n_channels == 0) {
		leat_log("the link '%s' has no channels in that direction: "
			 "name the other with --direction",
			 run->options.tap.link_name);
		return LEAT_EXIT_USAGE;
	}
	res = outlet_open(&run->outlet, STDOUT_FILENO, run->options.format,
			  format->n_channels, WEAVE_PIECE);
	if (res == 0 && run->options.wav)
		n = wav_header(header, run->options.format, format->n_channels,
			       format->rate_hz);
	if (res < 0 || n < 0) {
		leat_log("cannot begin: %s", strerror(res < 0 ? -res : -n));
		return LEAT_EXIT_FAILED;
	}
	run->open = true;
	outlet_put_bytes(&run->outlet, header, (size_t)n);
	say_format(run, format);
	return -1;
}

static void on_format(void *user, const struct weave_format *format)
{
	struct pipe_run *run = user;

	if (!run->open) {
		run->status = begin(run, format);
		return;
	}
	leat_log("the link has %u channels at %u Hz now, which a pipe cannot "
		 "tell: start it again",
		 format->n_channels, format->rate_hz);
	run->status = LEAT_EXIT_FAILED;
}

static void on_missing(void *user, uint32_t lane, enum mark_kind kind,
		       uint64_t n_frames)
{
	struct pipe_run *run = user;

	(void)lane;
	(void)kind;
	run->n_missing += n_frames;
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
	struct pipe_run *run = user;

	outlet_put_frames(&run->outlet, planes, n_frames);
}

static void on_silence(void *user, uint64_t n_frames)
{
	struct pipe_run *run = user;

	outlet_put_silence(&run->outlet, n_frames);
}

/* ---- running ---- */

/* Write; false if there is nobody who reads, or no room. */
static bool empty(struct pipe_run *run)
{
	int res = run->open ? outlet_run(&run->outlet) : 0;

	if (res == 0 || res == -EAGAIN)
		return true;
	/* Whoever read it has had enough: that is how pipes end. */
	run->status = res == -EPIPE ? 0 : LEAT_EXIT_FAILED;
	if (res != -EPIPE)
		leat_log("cannot write to standard output: %s", strerror(-res));
	return false;
}

static void step(struct pipe_run *run)
{
	bool waits = run->open && !outlet_is_empty(&run->outlet);

	session_wait(&run->session, !waits, waits ? STDOUT_FILENO : -1, POLLOUT,
		     100);
	if (!empty(run))
		return;
	/* As long as both keep up: a piece comes, and is written. */
	while (run->status < 0 &&
	       (!run->open || outlet_is_empty(&run->outlet))) {
		uint64_t before = weave_time(run->session.weave);
		bool over = session_run(&run->session);

		if (!empty(run))
			return;
		if (over && outlet_is_empty(&run->outlet))
			run->status = 0;
		if (weave_time(run->session.weave) == before)
			break;
	}
	session_tell_waiting(&run->session);
}

static void report(const struct pipe_run *run)
{
	if (run->options.quiet || !run->open)
		return;
	if (run->n_missing > 0)
		leat_log("%" PRIu64 " frames are silence, as they were lost or "
			 "never sent",
			 run->n_missing);
	if (run->outlet.n_clipped > 0)
		leat_log("%" PRIu64 " samples were beyond the range and are "
			 "cut",
			 run->outlet.n_clipped);
}

static int run_pipe(struct pipe_run *run)
{
	const struct session_config config = {
		.options = &run->options.tap,
		.duration_ns = run->options.duration_ns,
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
	int status = session_open(&run->session, &config, &sink);

	if (status != 0)
		return status;
	while (run->status < 0 && run->session.signal == 0)
		step(run);
	report(run);
	return run->status < 0 ? 0 : run->status;
}

/* ---- the command line ---- */

static const struct argp_option option_table[] = {
	{ "format", 'F', "NAME", 0, "f32 (not changed by a bit), s16 or s24",
	  0 },
	{ "wav", 'W', NULL, 0, "With a header of WAV", 0 },
	{ "from", 'f', "TIME", 0, "Begin so long before now", 0 },
	{ "duration", 't', "TIME", 0, "End after so long", 0 },
	{ "quiet", 'q', NULL, 0, "Say nothing but what is wrong", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->tap;
		break;
	case 'F':
		if (!samples_format_parse(arg, &options->format))
			tap_options_refuse("there is no format '%s': there are "
					   "f32, s16 and s24, and --wav",
					   arg);
		break;
	case 'W':
		options->wav = true;
		break;
	case 'f':
		options->from_ns = tap_options_time("--from", arg, 0);
		break;
	case 't':
		options->duration_ns =
			tap_options_time("--duration", arg, 1000000);
		break;
	case 'q':
		options->quiet = true;
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
	.doc = "Write the samples of a link between JACK and PipeWire to "
	       "standard output, for sox, ffmpeg and others.",
};

int pipe_main(int argc, char **argv)
{
	struct pipe_run run = { .options.tap = TAP_OPTIONS_NONE,
				.session.signal_fd = -1,
				.status = -1 };
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &run.options) != 0)
		return LEAT_EXIT_USAGE;
	if (isatty(STDOUT_FILENO))
		tap_options_refuse("standard output is a terminal: pass it on, "
				   "as in 'leat tap pipe | ffmpeg ...'");
	status = run_pipe(&run);
	session_close(&run.session);
	outlet_close(&run.outlet);
	return status;
}
