/* SPDX-License-Identifier: MIT */
/*
 * fault-setup: every call that our programs make until a link is up, and that
 * can fail, fails in turn, on real servers.
 *
 *   fault-setup [--long] [--seconds N] [--call NAME] [--list]
 *               [--only jack|pipewire|status|up|private]
 *
 * First each program runs as ever, and which of its calls come from where is
 * noted. Then each of these fails: once, at its first call and at later ones,
 * and from then on; with each errno that its manual gives to circumstances.
 * Either the link comes up in spite of it, which a circle of audio shows; or the
 * program ends, with status 1 and one sentence that names what failed and what
 * to do. It does not crash or hang, and leaves nothing behind: descriptors,
 * memory, files, clients, nodes; and the other side of the link lives on.
 *
 * The short form takes a sample of them, for so many seconds. In both, what is
 * to be found is planted first, and has to be found.
 */
#include "sentences.h"
#include "setup_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Until one that is planted has hung for long enough. */
#define HANG_MS 1500

#define SECONDS 15
#define NTHS_MAX 3

static const char *const outcome_names[] = { "comes up", "ends", "waits" };

/* Where in the sources it is. */
static void tell_place(const struct run *run, const struct fail_site *site)
{
	char module[512], address[32], text[1024] = "";
	const char *argv[] = { "addr2line", "-s",   "-f",    "-p",
			       "-e",	    module, address, NULL };

	if (site->module == FAIL_ANYWHERE) {
		printf("%s (anywhere)", site->call);
		return;
	}
	snprintf(module, sizeof(module), "%s",
		 bridge_program(subjects[run->subject].program));
	if (site->module == FAIL_LIBLEAT)
		snprintf(module, sizeof(module), "%s/../libleat.so",
			 getenv("LEAT_TOOLS_DIR"));
	/* The call is before where it returns to. */
	snprintf(address, sizeof(address), "0x%llx",
		 (unsigned long long)site->offset - 1);
	if (proc_run(argv, NULL, text, sizeof(text), 5000) != 0)
		snprintf(text, sizeof(text), "%s+%s", module, address);
	text[strcspn(text, "\n")] = 0;
	printf("%s() in %s", site->call, text);
}

static void tell(struct run *run, const struct fail_order *order,
		 enum outcome outcome)
{
	bool fails = run->complaint[0] != 0;

	if (!fails && !run->lists)
		return;
	printf("%s: %s: ", fails ? "FAILED" : "ok",
	       subjects[run->subject].name);
	tell_place(run, &order->site);
	printf(": call %u%s: %s: %s%s%s\n", order->nth + 1,
	       order->deed == FAIL_ALWAYS ? " and later" : "",
	       strerrorname_np(order->error), outcome_names[outcome],
	       fails ? ", but " : "", run->complaint);
}

static void try_point(struct run *run, const struct fail_order *order)
{
	enum outcome outcome = play(run, order, UP_MS);

	run->n_runs++;
	run->n_outcomes[outcome]++;
	run->n_failures += run->complaint[0] != 0;
	tell(run, order, outcome);
}

/* ---- all points of a subject ---- */

static bool is_wanted(const struct run *run, const struct fail_site *site)
{
	return !run->call || strcmp(run->call, site->call) == 0;
}

static void try_site(struct run *run, const struct fail_site *site)
{
	const int *errors = errors_of(site->call);
	uint32_t n = site->n_calls < NTHS_MAX ? site->n_calls : NTHS_MAX;

	for (; *errors; errors++) {
		struct fail_order order = { .site = *site, .error = *errors };

		order.deed = FAIL_ONCE;
		for (order.nth = 0; order.nth < n; order.nth++)
			try_point(run, &order);
		order.deed = FAIL_ALWAYS;
		order.nth = 0;
		/* What has to be tried again may be so for ever. */
		if (!is_passing(site->call, order.error))
			try_point(run, &order);
	}
}

/* Each site's first call, with one errno after the other, while there is time. */
static void try_some(struct run *run, int seconds)
{
	long long end_ms = now_ms() + seconds * 1000LL;
	uint32_t n = run->n_sites;

	/* 7919 is a prime: all sites have their turn, far ones one by one. */
	for (uint32_t i = 0; i < n && now_ms() < end_ms; i++) {
		const struct fail_site *site = &run->sites[i * 7919 % n];
		const int *errors = errors_of(site->call);
		struct fail_order order = { .site = *site, .deed = FAIL_ONCE };

		if (!is_wanted(run, site))
			continue;
		order.error = errors[0];
		if (is_passing(site->call, order.error) || (i % 2 && errors[1]))
			order.error = errors[1] ? errors[1] : errors[0];
		try_point(run, &order);
	}
}

