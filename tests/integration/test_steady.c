/* SPDX-License-Identifier: MIT */
/*
 * What the JACK process thread of the bridge does when nothing happens,
 * counted from outside: its system calls by strace, its page faults by /proc,
 * its allocations by a preloaded library.
 */
#include "alloc-watch.h"
#include "bridge_main.h"

#include <CUnit/CUnit.h>

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PERIOD 256
#define CYCLES 1000

static struct bridge bridge;
static struct circle circle;
static const struct alloc_watch_slot *slots;
static char watch_env[128], preload_env[512];
static int process_tid;

static void test_comes_up(void)
{
	char path[128];
	static const char *env[] = { watch_env, preload_env, NULL };
	int fd;

	snprintf(watch_env, sizeof(watch_env), "LEAT_ALLOC_WATCH=%s",
		 sandbox_path(&bridge.sandbox, "watch", path, sizeof(path)));
	snprintf(preload_env, sizeof(preload_env), "LD_PRELOAD=%s",
		 getenv("LEAT_ALLOC_WATCH_LIBRARY"));
	bridge.jack_side_env = env;
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0);
	slots = mmap(NULL, ALLOC_WATCH_SLOTS * sizeof(*slots), PROT_READ,
		     MAP_SHARED, fd, 0);
	close(fd);
	CU_ASSERT_FATAL(slots != MAP_FAILED);
}

/* ---- which thread ---- */

static int realtime_thread(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int tid = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int candidate = atoi(entry->d_name);

		if (candidate > 0 && (sched_getscheduler(candidate) &
				      ~SCHED_RESET_ON_FORK) == SCHED_FIFO)
			tid = candidate;
	}
	if (dir)
		closedir(dir);
	return tid;
}

static void test_is_realtime(void)
{
	process_tid = realtime_thread(bridge.jack_side.pid);
	CU_ASSERT_FATAL(process_tid > 0);
	CU_ASSERT_NOT_EQUAL(process_tid, bridge.jack_side.pid);
}

/* ---- waiting for cycles ---- */

static uint64_t cycles_wanted;

static bool cycles_over(void *arg)
{
	struct leat_link_status status;

	(void)arg;
	return bridge_status(&status) && status.jack.cycles >= cycles_wanted;
}

static bool wait_cycles(uint64_t n_cycles)
{
	struct leat_link_status status;

	if (!bridge_status(&status))
		return false;
	cycles_wanted = status.jack.cycles + n_cycles;
	return wait_for(cycles_over, NULL, 60000);
}

/* ---- system calls ---- */

struct calls {
	uint64_t futex, sendto, others;
	uint64_t cycles, wakeups;
};

/* Lines of "strace -c -U name,calls". */
static void parse_calls(const char *path, struct calls *calls)
{
	char line[256], name[64];
	uint64_t n;
	FILE *file = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%63s %" SCNu64, name, &n) != 2 ||
		    strcmp(name, "total") == 0)
			continue;
		if (strcmp(name, "futex") == 0) {
			calls->futex += n;
		} else if (strcmp(name, "sendto") == 0) {
			calls->sendto += n;
		} else if (strcmp(name, "restart_syscall") != 0) {
			calls->others += n;
			fprintf(stderr, "system call: %s", line);
		}
	}
	fclose(file);
}

static bool traced(void *arg)
{
	char path[64], line[128];
	bool found = false;
	FILE *file;

	(void)arg;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status",
		 (int)bridge.jack_side.pid, process_tid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		found = found || (strncmp(line, "TracerPid:", 10) == 0 &&
				  atoi(line + 10) > 0);
	if (file)
		fclose(file);
	return found;
}

/* Count the calls of the process thread over some cycles. */
static struct calls count_calls(void)
{
	struct leat_link_status before, after;
	struct calls calls = { 0 };
	char path[128], tid[16];
	const char *argv[] = { "strace", "-c", "-U", "name,calls", "-o",
			       path,	 "-p", tid,  NULL };
	struct proc tracer = { 0 };
	const struct proc_options options = { .log = "/dev/null",
					      .merged = true };

