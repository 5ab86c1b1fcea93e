/* SPDX-License-Identifier: MIT */
/*
 * leat-verify: plays a sound from PipeWire through a link to JACK and back,
 * and compares what returns with what was sent, bit by bit.
 */
#include "compare.h"
#include "jack_side.h"
#include "pw_side.h"
#include "sound.h"
#include "tape.h"

#include "cli/log.h"
#include "cli/options.h"
#include "tools/common/output.h"

#include <leat/link.h>
#include <leat/status.h>

#include <argp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

const char *argp_program_version = "leat-verify " LEAT_VERSION;

#define SECONDS 5

/* The longest way round that is found, in ms. */
#define DELAY_MAX_MS 1000

/* How long the graphs may take until all is running, in cycles and in ms. */
#define CLOSED_CYCLES 20
#define CLOSED_MS 10000

/* How much longer than the sound a run may take. */
#define ROLL_MORE_MS 5000

/* A server that leaves out periods spoils a run: how many there may be. */
#define N_RUNS 3

struct options {
	const char *file; /* NULL: count */
	const char *server;
	const char *remote;
	const char *link;
	uint32_t seconds; /* 0: not said */
};

struct verify {
	struct options options;
	struct jack_side *jack;
	struct pw_side *pw;
	struct sound sound;
	struct tape tape;
	int signal_fd; /* readable when the user wants an end */
	bool interrupted;
	unsigned n_closed_before; /* cycles, when it was linked */
};

static int complain(const struct leat_error *error)
{
	leat_log("%s", error->text);
	return LEAT_EXIT_FAILED;
}

/* ---- setting up ---- */

/* Before any thread, so that none takes the signals. */
static void catch_signals(struct verify *verify)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	verify->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int prepare_sound(struct verify *verify, struct leat_error *error)
{
	const struct options *options = &verify->options;
	uint32_t n_channels = jack_side_n_channels(verify->jack);
	uint32_t rate_hz = jack_side_rate_hz(verify->jack);
	uint32_t seconds = options->seconds ? options->seconds : SECONDS;
	int res;

	if (options->file)
		res = sound_load(&verify->sound, options->file, n_channels,
				 rate_hz, error);
	else
		res = sound_count(&verify->sound, seconds, n_channels, rate_hz,
				  error);
	if (res == 0)
		res = tape_init(&verify->tape, &verify->sound,
				rate_hz / 1000 * DELAY_MAX_MS);
	return res;
}

static int link_graphs(struct verify *verify, struct leat_error *error)
{
	const char *positions[LEAT_CHANNELS_MAX];
	int res;

	for (uint32_t c = 0; c < verify->sound.n_channels; c++)
		positions[c] = jack_side_position(verify->jack, c);
	res = pw_side_link(verify->pw, verify->options.link, positions,
			   &verify->tape, error);
	if (res == 0)
		res = jack_side_connect(verify->jack, error);
	verify->n_closed_before = atomic_load(&verify->tape.n_closed);
	return res;
}

static int set_up(struct verify *verify, struct leat_error *error)
{
	const struct options *options = &verify->options;
	int res = jack_side_open(&verify->jack, options->server, options->link,
				 error);

	if (res == 0)
		res = pw_side_open(&verify->pw, options->remote, error);
	if (res == 0)
		res = prepare_sound(verify, error);
	if (res == 0)
		res = link_graphs(verify, error);
	return res;
}

/* The sides first: the process thread is at the tape until then. */
static void clean_up(struct verify *verify)
{
	jack_side_close(verify->jack);
	pw_side_close(verify->pw);
	tape_finish(&verify->tape);
	sound_finish(&verify->sound);
	if (verify->signal_fd >= 0)
		close(verify->signal_fd);
}

/* ---- a run ---- */

static bool is_over(struct verify *verify)
{
	struct signalfd_siginfo info;

	if (read(verify->signal_fd, &info, sizeof(info)) > 0)
		verify->interrupted = true;
	return verify->interrupted || jack_side_is_gone(verify->jack);
}

static bool is_closed(void *user)
{
	struct verify *verify = user;
	unsigned n_closed = atomic_load(&verify->tape.n_closed);

	return is_over(verify) ||
	       n_closed - verify->n_closed_before >= CLOSED_CYCLES;
}