static bool survey(struct run *run)
{
	bool ok;

	if (!start_subject(run, NULL))
		return false;
	run->usual_text[0] = 0;
	ok = wait_outcome(run, UP_MS) ==
	     (run->subject == STATUS ? ENDED : CAME_UP);
	run->board->closed = 1;
	if (ok && run->subject != STATUS)
		ok = footprint_take(&run->usual, run->proc.pid);
	read_text(run, "err.log", run->usual_text);
	ok = proc_stop(&run->proc, END_MS) == 0 && ok;
	memcpy(run->sites, run->board->sites, sizeof(run->sites));
	run->n_sites = run->board->n_sites;
	return ok;
}

/* ---- subjects ---- */

static bool start_survivor(struct run *run)
{
	static const char *const wait_args[] = { "--wait", NULL };

	run->bridge.jack_side_args = wait_args;
	run->bridge.pipewire_args = wait_args;
	switch (run->subject) {
	case JACK_SIDE:
		return bridge_start_pipewire_side(&run->bridge);
	case PIPEWIRE_SIDE:
		return bridge_start_jack_side(&run->bridge);
	case STATUS:
		return bridge_start_jack_side(&run->bridge) &&
		       bridge_start_pipewire_side(&run->bridge) &&
		       bridge_wait_state("idle", UP_MS);
	default:
		return true;
	}
}

static void stop_survivor(struct run *run)
{
	proc_stop(&run->bridge.pipewire_side, END_MS);
	proc_stop(&run->bridge.jack_side, END_MS);
}

/* Of the other side, when the subject has gone: not until it has settled. */
static bool note_survivor(struct run *run)
{
	const struct proc *proc = run->subject == JACK_SIDE
					  ? &run->bridge.pipewire_side
					  : &run->bridge.jack_side;

	sleep_ms(300);
	return !has_survivor(run) || footprint_take(&run->survivor, proc->pid);
}

static bool connect_survivor(struct run *run)
{
	if (run->subject == JACK_SIDE) {
		/* Its nodes come with the first leat-jack, and stay. */
		if (!start_subject(run, NULL) ||
		    !bridge_wait_state("idle", UP_MS) ||
		    !circle_link(&run->circle))
			return false;
		return proc_stop(&run->proc, END_MS) == 0;
	}
	if (run->subject == PIPEWIRE_SIDE)
		return bridge_wait_state("no-peer", UP_MS) &&
		       circle_connect(&run->circle);
	return true;
}

/* NULL, or what is not there. */
static const char *enter_subject(struct run *run)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/leat", run->bridge.sandbox.dir);
	if (!start_survivor(run))
		return "the other side does not start";
	if (!connect_survivor(run))
		return "the other side is not connected";
	if (!survey(run))
		return "it does not come up, or not end";
	if (!note_survivor(run))
		return "the other side is gone";
	list_files(run, "/dev/shm");
	run->n_links = count_files(path);
	return NULL;
}

/* Calls that nobody has thought of are not passed over. */
static void check_table(struct run *run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->n_sites; i++) {
		const int *errors = errors_of(run->sites[i].call);

		/* One that only fails where it is asked of the wrong thing. */
		if (errors && errors[0] == 0)
			continue;
		if (errors) {
			run->sites[n++] = run->sites[i];
			continue;
		}
		printf("FAILED: no errno is known for %s()\n",
		       run->sites[i].call);
		run->n_failures++;
	}
	run->n_sites = n;
}

static void list_sites(struct run *run)
{
	for (uint32_t i = 0; i < run->n_sites; i++) {
		tell_place(run, &run->sites[i]);
		printf(": %u calls\n", run->sites[i].n_calls);
	}
}

/* ---- what is planted is found ---- */

static const struct {
	enum fail_deed deed;
	const char *complaint; /* has to have this */
} twins[] = {
	{ FAIL_CRASH, "ended by signal 11" },
	{ FAIL_EXIT, "says nothing" },
	{ FAIL_SAY_TWICE, "2 lines" },
	{ FAIL_SAY_NOTHING, "does not have" },
	{ FAIL_HANG, "hangs" },
	{ FAIL_LEAK_FD, "more than usual" },
	{ FAIL_LEAK_FD, "descriptors not closed" },
	{ FAIL_LEAK_MEMORY, "not freed" },
	{ FAIL_LEAK_FILE, "files are left" },
};

static void remove_left(const struct run *run)
{
	unlink(path_of(run, "leat/.left"));
}

static void try_twins(struct run *run)
{
	const struct fail_site *site = run->sites;
	struct fail_order order = { .error = EMFILE };

	/* The link's folder is there by then. */
	for (uint32_t i = 0; i < run->n_sites; i++)
		if (strcmp(run->sites[i].call, "memfd_create") == 0)
			site = &run->sites[i];
	order.site = *site;
	run->patience_ms = HANG_MS / 3;
	for (size_t i = 0; i < sizeof(twins) / sizeof(twins[0]); i++) {
		order.deed = twins[i].deed;
		(void)play(run, &order,
			   order.deed == FAIL_HANG ? HANG_MS : UP_MS);
		remove_left(run);
		if (run->lists)
			printf("planted: %s\n", run->complaint);
		if (strstr(run->complaint, twins[i].complaint))
			continue;
		printf("FAILED: what was planted was not found: '%s' is not "
		       "in '%s'\n",
		       twins[i].complaint, run->complaint);
		run->n_failures++;
	}
	run->patience_ms = END_MS;
}