	snprintf(tid, sizeof(tid), "%d", process_tid);
	sandbox_path(&bridge.sandbox, "strace.txt", path, sizeof(path));
	CU_ASSERT_EQUAL_FATAL(proc_start(&tracer, argv, &options), 0);
	CU_ASSERT_FATAL(wait_for(traced, NULL, 10000));
	CU_ASSERT_FATAL(bridge_status(&before));
	CU_ASSERT_FATAL(wait_cycles(CYCLES));
	CU_ASSERT_FATAL(bridge_status(&after));
	proc_signal(&tracer, SIGINT);
	CU_ASSERT_FATAL(proc_wait(&tracer, 10000));
	parse_calls(path, &calls);
	calls.cycles = after.jack.cycles - before.jack.cycles;
	calls.wakeups = after.direction[LEAT_TO_PIPEWIRE].wakeups -
			before.direction[LEAT_TO_PIPEWIRE].wakeups;
	return calls;
}

/*
 * Attaching and detaching take a while, in which the thread goes on: so the
 * trace may have some cycles more than the counters.
 */
#define SLACK 100

static void test_only_wakeups(void)
{
	struct calls calls;

	CU_ASSERT_FATAL(process_tid > 0);
	calls = count_calls();
	CU_ASSERT_EQUAL(calls.others, 0);
	/* One for each crossing, and one crossing for each cycle. */
	CU_ASSERT(calls.wakeups > CYCLES / 2);
	CU_ASSERT(calls.sendto >= calls.wakeups);
	CU_ASSERT(calls.sendto <= calls.wakeups + SLACK);
	CU_ASSERT(calls.sendto <= calls.cycles + SLACK);
	/* JACK's own: it sleeps, and wakes the next client. */
	CU_ASSERT(calls.futex <= 2 * (calls.cycles + SLACK));
	fprintf(stderr,
		"%" PRIu64 " cycles: %" PRIu64 " wake-ups, sendto %" PRIu64
		", futex %" PRIu64 ", others %" PRIu64 "\n",
		calls.cycles, calls.wakeups, calls.sendto, calls.futex,
		calls.others);
}

/* ---- page faults and allocations ---- */

static bool read_faults(uint64_t *minor, uint64_t *major)
{
	char path[64];
	bool good;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat",
		 (int)bridge.jack_side.pid, process_tid);
	file = fopen(path, "r");
	good = file && fscanf(file,
			      "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u "
			      "%" SCNu64 " %*u %" SCNu64,
			      minor, major) == 2;
	if (file)
		fclose(file);
	return good;
}

static void test_no_page_fault(void)
{
	uint64_t minor_before, major_before, minor_after, major_after;

	CU_ASSERT_FATAL(process_tid > 0);
	CU_ASSERT_FATAL(read_faults(&minor_before, &major_before));
	CU_ASSERT_FATAL(wait_cycles(CYCLES));
	CU_ASSERT_FATAL(read_faults(&minor_after, &major_after));
	CU_ASSERT_EQUAL(minor_after, minor_before);
	CU_ASSERT_EQUAL(major_after, major_before);
}

static uint64_t allocations_of(int tid)
{
	for (int i = 0; i < ALLOC_WATCH_SLOTS; i++)
		if (slots[i].tid == (uint32_t)tid)
			return slots[i].n_calls;
	return 0;
}

static void test_no_allocation(void)
{
	uint64_t before;

	CU_ASSERT_FATAL(process_tid > 0);
	/* The watch sees what others do. */
	CU_ASSERT(allocations_of(bridge.jack_side.pid) > 0);
	before = allocations_of(process_tid);
	CU_ASSERT_FATAL(wait_cycles(CYCLES));
	CU_ASSERT_EQUAL(allocations_of(process_tid), before);
}

/* ---- nobody listens ---- */

static void test_idle_is_silent(void)
{
	struct calls calls;

	CU_ASSERT_FATAL(process_tid > 0);
	helper_stop(&circle.pass);
	CU_ASSERT_FATAL(bridge_wait_state("idle", 10000));
	/* The block that was asked for last may still be announced. */
	CU_ASSERT_FATAL(wait_cycles(10));
	calls = count_calls();
	CU_ASSERT_EQUAL(calls.sendto, 0);
	CU_ASSERT_EQUAL(calls.others, 0);
}

static void test_ends_cleanly(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "steady state", "comes up", test_comes_up },
	{ "steady state", "the process thread is realtime", test_is_realtime },
	{ "steady state", "one system call per crossing", test_only_wakeups },
	{ "steady state", "no page fault", test_no_page_fault },
	{ "steady state", "no allocation", test_no_allocation },
	{ "steady state", "nobody is woken while idle", test_idle_is_silent },
	{ "steady state", "ends cleanly", test_ends_cleanly },
};

BRIDGE_MAIN(bridge, PERIOD, tests)