static bool is_recorded(void *user)
{
	struct verify *verify = user;

	return is_over(verify) || !tape_is_rolling(&verify->tape);
}

static int sound_ms(const struct verify *verify)
{
	return (int)((uint64_t)verify->tape.n_total * 1000 /
		     verify->sound.rate_hz);
}

/* Wait, or say why it came to nothing. */
static bool wait_until(struct verify *verify, bool (*condition)(void *user),
		       int timeout_ms, const char *problem)
{
	bool in_time = pw_side_wait(verify->pw, condition, verify, timeout_ms);

	if (verify->interrupted)
		leat_log("interrupted: nothing was shown");
	else if (jack_side_is_gone(verify->jack))
		leat_log("the JACK server went away");
	else if (pw_side_is_gone(verify->pw))
		leat_log("the PipeWire daemon went away");
	else if (!in_time)
		leat_log("%s: 'leat status %s' shows why", problem,
			 verify->options.link);
	else
		return true;
	return false;
}

static bool run_once(struct verify *verify)
{
	tape_start(&verify->tape);
	return wait_until(verify, is_recorded, sound_ms(verify) + ROLL_MORE_MS,
			  "the graph stopped during the test");
}

/* ---- who was late ---- */

/* Since some moment; the servers' doing, not the link's. */
struct faults {
	unsigned jack;	   /* xruns and skipped periods */
	uint64_t pipewire; /* cycles not finished in time */
};

static struct faults count_faults(const struct verify *verify)
{
	struct faults faults = { jack_side_n_faults(verify->jack), 0 };
	struct leat_link_status status;

	if (leat_status_query(verify->options.link, &status) == 0)
		faults.pipewire = status.pipewire.xruns +
				  status.direction[LEAT_TO_JACK].underruns;
	return faults;
}

static struct faults faults_since(const struct verify *verify,
				  const struct faults *before)
{
	struct faults now = count_faults(verify);

	return (struct faults){ now.jack - before->jack,
				now.pipewire - before->pipewire };
}

static bool any_fault(const struct faults *faults)
{
	return faults->jack > 0 || faults->pipewire > 0;
}

/* ---- the verdict ---- */

static double to_ms(const struct verify *verify, uint32_t n_frames)
{
	return 1000.0 * n_frames / verify->sound.rate_hz;
}

/*
 * What leaves a JACK client and is connected to the same client's inputs
 * arrives there a period later: that much is not the link's doing.
 */
static void print_delay(const struct verify *verify, uint32_t delay)
{
	uint32_t period = jack_side_period(verify->jack);

	printf("%u frames (%.3f ms) late", delay, to_ms(verify, delay));
	if (delay >= period)
		printf(", %u by the link and %u by the loop in JACK",
		       delay - period, period);
	putchar('\n');
}

static void print_good(const struct verify *verify,
		       const struct comparison *comparison)
{
	const struct sound *sound = &verify->sound;

	printf("%s: %u frames × %u channels went PipeWire -> JACK -> PipeWire: "
	       "all identical, ",
	       sound->name, sound->n_frames, sound->n_channels);
	print_delay(verify, comparison->delay);
}

static bool link_resamples(const struct verify *verify)
{
	struct leat_link_status status;

	return leat_status_query(verify->options.link, &status) == 0 &&
	       status.pipewire.mode == LEAT_MODE_ADAPTIVE;
}

static void print_bad(const struct verify *verify,
		      const struct comparison *comparison,
		      const struct faults *faults)
{
	const struct sound *sound = &verify->sound;

	if (link_resamples(verify)) {
		printf("%s: the link '%s' is in adaptive mode, which "
		       "resamples: "
		       "no sample stays what it was, so nothing is compared\n",
		       sound->name, verify->options.link);
		return;
	}
	if (!comparison->found) {
		printf("%s: nothing of it came back through the link '%s'\n",
		       sound->name, verify->options.link);
		return;
	}
	printf("%s: %u of %u frames × %u channels that went PipeWire -> JACK "
	       "-> PipeWire are not the same (%u of them silent), the first "
	       "is %u (at %.3f s); the others are ",
	       sound->name, comparison->n_differing, sound->n_frames,
	       sound->n_channels, comparison->n_silent, comparison->first,
	       to_ms(verify, comparison->first) / 1000.0);
	print_delay(verify, comparison->delay);
	if (any_fault(faults))
		printf("%s: JACK left out periods or had xruns (%u in the "
		       "last run) or PipeWire was late (%" PRIu64 ") each "
		       "time: try a larger period\n",
		       sound->name, faults->jack, faults->pipewire);
}

