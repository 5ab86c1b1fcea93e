/* SPDX-License-Identifier: MIT */
/*
 * fault-soak: sixteen links at once between one JACK server and one PipeWire
 * daemon, a counting signal round through each, for as long as one likes. Their
 * rings begin just below 2^32 and just below 2^64.
 *
 *   fault-soak [SECONDS] [--links N]
 *
 * Whatever else the machine does, no frame is corrupt; each one that is missing
 * belongs to a cycle that a server missed; the way round takes in the end what
 * it took in the beginning; and no process holds more. A frame comes twice only
 * where JACK itself plays a port again, as its client did not get its cycle.
 */
#include "integration/bridge.h"

#include "footprint.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS 20
#define LINKS 16
#define LINKS_MAX 16

/* Long, so that most stalls of the machine are no xruns. */
#define PERIOD 2048

#define START_MS 20000
#define WARM_UP_MS 5000
#define LOOK_MS 60000
#define STOP_MS 20000

/* Links that end at the same time. */
#define AT_ONCE 8

/* The rings' indices wrap two seconds after the start. */
#define FRAMES_TO_WRAP 96000u

/* Per process: a few pages that are come to at last. */
#define GROWTH_MAX_KB 128

struct link {
	char name[16];
	struct proc jack_side;
	struct proc pipewire_side;
	struct helper jack; /* sends and checks */
	struct helper pass;
	struct footprint before[2];
};

struct soak {
	struct sandbox sandbox;
	struct jack_server jackd;
	struct pipewire_server pipewire;
	struct link links[LINKS_MAX];
	unsigned n_links;
	unsigned n_failures;
};

static bool expect(struct soak *soak, bool ok, const char *what,
		   const char *whose)
{
	if (ok)
		return true;
	soak->n_failures++;
	printf("FAILED: %s: %s\n", whose, what);
	return false;
}

/* ---- starting ---- */

static bool start_side(struct soak *soak, struct proc *proc,
		       const char *const *argv, const char *log)
{
	char path[128];
	struct proc_options options = {
		.log = sandbox_path(&soak->sandbox, log, path, sizeof(path)),
		.merged = true,
	};

	return proc_start(proc, argv, &options) == 0;
}

static bool start_sides(struct soak *soak, struct link *link, unsigned i)
{
	char program[512], index[32];
	uint64_t wrap = i % 2 == 0 ? UINT64_C(1) << 32 : 0;
	const char *jack[] = { program, "--channels", "1", "--first-index",
			       index,	link->name,   NULL };
	const char *pipewire[] = { program, link->name, NULL };

	snprintf(index, sizeof(index), "%" PRIu64, wrap - FRAMES_TO_WRAP);
	snprintf(program, sizeof(program), "%s", bridge_program("leat-jack"));
	if (!start_side(soak, &link->jack_side, jack, "leat-jack.log"))
		return false;
	snprintf(program, sizeof(program), "%s",
		 bridge_program("leat-pipewire"));
	return start_side(soak, &link->pipewire_side, pipewire,
			  "leat-pipewire.log");
}

static bool start_clients(struct soak *soak, struct link *link, unsigned i)
{
	char sig[16], pass[16];

	snprintf(sig, sizeof(sig), "sig%u", i);
	snprintf(pass, sizeof(pass), "pass%u", i);
	return sig_jack_start(&link->jack, &soak->sandbox, soak->jackd.name,
			      sig, "--channels", "1", "--send", "--recv",
			      NULL) == 0 &&
	       sig_pw_start(&link->pass, &soak->sandbox, pass, "--channels",
			    "1", "--pass", NULL) == 0 &&
	       helper_tell(&link->jack,
			   "connect %s:send_1 leat-%s:to_pipewire_MONO", sig,
			   link->name) == 0 &&
	       helper_tell(&link->jack,
			   "connect leat-%s:from_pipewire_MONO %s:recv_1",
			   link->name, sig) == 0 &&
	       helper_tell(&link->pass,
			   "link leat.%s.source:capture_MONO %s:in_1",
			   link->name, pass) == 0 &&
	       helper_tell(&link->pass,
			   "link %s:out_1 leat.%s.sink:playback_MONO", pass,
			   link->name) == 0;
}

static bool is_in_state(const struct link *link, const char *state)
{
	struct leat_link_status status;

	return leat_status_query(link->name, &status) == 0 &&
	       strcmp(leat_link_status_state(&status), state) == 0;
}

