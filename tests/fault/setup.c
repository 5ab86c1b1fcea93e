/* SPDX-License-Identifier: MIT */
/*
 * fault-setup: every call that our programs make until a link is up, and that
 * can fail, fails in turn, on real servers.
 *
 *   fault-setup [--long] [--seconds N] [--only PROGRAM] [--call NAME]
 *               [--list]
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
#include "integration/bridge.h"

#include "fail.h"
#include "footprint.h"
#include "sentences.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PERIOD 256
#define UP_MS 15000
#define HANG_MS 1500
#define END_MS 5000
#define EXACT_FRAMES (8 * PERIOD)
#define SECONDS 18
#define LINES_MAX 64
#define TEXT_BYTES 16384
#define NTHS_MAX 3
#define SOUND "/usr/share/sounds/alsa/Front_Center.wav"

enum subject_kind { JACK_SIDE, PIPEWIRE_SIDE, STATUS, UP, PRIVATE, N_SUBJECTS };

static const struct {
	const char *name;    /* as --only has it */
	const char *program; /* whose calls fail */
	const char *argv[8]; /* after the path of it */
} subjects[] = {
	[JACK_SIDE] = { "jack", "leat-jack", { "--channels", "2", LINK } },
	[PIPEWIRE_SIDE] = { "pipewire", "leat-pipewire", { LINK } },
	[STATUS] = { "status", "leat-status", { LINK } },
	[UP] = { "up", "leat-up", { "--no-private", LINK } },
	[PRIVATE] = { "private",
		      "leat-up",
		      { "--duration", "60", "--demo", SOUND, LINK } },
};

enum outcome { CAME_UP, ENDED, WAITS };

static const char *const outcome_names[] = { "comes up", "ends", "waits" };

struct run {
	struct bridge bridge;
	struct circle circle;
	struct fail_board *board;
	char preload[2][512]; /* for the environment */
	enum subject_kind subject;
	struct proc proc;	     /* of the subject */
	struct footprint usual;	     /* when it is up */
	char difference[64];	     /* from one of these: */
	struct footprint survivor;   /* when it is away */
	char usual_text[TEXT_BYTES]; /* what it says when all is well */
	struct fail_site sites[FAIL_SITES_MAX]; /* of the subject */
	uint32_t n_sites;
	bool connected; /* in this life of the subject */
	bool may_leave_lock;
	int patience_ms; /* until something is taken for left */
	int n_shm, n_links;
	char complaint[512]; /* of the latest run; "": none */
	unsigned n_runs, n_failures;
	unsigned n_outcomes[3];
	/* what was asked for */
	bool is_long, lists;
	int seconds;
	const char *only, *call;
};

/* ---- complaints ---- */

static void complain(struct run *run, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static void complain(struct run *run, const char *format, ...)
{
	size_t n = strlen(run->complaint);
	va_list args;

	va_start(args, format);
	n += (size_t)snprintf(run->complaint + n, sizeof(run->complaint) - n,
			      "%s", n > 0 ? "; " : "");
	if (n < sizeof(run->complaint))
		vsnprintf(run->complaint + n, sizeof(run->complaint) - n,
			  format, args);
	va_end(args);
}

/* ---- files ---- */

static const char *path_of(const struct run *run, const char *name)
{
	static char path[256];

	return sandbox_path(&run->bridge.sandbox, name, path, sizeof(path));
}

static void read_text(const struct run *run, const char *name, char *text)
{
	FILE *file = fopen(path_of(run, name), "re");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, TEXT_BYTES - 1, file);
		fclose(file);
	}
	text[n] = 0;
}