static bool is_good(const struct comparison *comparison)
{
	return comparison->found && comparison->n_differing == 0;
}

static void compare_tape(const struct verify *verify,
			 struct comparison *comparison)
{
	const float *recorded[LEAT_CHANNELS_MAX];

	for (uint32_t c = 0; c < verify->sound.n_channels; c++)
		recorded[c] = verify->tape.recorded[c];
	compare(comparison, &verify->sound, recorded, verify->tape.n_total);
}

static int judge(struct verify *verify)
{
	struct comparison comparison;

	for (int run = 1;; run++) {
		struct faults faults = count_faults(verify);

		if (!run_once(verify))
			return LEAT_EXIT_FAILED;
		compare_tape(verify, &comparison);
		faults = faults_since(verify, &faults);
		if (is_good(&comparison)) {
			print_good(verify, &comparison);
			return 0;
		}
		if (!any_fault(&faults) || run == N_RUNS) {
			print_bad(verify, &comparison, &faults);
			return LEAT_EXIT_FAILED;
		}
		leat_log("JACK left out periods or had xruns (%u) or PipeWire "
			 "was late (%" PRIu64 ") meanwhile: playing it once "
			 "more",
			 faults.jack, faults.pipewire);
	}
}

static int run(struct verify *verify)
{
	struct leat_error error;

	if (set_up(verify, &error) < 0)
		return complain(&error);
	if (!wait_until(verify, is_closed, CLOSED_MS,
			"the graph does not run through the link"))
		return LEAT_EXIT_FAILED;
	return judge(verify);
}

/* ---- the command line ---- */

static const struct argp_option option_table[] = {
	{ "play", 'p', "FILE", 0, "Play a sound file, not the counting signal",
	  0 },
	{ "seconds", 't', "N", 0, "Count for so long (5; 1 to 600)", 0 },
	{ "server", 's', "NAME", 0, "The JACK server (JACK_DEFAULT_SERVER)",
	  0 },
	{ "remote", 'r', "NAME", 0, "The PipeWire daemon (PIPEWIRE_REMOTE)",
	  0 },
	{ 0 },
};

static void parse_link(struct options *options, const char *arg,
		       struct argp_state *state)
{
	struct leat_error error;

	if (state->arg_num > 0)
		argp_error(state, "one link at a time");
	else if (leat_link_name_check(arg, &error) < 0)
		argp_error(state, "%s", error.text);
	options->link = arg;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'p':
		options->file = arg;
		break;
	case 't':
		if (!leat_parse_u32(arg, 1, SOUND_SECONDS_MAX,
				    &options->seconds))
			argp_error(state, "--seconds is a number from 1 to %d",
				   SOUND_SECONDS_MAX);
		break;
	case 's':
		options->server = arg;
		break;
	case 'r':
		options->remote = arg;
		break;
	case ARGP_KEY_ARG:
		parse_link(options, arg, state);
		break;
	case ARGP_KEY_END:
		if (options->file && options->seconds)
			argp_error(state, "a file is played as long as it is: "
					  "leave out --seconds or --play");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = option_table,
	.parser = parse,
	.args_doc = "[LINK]",
	.doc = "Prove that a running link between PipeWire and JACK changes "
	       "nothing: play through it and back, and compare every sample.",
};

int main(int argc, char **argv)
{
	struct verify verify = { .options.link = LEAT_DEFAULT_LINK };
	int status;

	argp_err_exit_status = LEAT_EXIT_USAGE;
	if (!leat_output_open())
		return LEAT_EXIT_FAILED;
	if (argp_parse(&argp, argc, argv, 0, NULL, &verify.options) != 0)
		return LEAT_EXIT_USAGE;
	catch_signals(&verify);
	status = run(&verify);
	clean_up(&verify);
	if (!leat_output_close())
		status = LEAT_EXIT_FAILED;
	return status;
}