/* Ports can be connected once the client is active. */
static bool is_idle(void *link)
{
	return is_in_state(link, "idle");
}

static bool is_running(void *link)
{
	return is_in_state(link, "running");
}

static bool start(struct soak *soak)
{
	if (jack_server_start(&soak->jackd, &soak->sandbox) != 0 ||
	    pipewire_server_start(&soak->pipewire, &soak->sandbox) != 0)
		return expect(soak, false, "does not start", "a server");
	for (unsigned i = 0; i < soak->n_links; i++) {
		struct link *link = &soak->links[i];

		snprintf(link->name, sizeof(link->name), "soak%u", i);
		if (!expect(soak, start_sides(soak, link, i), "does not start",
			    link->name))
			return false;
	}
	for (unsigned i = 0; i < soak->n_links; i++) {
		struct link *link = &soak->links[i];

		if (!expect(soak,
			    wait_for(is_idle, link, START_MS) &&
				    start_clients(soak, link, i) &&
				    wait_for(is_running, link, START_MS),
			    "does not come up", link->name))
			return false;
	}
	return true;
}

/* ---- what is looked at ---- */

static void take_footprints(struct soak *soak)
{
	for (unsigned i = 0; i < soak->n_links; i++) {
		struct link *link = &soak->links[i];

		expect(soak,
		       footprint_take(&link->before[0], link->jack_side.pid) &&
			       footprint_take(&link->before[1],
					      link->pipewire_side.pid),
		       "has ended", link->name);
	}
}

static long check_footprint(struct soak *soak, const char *whose,
			    const struct footprint *before, pid_t pid)
{
	struct footprint now;
	char text[2][128];

	if (!expect(soak, footprint_take(&now, pid), "has ended", whose))
		return 0;
	if (!expect(soak,
		    now.n_fds == before->n_fds &&
			    now.n_threads == before->n_threads &&
			    now.n_mappings == before->n_mappings &&
			    now.rss_kb - before->rss_kb <= GROWTH_MAX_KB,
		    "holds more than before", whose))
		printf("before %s; now %s\n", footprint_text(before, text[0]),
		       footprint_text(&now, text[1]));
	return now.rss_kb - before->rss_kb;
}

static void check_footprints(struct soak *soak)
{
	long most_kb = 0;

	for (unsigned i = 0; i < soak->n_links; i++) {
		struct link *link = &soak->links[i];
		const pid_t pids[2] = { link->jack_side.pid,
					link->pipewire_side.pid };

		for (int side = 0; side < 2; side++) {
			long kb = check_footprint(soak, link->name,
						  &link->before[side],
						  pids[side]);

			most_kb = kb > most_kb ? kb : most_kb;
		}
	}
	printf("descriptors, threads and mappings of %u processes are those of "
	       "the start; the most that one grew: %ld kB\n",
	       2 * soak->n_links, most_kb);
}

static uint64_t missed_by_jack(const struct leat_link_status *status)
{
	return status->jack.xruns + status->jack.skipped_periods;
}

/* And those that PipeWire was late for. */
static uint64_t missed_cycles(const struct leat_link_status *status)
{
	return missed_by_jack(status) +
	       status->direction[LEAT_TO_JACK].underruns +
	       status->direction[LEAT_TO_PIPEWIRE].overruns;
}

struct sums {
	int64_t frames, exact, missing, repeats;
	uint64_t n_cycles_missed;
};

static void check_link(struct soak *soak, struct link *link, struct sums *sums)
{
	int64_t wanted = (1 + CIRCLE_JACK_PERIODS) * PERIOD;
	struct leat_link_status status;
	char reply[HELPER_REPLY];
	int64_t missing;

	if (!expect(soak,
		    helper_ask(&link->jack, reply, "report") == 0 &&
			    leat_status_query(link->name, &status) == 0,
		    "does not answer", link->name))
		return;
	missing = helper_value(reply, "frames") - helper_value(reply, "exact");
	expect(soak, helper_value(reply, "corrupt") == 0, "corrupt frames",
	       link->name);
	expect(soak,
	       helper_value(reply, "repeats") <=
		       (int64_t)missed_by_jack(&status),
	       "repeated frames", link->name);
	expect(soak, helper_value(reply, "latency_now") == wanted,
	       "another latency than before", link->name);
	expect(soak, missing <= (int64_t)missed_cycles(&status) * PERIOD,
	       "frames are missing, and no cycle is", link->name);
	expect(soak, status.direction[LEAT_TO_JACK].frames > 2 * FRAMES_TO_WRAP,
	       "the index has not wrapped", link->name);
	sums->frames += helper_value(reply, "frames");
	sums->exact += helper_value(reply, "exact");
	sums->missing += missing;
	sums->repeats += helper_value(reply, "repeats");
	sums->n_cycles_missed += missed_cycles(&status);
}

