/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include "cli/log.h"
#include "cli/now.h"
#include "cli/options.h"
#include <leat/link.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define PIDS_MAX 64

/* More than a processor's cache. */
#define MEMORY_BYTES (64u << 20)
#define FILE_BYTES (64u << 20)
#define BLOCK_BYTES (256u << 10)

/* Above the witness, so that it sees the hog; the graphs are below both. */
#define HOG_PRIORITY 97
#define HOG_CYCLE_NS 10000000

static int fail(const char *what)
{
	leat_log("cannot %s: %s", what, leat_errno_text(errno));
	return LEAT_EXIT_FAILED;
}

/* ---- what one process does ---- */

static int compute(uint32_t i)
{
	volatile uint64_t x = i + 1;

	/* Marsaglia, "Xorshift RNGs", 2003. */
	for (;;) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return 0;
}

static int go_through_memory(uint32_t i)
{
	char *bytes = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return fail("have memory to go through");
	for (;;)
		memset(bytes, (int)i++, MEMORY_BYTES);
	return 0;
}

/* A file that is gone when we are. */
static int open_file(void)
{
	const char *folder = getenv("TMPDIR");

	return open(folder && folder[0] ? folder : "/var/tmp",
		    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int write_files(uint32_t i)
{
	static char block[BLOCK_BYTES];
	int fd = open_file();

	if (fd < 0)
		return fail("make a file to write to");
	for (;; i++) {
		off_t at = (off_t)i * BLOCK_BYTES % FILE_BYTES;

		if (pwrite(fd, block, sizeof(block), at) < 0)
			return fail("write");
		if (fdatasync(fd) < 0)
			return fail("flush what was written");
	}
	return 0;
}

/* Write, drop and read again: the page cache is filled and emptied. */
static int press_cache(uint32_t i)
{
	static char block[BLOCK_BYTES];
	int fd = open_file();

	if (fd < 0)
		return fail("make a file to fill the page cache with");
	memset(block, (int)i, sizeof(block));
	for (;;) {
		for (off_t at = 0; at < FILE_BYTES; at += BLOCK_BYTES)
			if (pwrite(fd, block, sizeof(block), at) < 0)
				return fail("write");
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		for (off_t at = 0; at < FILE_BYTES; at += BLOCK_BYTES)
			if (pread(fd, block, sizeof(block), at) < 0)
				return fail("read");
	}
	return 0;
}

/* ---- many of them ---- */

static int run_all(int (*work)(uint32_t i), uint32_t n)
{
	pid_t parent = getpid();

	for (uint32_t i = 1; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return fail("start a worker");
		if (pid > 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(getppid() == parent ? work(i) : 0);
	}
	return work(0);
}

/* ---- a hog ---- */

static uint32_t hog_percent;

static int pin(uint32_t cpu)
{
	const struct sched_param param = { .sched_priority = HOG_PRIORITY };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		return -1;
	return sched_setscheduler(0, SCHED_FIFO, &param);
}

static void sleep_until(uint64_t time_ns)
{
	const struct timespec t = {
		.tv_sec = (time_t)(time_ns / 1000000000),
		.tv_nsec = (long)(time_ns % 1000000000),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

/* All of them run at the same time: no processor is free meanwhile. */
static int hog(uint32_t cpu)
{
	if (pin(cpu) < 0)
		return fail("have a realtime hog");
	for (;;) {
		uint64_t start_ns =
			(leat_now_ns() / HOG_CYCLE_NS + 1) * HOG_CYCLE_NS;

		sleep_until(start_ns);
		while (leat_now_ns() <
		       start_ns + HOG_CYCLE_NS / 100 * hog_percent)
			;
	}
	return 0;
}

/* ---- who stops everything ---- */

struct stopper {
	uint32_t stop_us, every_ms;
	int n_pids;
	pid_t pids[PIDS_MAX];
};

static void signal_all(const struct stopper *stopper, int signal)
{
	for (int i = 0; i < stopper->n_pids; i++)
		kill(stopper->pids[i], signal);
}

static int stop_them(const struct stopper *stopper)
{
	const uint64_t every_ns = (uint64_t)stopper->every_ms * 1000000;
	const struct sched_param param = { .sched_priority = HOG_PRIORITY };

	/* Without it they are stopped for longer; the witness sees how long. */
	(void)sched_setscheduler(0, SCHED_FIFO, &param);
	for (;;) {
		uint64_t start_ns = (leat_now_ns() / every_ns + 1) * every_ns;

		sleep_until(start_ns);
		signal_all(stopper, SIGSTOP);
		sleep_until(start_ns + (uint64_t)stopper->stop_us * 1000);
		signal_all(stopper, SIGCONT);
	}
	return 0;
}

static int run_stopper(int argc, char **argv)
{
	struct stopper stopper = { .n_pids = 0 };

	if (argc < 3 || argc > 2 + PIDS_MAX ||
	    !leat_parse_u32(argv[0], 1, 10000000, &stopper.stop_us) ||
	    !leat_parse_u32(argv[1], 1, 3600000, &stopper.every_ms))
		return LEAT_EXIT_USAGE;
	for (int i = 2; i < argc; i++) {
		uint32_t pid;

		if (!leat_parse_u32(argv[i], 2, INT32_MAX, &pid))
			return LEAT_EXIT_USAGE;
		stopper.pids[stopper.n_pids++] = (pid_t)pid;
	}
	return stop_them(&stopper);
}

int xrun_worker(int argc, char **argv)
{
	static const struct {
		const char *word;
		int (*work)(uint32_t i);
	} works[] = {
		{ "cpu", compute },
		{ "memory", go_through_memory },
		{ "io", write_files },
		{ "cache", press_cache },
	};
	uint32_t level;

	if (argc > 1 && strcmp(argv[0], "stopper") == 0)
		return run_stopper(argc - 1, argv + 1);
	if (argc != 2 || !leat_parse_u32(argv[1], 1, 100, &level))
		return LEAT_EXIT_USAGE;
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++)
		if (strcmp(argv[0], works[i].word) == 0)
			return run_all(works[i].work, level);
	if (strcmp(argv[0], "inversion") != 0)
		return LEAT_EXIT_USAGE;
	hog_percent = level;
	return run_all(hog, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
}