/* ---- all of them ---- */

static bool start_circle(struct run *run)
{
	struct bridge *bridge = &run->bridge;

	run->circle.period = PERIOD;
	return sig_jack_start(&run->circle.jack, &bridge->sandbox,
			      bridge->jack.name, "sig", "--send", "--recv",
			      NULL) == 0 &&
	       sig_pw_start(&run->circle.pass, &bridge->sandbox, "pass",
			    "--pass", NULL) == 0;
}

static bool enter_private(struct run *run)
{
	circle_stop(&run->circle);
	pipewire_server_stop(&run->bridge.pipewire);
	jack_server_stop(&run->bridge.jack);
	unsetenv("JACK_DEFAULT_SERVER");
	return access(SOUND, R_OK) == 0;
}

/* What leat-up does with its own servers as with ours has had its turn. */
static void note_seen(struct run *run)
{
	run->subject = UP;
	if (!survey(run))
		return;
	memcpy(run->seen, run->sites, sizeof(run->seen));
	run->n_seen = run->n_sites;
}

static bool was_seen(const struct run *run, const struct fail_site *site)
{
	for (uint32_t i = 0; i < run->n_seen; i++)
		if (run->seen[i].module == site->module &&
		    run->seen[i].offset == site->offset &&
		    strcmp(run->seen[i].call, site->call) == 0)
			return true;
	return false;
}

static void drop_seen(struct run *run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->n_sites; i++)
		if (!was_seen(run, &run->sites[i]))
			run->sites[n++] = run->sites[i];
	run->n_sites = n;
}

static void try_subject(struct run *run, enum subject_kind kind)
{
	unsigned n_before = run->n_runs;
	const char *missing;

	run->subject = kind;
	if (run->only && strcmp(run->only, subjects[kind].name) != 0)
		return;
	if (kind == PRIVATE) {
		note_seen(run);
		run->subject = kind;
	}
	if (kind == PRIVATE && !enter_private(run)) {
		printf("%s: skipped: %s is not installed\n",
		       subjects[kind].name, SOUND);
		return;
	}
	missing = enter_subject(run);
	if (missing) {
		printf("FAILED: %s: %s\n", subjects[kind].name, missing);
		read_text(run, "err.log", run->usual_text);
		printf("%s", run->usual_text);
		bridge_show(&run->bridge);
		run->n_failures++;
		stop_survivor(run);
		return;
	}
	check_table(run);
	if (kind == PRIVATE)
		drop_seen(run);
	if (run->lists && !run->is_long)
		list_sites(run);
	if (kind == JACK_SIDE)
		try_twins(run);
	if (!run->is_long)
		try_some(run, run->seconds / 3);
	for (uint32_t i = 0; run->is_long && i < run->n_sites; i++)
		if (is_wanted(run, &run->sites[i]))
			try_site(run, &run->sites[i]);
	stop_survivor(run);
	printf("%s: calls from %u places, %u runs\n", subjects[kind].name,
	       run->n_sites, run->n_runs - n_before);
}

static bool parse(struct run *run, int argc, char **argv)
{
	run->seconds = SECONDS;
	run->patience_ms = END_MS;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--long") == 0)
			run->is_long = true;
		else if (strcmp(argv[i], "--list") == 0)
			run->lists = true;
		else if (i + 1 == argc)
			return false;
		else if (strcmp(argv[i], "--seconds") == 0)
			run->seconds = atoi(argv[++i]);
		else if (strcmp(argv[i], "--only") == 0)
			run->only = argv[++i];
		else if (strcmp(argv[i], "--call") == 0)
			run->call = argv[++i];
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct run run;
	const char *why;

	if (!parse(&run, argc, argv))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	why = bridge_init(&run.bridge, PERIOD);
	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	if (!make_board(&run) || !bridge_start_servers(&run.bridge) ||
	    !start_circle(&run)) {
		printf("FAILED: the servers do not start\n");
		run.n_failures++;
	}
	for (int i = 0; i < N_SUBJECTS && run.board; i++) {
		/* The short form leaves out servers that start each time. */
		if (i == PRIVATE && !run.is_long && !run.only)
			break;
		try_subject(&run, (enum subject_kind)i);
	}
	circle_stop(&run.circle);
	if (bridge_finish(&run.bridge) != 0) {
		printf("FAILED: a process is left over\n");
		run.n_failures++;
	}
	printf("%u runs: %u came up, %u ended, %u wait; %u failures\n",
	       run.n_runs, run.n_outcomes[CAME_UP], run.n_outcomes[ENDED],
	       run.n_outcomes[WAITS], run.n_failures);
	return run.n_failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