static void check_links(struct soak *soak)
{
	struct sums sums = { 0 };

	for (unsigned i = 0; i < soak->n_links; i++)
		check_link(soak, &soak->links[i], &sums);
	printf("%u links: %" PRId64 " frames round, %" PRId64
	       " of them exact, %" PRId64 " missing and %" PRId64
	       " blocks played again in %" PRIu64
	       " cycles that a server missed\n",
	       soak->n_links, sums.frames, sums.exact, sums.missing,
	       sums.repeats, sums.n_cycles_missed);
}

/* ---- running ---- */

static void settle(struct soak *soak)
{
	sleep_ms(WARM_UP_MS);
	for (unsigned i = 0; i < soak->n_links; i++)
		expect(soak, helper_tell(&soak->links[i].jack, "reset") == 0,
		       "does not answer", soak->links[i].name);
	take_footprints(soak);
}

static void run(struct soak *soak, unsigned seconds)
{
	long long end_ms = now_ms() + (long long)seconds * 1000;

	settle(soak);
	while (soak->n_failures == 0 && now_ms() < end_ms) {
		long long left_ms = end_ms - now_ms();

		sleep_ms(left_ms > LOOK_MS ? LOOK_MS : (int)left_ms);
		check_links(soak);
	}
	check_footprints(soak);
}

/* Some at once, which keeps JACK busy: nobody takes that for its end. */
static void stop_sides(struct soak *soak, struct link *links, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		proc_signal(&links[i].pipewire_side, SIGTERM);
		proc_signal(&links[i].jack_side, SIGTERM);
	}
	for (unsigned i = 0; i < n; i++)
		expect(soak,
		       proc_stop(&links[i].pipewire_side, STOP_MS) == 0 &&
			       proc_stop(&links[i].jack_side, STOP_MS) == 0,
		       "does not end cleanly", links[i].name);
}

static int finish(struct soak *soak)
{
	for (unsigned i = 0; i < soak->n_links; i++) {
		proc_signal(&soak->links[i].jack.proc, SIGTERM);
		proc_signal(&soak->links[i].pass.proc, SIGTERM);
	}
	for (unsigned i = 0; i < soak->n_links; i++) {
		helper_stop(&soak->links[i].jack);
		helper_stop(&soak->links[i].pass);
	}
	for (unsigned i = 0; i < soak->n_links; i += AT_ONCE)
		stop_sides(soak, &soak->links[i],
			   soak->n_links - i < AT_ONCE ? soak->n_links - i
						       : AT_ONCE);
	pipewire_server_stop(&soak->pipewire);
	jack_server_stop(&soak->jackd);
	if (soak->n_failures) {
		sandbox_show(&soak->sandbox, "leat-jack.log");
		sandbox_show(&soak->sandbox, "leat-pipewire.log");
	}
	return sandbox_leave(&soak->sandbox);
}

int main(int argc, char **argv)
{
	static struct soak soak;
	unsigned seconds = SECONDS;
	const char *why;

	soak.n_links = LINKS;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--links") == 0 && i + 1 < argc)
			soak.n_links = (unsigned)strtoul(argv[++i], NULL, 10);
		else
			seconds = (unsigned)strtoul(argv[i], NULL, 10);
	}
	if (seconds == 0 || soak.n_links == 0 || soak.n_links > LINKS_MAX)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = !jack_server_is_installed()	? "jackd is not installed"
	      : !pipewire_server_is_installed() ? "pipewire is not installed"
						: sandbox_enter(&soak.sandbox);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	soak.jackd.name = "jack-test";
	soak.jackd.period = PERIOD;
	setenv("JACK_DEFAULT_SERVER", soak.jackd.name, 1);
	if (start(&soak))
		run(&soak, seconds);
	expect(&soak, finish(&soak) == 0, "left over", "a process");
	printf("%u failures\n", soak.n_failures);
	return soak.n_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
