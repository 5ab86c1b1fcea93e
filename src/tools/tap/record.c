/* SPDX-License-Identifier: MIT */
/* leat tap record: a recording of a link, with a list of what it lacks. */
#include "duration.h"
#include "recorder.h"
#include "record_text.h"
#include "session.h"
#include "verbs_tap.h"
#include "watch.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICK_MS 100

/* How often the line on a terminal is written. */
#define PROGRESS_NS INT64_C(200000000)

/* Frames to be woken for: a recorder is in no hurry. */
#define WATERMARK 2048u

struct options {
	struct tap_options tap;
	const char *path;
	const char *format;
	int64_t from_ns;
	int64_t duration_ns; /* 0: until it is ended */
	int64_t split_ns;
	bool overwrite;
	bool quiet;
};

struct record {
	struct options options;
	struct recorder_config config;
	struct recorder *recorder;
	struct weave_sink sink; /* the recorder's */
	struct session session;
	struct watch watch;
	bool terminal; /* standard error is one */
	int64_t shown_ns;
	bool told_from;
};

/* ---- the progress line ---- */

static void show(struct record *record, int64_t now_ns)
{
	const struct weave_format *format = weave_format(record->session.weave);
	struct recording_sums sums;
	char text[160];

	if (!record->terminal || !format ||
	    now_ns - record->shown_ns < PROGRESS_NS)
		return;
	record->shown_ns = now_ns;
	recorder_sums(record->recorder, &sums);
	record_text_progress(text, sizeof(text), &sums, format->rate_hz,
			     recorder_percent(record->recorder));
	/* ECMA-48: to the line's beginning, and erase to its end. */
	fprintf(stderr, "\r%.78s\033[K", text);
}

static void clear_line(const struct record *record)
{
	if (record->terminal && record->shown_ns != 0)
		fputs("\r\033[K", stderr);
}

/* ---- while it runs ---- */

/* As long as the link has been up, or as its rings hold. */
static void tell_from(struct record *record)
{
	const struct source *source = &record->session.source[0];
	const struct weave_format *format = weave_format(record->session.weave);
	uint64_t wanted;

	if (record->told_from || !format)
		return;
	record->told_from = true;
	wanted = duration_frames(record->options.from_ns, format->rate_hz);
	if (source->n_back < wanted)
		leat_log("the link '%s' remembers %.1f s and not %.1f s: the "
			 "recording begins there; 'leat up --history' makes "
			 "it remember more",
			 record->session.link_name,
			 (double)source->n_back / format->rate_hz,
			 (double)record->options.from_ns * 1e-9);
}

static void mark_news(struct record *record, uint64_t n, const char *who)
{
	char text[64];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%s counts %" PRIu64 " more, just before",
		 who, n);
	record->sink.mark(record->sink.user, 0, MARK_XRUN, 0, text);
}

static void look_for_xruns(struct record *record, int64_t now_ns)
{
	struct watch_news news = watch_run(&record->watch, now_ns);

	if (!weave_format(record->session.weave) ||
	    !record->sink.ready(record->sink.user))
		return;
	mark_news(record, news.jack, "JACK");
	mark_news(record, news.pipewire, "PipeWire");
}

static int run(struct record *record, struct leat_error *error)
{
	int res;

	while (record->session.signal == 0) {
		bool takes = !weave_format(record->session.weave) ||
			     record->sink.ready(record->sink.user);
		int64_t now_ns;
		bool done;

		session_wait(&record->session, takes,
			     takes ? -1 : recorder_fd(record->recorder), POLLIN,
			     TICK_MS);
		done = session_run(&record->session);
		res = recorder_check(record->recorder, error);
		if (res < 0)
			return res;
		tell_from(record);
		if (done)
			return 0;
		now_ns = (int64_t)leat_now_ns();
		look_for_xruns(record, now_ns);
		session_tell_waiting(&record->session);
		show(record, now_ns);
	}
	return 0;
}

/* ---- before and after ---- */

static int check_existing(const char *path, struct leat_error *error)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return leat_error_set(error, -EINVAL,
				      "'%s' is not a file: write to standard "
				      "output with '-' and pass it on",
				      path);
	if (access(path, W_OK) < 0)
		return leat_error_set(error, -errno, "cannot write '%s': %s",
				      path, strerror(errno));
	return 0;
}

/*
 * Whether the file can be made, before anything is waited for; what is there
 * is left as it is until the recording begins.
 */
static int check_path(const struct options *options, struct leat_error *error)
{
	int fd;

	if (strcmp(options->path, "-") == 0 || options->split_ns > 0)
		return 0;
	fd = open(options->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd >= 0) {
		unlink(options->path);
		close(fd);
		return 0;
	}
	if (errno != EEXIST)
		return leat_error_set(error, -errno, "cannot write '%s': %s",
				      options->path, strerror(errno));
	if (options->overwrite)
		return check_existing(options->path, error);
	return leat_error_set(error, -EEXIST,
			      "'%s' is there already: take another name, or "
			      "--force to overwrite it",
			      options->path);
}

static int open_all(struct record *record)
{
	const struct session_config config = {
		.options = &record->options.tap,
		.duration_ns = record->options.duration_ns,
		.from_ns = record->options.from_ns,
		.watermark = WATERMARK,
	};
	struct leat_error error;

	if (check_path(&record->options, &error) < 0) {
		leat_log("%s", error.text);
		return LEAT_EXIT_USAGE;
	}
	if (recorder_create(&record->recorder, &record->config) < 0) {
		leat_log("out of memory");
		return LEAT_EXIT_FAILED;
	}
	record->sink = recorder_sink(record->recorder);
	watch_init(&record->watch, record->options.tap.link_name);
	return session_open(&record->session, &config, &record->sink);
}

