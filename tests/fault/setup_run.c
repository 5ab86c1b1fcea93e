/* SPDX-License-Identifier: MIT */
#include "setup_run.h"

#include "sentences.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXACT_FRAMES (8 * PERIOD)
#define LINES_MAX 64

const struct subject subjects[N_SUBJECTS] = {
	[JACK_SIDE] = { "jack", "leat-jack", { "--channels", "2", LINK } },
	[PIPEWIRE_SIDE] = { "pipewire", "leat-pipewire", { LINK } },
	[STATUS] = { "status", "leat-status", { LINK } },
	[UP] = { "up", "leat-up", { "--no-private", LINK } },
	[PRIVATE] = { "private",
		      "leat-up",
		      { "--duration", "60", "--demo", SOUND, LINK } },
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

const char *path_of(const struct run *run, const char *name)
{
	static char path[256];

	return sandbox_path(&run->bridge.sandbox, name, path, sizeof(path));
}

void read_text(const struct run *run, const char *name, char *text)
{
	FILE *file = fopen(path_of(run, name), "re");
	size_t n = 0;

	if (file) {
		n = fread(text, 1, TEXT_BYTES - 1, file);
		fclose(file);
	}
	text[n] = 0;
}

/* Remember what is in a folder; or find what was not, and put it into name. */
static bool is_listed(const struct run *run, const char *name)
{
	for (int i = 0; i < run->n_known; i++)
		if (strcmp(run->known[i], name) == 0)
			return true;
	return false;
}

void list_files(struct run *run, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	run->n_known = 0;
	while (dir && (entry = readdir(dir)) && run->n_known < KNOWN_MAX)
		snprintf(run->known[run->n_known++], sizeof(run->known[0]),
			 "%s", entry->d_name);
	if (dir)
		closedir(dir);
}

static bool find_new(struct run *run, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		/* libjack's database of metadata, a folder, stays. */
		found = strncmp(entry->d_name, "jack_db", 7) != 0 &&
			!is_listed(run, entry->d_name);
		if (found)
			snprintf(run->left, sizeof(run->left), "%s",
				 entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

int count_files(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

bool make_board(struct run *run)
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

bool start_subject(struct run *run, const struct fail_order *order)
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
	strcpy(run->left, "beside the link");
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

enum outcome wait_outcome(struct run *run, int timeout_ms)
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
	int n = find_news(run, text, lines), n_own = 0;
	const char *missing = "says nothing";

	for (int i = n - 1; i >= 0 && missing; i--)
		missing = missing_in(lines[i], order->site.call, order->error);
	if (missing)
		complain(run, "its sentence %s%s%s%s", missing,
			 n > 0 ? ": '" : "", n > 0 ? lines[n - 1] : "",
			 n > 0 ? "'" : "");
	/* Other programs' words, quoted, are no sentences of its own. */
	for (int i = 0; i < n; i++)
		n_own += !strstr(lines[i], " said: ");
	if (must_be_one && n_own > 1)
		complain(run, "%d lines instead of one: '%s', '%s'", n_own,
			 lines[0], lines[1]);
}

/* ---- what it leaves ---- */

const struct proc *survivor_of(const struct run *run)
{
	return run->subject == JACK_SIDE ? &run->bridge.pipewire_side
					 : &run->bridge.jack_side;
}

/*
 * From PipeWire 1.2 on each of a client's two loops, the main thread's and the
 * data thread's, has an eventfd for each call from a thread to it that waits for
 * an answer, and keeps it: how many depends on how many of them wait at once.
 * doc/reliability.md has what shows that.
 */
static bool holds_more(const struct footprint *now,
		       const struct footprint *before, long n_pooled)
{
	long others = now->n_fds - now->n_eventfds;

	return others > before->n_fds - before->n_eventfds ||
	       now->n_eventfds > before->n_eventfds + n_pooled;
}

/* Whether a process holds as much as before; else what. */
static bool is_as(pid_t pid, const struct footprint *before, long n_pooled,
		  char text[64])
{
	struct footprint now = { 0 };

	if (!footprint_take(&now, pid))
		return false;
	snprintf(text, 64, "%+ld descriptors, %+ld threads",
		 now.n_fds - before->n_fds, now.n_threads - before->n_threads);
	/* What could not be had, and is not needed, is missing. */
	return !holds_more(&now, before, n_pooled) &&
	       now.n_threads == before->n_threads;
}

static bool survivor_is_usual(void *arg)
{
	struct run *run = arg;

	return is_as(survivor_of(run)->pid, &run->survivor,
		     run->subject == JACK_SIDE ? N_POOLED : 0, run->difference);
}

static bool is_usual(void *arg)
{
	struct run *run = arg;

	return is_as(run->proc.pid, &run->usual,
		     run->subject == PIPEWIRE_SIDE ? N_POOLED : 0,
		     run->difference);
}

static bool nothing_left(void *arg)
{
	struct run *run = arg;
	char path[256];

	snprintf(path, sizeof(path), "%s/leat", run->bridge.sandbox.dir);
	return !find_new(run, "/dev/shm") &&
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

bool has_survivor(const struct run *run)
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
		complain(run, "files are left: %s", run->left);
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

enum outcome play(struct run *run, const struct fail_order *order,
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
	 * that it locks are its own counters, and for leat-jack the third has
	 * those of the other side.
	 */
	if (outcome == CAME_UP && run->subject <= PIPEWIRE_SIDE &&
	    strcmp(order->site.call, "mlock") == 0 &&
	    (order->nth > (run->subject == JACK_SIDE ? 2 : 1) ||
	     order->deed == FAIL_ALWAYS))
		judge_words(run, order, true);
	if (outcome != ENDED)
		stop_subject(run);
	judge_rest(run);
	return outcome;
}