static int count_files(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static bool make_board(struct run *run)
{
	const char *library = getenv("LEAT_FAIL_LIBRARY");
	int fd =
		open(path_of(run, "board"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *map;

	if (!library || fd < 0 || ftruncate(fd, (off_t)sizeof(*run->board)) < 0)
		return false;
	map = mmap(NULL, sizeof(*run->board), PROT_READ | PROT_WRITE,
		   MAP_SHARED, fd, 0);
	close(fd);
	run->board = map == MAP_FAILED ? NULL : map;
	snprintf(run->preload[0], sizeof(run->preload[0]), "LD_PRELOAD=%s",
		 library);
	snprintf(run->preload[1], sizeof(run->preload[1]), "LEAT_FAIL_BOARD=%s",
		 path_of(run, "board"));
	return run->board != NULL;
}

/* ---- the program under test ---- */

static bool start_subject(struct run *run, const struct fail_order *order)
{
	const char *env[] = { run->preload[0], run->preload[1], NULL };
	const struct proc_options options = { .env = env };
	char program[512], command[1024];
	const char *argv[16] = { "sh", "-c", command, "sh", program };

	memset(run->board, 0, sizeof(*run->board));
	strcpy(run->board->program, subjects[run->subject].program);
	if (order)
		run->board->order = *order;
	run->complaint[0] = 0;
	run->connected = false;
	run->may_leave_lock = order && may_leave_lock(order->site.call);
	unlink(path_of(run, "out.log"));
	unlink(path_of(run, "err.log"));
	strcpy(program, bridge_program(subjects[run->subject].program));
	snprintf(command, sizeof(command),
		 "exec \"$@\" >%s/out.log 2>%s/err.log",
		 run->bridge.sandbox.dir, run->bridge.sandbox.dir);
	for (int i = 0; subjects[run->subject].argv[i]; i++)
		argv[5 + i] = subjects[run->subject].argv[i];
	return proc_start(&run->proc, argv, &options) == 0;
}

static bool ask(struct helper *helper, const char *command, const char *name)
{
	char reply[HELPER_REPLY];

	return helper_ask(helper, reply, "%s %s", command, name) == 0;
}

/* What the subject makes anew has to be connected anew. */
static bool connect_circle(struct run *run)
{
	bool jack = run->subject != PIPEWIRE_SIDE;
	bool pipewire = run->subject != JACK_SIDE;
	char reply[HELPER_REPLY];

	if (helper_ask(&run->circle.jack, reply,
		       "wait-port leat-test:from_pipewire_FR 0") < 0 ||
	    helper_ask(&run->circle.pass, reply,
		       "wait-port leat.test.sink:playback_FR 0") < 0)
		return false;
	return (!jack || circle_connect(&run->circle)) &&
	       (!pipewire || circle_link(&run->circle));
}

static bool is_in_state(const char *wanted)
{
	struct leat_link_status status;

	return bridge_status(&status) &&
	       strcmp(leat_link_status_state(&status), wanted) == 0;
}

static bool carries(struct run *run)
{
	if (!run->connected &&
	    is_in_state(run->subject == JACK_SIDE ? "running" : "idle"))
		run->connected = connect_circle(run);
	return run->connected && is_in_state("running") &&
	       circle_wait_exact(&run->circle, EXACT_FRAMES, 300);
}

static bool is_up(struct run *run)
{
	char text[TEXT_BYTES];

	switch (run->subject) {
	case STATUS:
		return false;
	case PRIVATE:
		read_text(run, "out.log", text);
		return strstr(text, "all identical") != NULL;
	default:
		return carries(run);
	}
}

static enum outcome wait_outcome(struct run *run, int timeout_ms)
{
	long long end_ms = now_ms() + timeout_ms;

	while (now_ms() < end_ms) {
		if (!proc_is_running(&run->proc))
			return ENDED;
		if (is_up(run))
			return CAME_UP;
		sleep_ms(5);
	}
	return WAITS;
}

/* ---- what it says ---- */

/*
 * Its lines that it does not say when all is well; what programs that it has
 * started say is theirs.
 */
static int find_news(struct run *run, char *text, char *lines[LINES_MAX])
{
	const char *name = subjects[run->subject].program;
	char *rest = text, *line;
	int n = 0;

	read_text(run, "err.log", text);
	while ((line = strsep(&rest, "\n")) && n < LINES_MAX)
		if (strstr(line, name) == line &&
		    !strstr(run->usual_text, line))
			lines[n++] = line;
	return n;
}

static void judge_words(struct run *run, const struct fail_order *order,
			bool must_be_one)
{
	char text[TEXT_BYTES];
	char *lines[LINES_MAX];
	int n = find_news(run, text, lines);
	const char *missing = "says nothing";

	for (int i = n - 1; i >= 0 && missing; i--)
		missing = missing_in(lines[i], order->site.call, order->error);
	if (missing)
		complain(run, "its sentence %s%s%s%s", missing,
			 n > 0 ? ": '" : "", n > 0 ? lines[n - 1] : "",
			 n > 0 ? "'" : "");
	if (must_be_one && n > 1)
		complain(run, "%d lines instead of one: '%s', '%s'", n,
			 lines[0], lines[1]);
}

/* ---- what it leaves ---- */

static const struct proc *survivor_of(const struct run *run)
{
	return run->subject == JACK_SIDE ? &run->bridge.pipewire_side
					 : &run->bridge.jack_side;
}

/* Whether a process holds as much as before; else what. */
static bool is_as(pid_t pid, const struct footprint *before, char text[64])
{
	struct footprint now = { 0 };

	if (!footprint_take(&now, pid))
		return false;
	snprintf(text, 64, "%+ld descriptors, %+ld threads",
		 now.n_fds - before->n_fds, now.n_threads - before->n_threads);
	/* What could not be had, and is not needed, is missing. */
	return now.n_fds <= before->n_fds && now.n_threads == before->n_threads;
}

static bool survivor_is_usual(void *arg)
{
	struct run *run = arg;

	return is_as(survivor_of(run)->pid, &run->survivor, run->difference);
}

static bool is_usual(void *arg)
{
	struct run *run = arg;

	return is_as(run->proc.pid, &run->usual, run->difference);
}

static bool nothing_left(void *arg)
{
	struct run *run = arg;
	char path[256];

	snprintf(path, sizeof(path), "%s/leat", run->bridge.sandbox.dir);
	return count_files("/dev/shm") == run->n_shm &&
	       count_files(path) <= run->n_links + run->may_leave_lock;
}

static bool no_client(void *arg)
{
	struct run *run = arg;

	return !ask(&run->circle.jack, "wait-port",
		    "leat-test:from_pipewire_FL 0");
}

static bool no_node(void *arg)
{
	struct run *run = arg;

	return !ask(&run->circle.pass, "wait-port",
		    "leat.test.sink:playback_FL 0");
}

static bool has_survivor(const struct run *run)
{
	return run->subject == JACK_SIDE || run->subject == PIPEWIRE_SIDE ||
	       run->subject == STATUS;
}

static void judge_rest(struct run *run)
{
	if (run->board->ended && run->board->n_fds_left > 0)
		complain(run, "%u descriptors not closed",
			 run->board->n_fds_left);
	if (run->board->ended && run->board->n_blocks_left > 0)
		complain(run, "%u blocks of memory not freed",
			 run->board->n_blocks_left);
	if (!wait_for(nothing_left, run, run->patience_ms))
		complain(run, "files are left");
	if (has_survivor(run) &&
	    !wait_for(survivor_is_usual, run, run->patience_ms))
		complain(run, "the other side holds more than before: %s",
			 run->difference);
	if ((run->subject == JACK_SIDE || run->subject == UP) &&
	    !wait_for(no_client, run, run->patience_ms))
		complain(run, "a client of JACK is left");
	if ((run->subject == PIPEWIRE_SIDE || run->subject == UP) &&
	    !wait_for(no_node, run, run->patience_ms))
		complain(run, "a node of PipeWire is left");
}

/* ---- one run ---- */

static void judge_end(struct run *run, const struct fail_order *order)
{
	int status = proc_exit_status(&run->proc);

	if (run->subject == STATUS && status == 0)
		return;
	if (status > 128)
		complain(run, "ended by signal %d", status - 128);
	else if (status != 1)
		complain(run, "ended with status %d", status);
	judge_words(run, order, true);
}

static void stop_subject(struct run *run)
{
	int status = proc_stop(&run->proc, END_MS);

	if (status == 128 + SIGKILL)
		complain(run, "did not end on SIGTERM");
	else if (status != 0)
		complain(run, "ended on SIGTERM with status %d", status);
}

static enum outcome play(struct run *run, const struct fail_order *order,
			 int timeout_ms)
{
	enum outcome outcome;

	if (!start_subject(run, order)) {
		complain(run, "does not start");
		return ENDED;
	}
	outcome = wait_outcome(run, timeout_ms);
	run->board->closed = 1;
	if (outcome == ENDED)
		judge_end(run, order);
	else if (outcome == CAME_UP &&
		 !wait_for(is_usual, run, run->patience_ms))
		complain(run, "it holds more than usual: %s", run->difference);
	else if (outcome == WAITS && order->deed != FAIL_ALWAYS)
		complain(run, "hangs");
	if (outcome == WAITS && order->deed == FAIL_ALWAYS)
		judge_words(run, order, false);
	/*
	 * Without that right it runs, and says what it lacks. The first two
	 * that it locks are pages of counters.
	 */
	if (outcome == CAME_UP && run->subject <= PIPEWIRE_SIDE &&
	    strcmp(order->site.call, "mlock") == 0 &&
	    (order->nth > 1 || order->deed == FAIL_ALWAYS))
		judge_words(run, order, true);
	if (outcome != ENDED)
		stop_subject(run);
	judge_rest(run);
	return outcome;
}

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

static bool enter_subject(struct run *run)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/leat", run->bridge.sandbox.dir);
	if (!start_survivor(run) || !connect_survivor(run) || !survey(run) ||
	    !note_survivor(run))
		return false;
	run->n_shm = count_files("/dev/shm");
	run->n_links = count_files(path);
	return true;
}

/* Calls that nobody has thought of are not passed over. */
static void check_table(struct run *run)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < run->n_sites; i++) {
		if (errors_of(run->sites[i].call)) {
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

static void try_subject(struct run *run, enum subject_kind kind)
{
	unsigned n_before = run->n_runs;

	run->subject = kind;
	if (run->only && strcmp(run->only, subjects[kind].name) != 0)
		return;
	if (kind == PRIVATE && !enter_private(run)) {
		printf("%s: skipped: %s is not installed\n",
		       subjects[kind].name, SOUND);
		return;
	}
	if (!enter_subject(run)) {
		printf("FAILED: %s does not come up\n", subjects[kind].name);
		read_text(run, "err.log", run->usual_text);
		printf("%s", run->usual_text);
		run->n_failures++;
		return;
	}
	check_table(run);
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