static const char *why(const struct record *record, int res)
{
	if (res < 0)
		return "it could not be written any further";
	return record->session.signal != 0 ? "interrupted" : "done";
}

static bool is_usage(int res)
{
	return res == -EEXIST || res == -EINVAL || res == -EACCES ||
	       res == -ENOENT || res == -ENOTDIR || res == -EROFS ||
	       res == -EISDIR || res == -ENAMETOOLONG;
}

static int report(struct record *record, int res, struct leat_error *error)
{
	const struct weave_format *format = weave_format(record->session.weave);
	struct recording_sums sums;
	char text[512];

	recorder_sums(record->recorder, &sums);
	if (res < 0)
		leat_log("%s", error->text);
	if (format && (sums.n_frames > 0 || res == 0) && !record->options.quiet)
		leat_log("%s",
			 record_text_end(text, sizeof(text),
					 record->options.path, &sums, format));
	if (!format && res == 0) {
		leat_log("nothing came, and nothing was recorded");
		return LEAT_EXIT_FAILED;
	}
	if (res < 0 && sums.n_frames == 0 && is_usage(res))
		return LEAT_EXIT_USAGE;
	return res < 0 ? LEAT_EXIT_FAILED : 0;
}

static int record_all(struct record *record)
{
	struct leat_error error;
	int res, res_end;

	res = run(record, &error);
	clear_line(record);
	if (res == 0)
		res_end = recorder_finish(record->recorder, why(record, 0),
					  &error);
	else
		res_end = recorder_finish(record->recorder, why(record, res),
					  &(struct leat_error){ "" });
	return report(record, res_end < 0 ? res_end : res, &error);
}

/* ---- the command line ---- */

static const struct argp_option option_table[] = {
	{ "from", 'f', "TIME", 0, "Begin so long before now", 0 },
	{ "duration", 't', "TIME", 0, "End after so long (not of itself)", 0 },
	{ "split", 's', "TIME", 0,
	  "Begin FILE-002, FILE-003, ... each time so much is written", 0 },
	{ "format", 'F', "NAME", 0,
	  FILE_FORMAT_NAMES " (by the end of FILE's name)", 0 },
	{ "force", 'y', NULL, 0, "Overwrite files that are there", 0 },
	{ "quiet", 'q', NULL, 0, "No progress, and no word at the end", 0 },
	{ 0 },
};

static void take_arg(struct options *options, const char *arg,
		     struct argp_state *state)
{
	if (state->arg_num == 0)
		options->path = arg;
	else if (state->arg_num == 1)
		tap_options_link(&options->tap, arg);
	else
		tap_options_refuse("one file and one link at a time");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &options->tap;
		break;
	case 'f':
		options->from_ns = tap_options_time("--from", arg, 0);
		break;
	case 't':
		options->duration_ns =
			tap_options_time("--duration", arg, 1000000);
		break;
	case 's':
		options->split_ns =
			tap_options_time("--split", arg, 1000000000);
		break;
	case 'F':
		options->format = arg;
		break;
	case 'y':
		options->overwrite = true;
		break;
	case 'q':
		options->quiet = true;
		break;
	case ARGP_KEY_ARG:
		take_arg(options, arg, state);
		break;
	case ARGP_KEY_NO_ARGS:
		tap_options_refuse("name the file to record into, or '-'");
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
	.args_doc = "FILE [LINK]",
	.doc = "Record a link between JACK and PipeWire, also what it carried "
	       "before now. What is missing becomes silence, and FILE.marks "
	       "lists it.",
};

/* By name, by the file's name, or what a pipe usually gets; NULL: none. */
static const struct file_format *choose_format(const struct options *options)
{
	if (options->format)
		return file_format_find(options->format);
	if (strcmp(options->path, "-") == 0)
		return file_format_find("wav");
	return file_format_of_path(options->path);
}

static int configure(struct record *record)
{
	const struct options *options = &record->options;

	record->config = (struct recorder_config){
		.path = options->path,
		.format = choose_format(options),
		.split_ns = options->split_ns,
		.overwrite = options->overwrite,
		.stream = strcmp(options->path, "-") == 0,
		.link_name = options->tap.link_name,
	};
	record->terminal = !options->quiet && isatty(STDERR_FILENO);
	if (!record->config.format) {
		leat_log(
			"there is no format '%s': there are " FILE_FORMAT_NAMES,
			options->format ? options->format : options->path);
		return LEAT_EXIT_USAGE;
	}
	if (record->config.stream && options->split_ns > 0) {
		leat_log("standard output is one file: leave out --split");
		return LEAT_EXIT_USAGE;
	}
	if (record->config.stream && !record->config.format->streams) {
		leat_log("%s cannot be written to a pipe: wav, flac and ogg "
			 "can",
			 record->config.format->name);
		return LEAT_EXIT_USAGE;
	}
	return 0;
}

int record_main(int argc, char **argv)
{
	struct record record = { .options.tap = TAP_OPTIONS_NONE,
				 .session.signal_fd = -1,
				 .watch.fd = -1 };
	int status;

	if (argp_parse(&argp, argc, argv, 0, NULL, &record.options) != 0)
		return LEAT_EXIT_USAGE;
	record.told_from = record.options.from_ns == 0;
	status = configure(&record);
	if (status == 0)
		status = open_all(&record);
	if (status == 0)
		status = record_all(&record);
	watch_finish(&record.watch);
	session_close(&record.session);
	recorder_destroy(record.recorder);
	return status;
}
