/* SPDX-License-Identifier: MIT */
/*
 * internal-measure [SECONDS [ROUNDS]]: what a cycle costs with leat-jack beside
 * jackd and with leat.so inside of it, in turns, with a circle through PipeWire:
 * context switches and processor time of both together, for each JACK cycle.
 */
#include "bridge.h"

#include "cpu_time.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PERIOD 256
#define TOOL_MS 10000
#define STATE_MS 20000

/* Until everything is linked and has settled. */
#define SETTLE_MS 1500

static struct bridge bridge;
static struct circle circle;
static char internal_dir[600];
static const char *jack_env[] = { internal_dir, NULL };

struct sums {
	uint64_t switches, cpu_ns, cycles;
};

static uint64_t status_number(const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[256];
	uint64_t n = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			n = strtoull(line + strlen(key), NULL, 10);
	if (file)
		fclose(file);
	return n;
}

/* Of all threads of a process, on their own account or not. */
static uint64_t count_switches(pid_t pid)
{
	char path[320];
	struct dirent *task;
	uint64_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (task = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status",
			 (int)pid, task->d_name);
		if (task->d_name[0] == '.')
			continue;
		n += status_number(path, "voluntary_ctxt_switches:") +
		     status_number(path, "nonvoluntary_ctxt_switches:");
	}
	if (dir)
		closedir(dir);
	return n;
}

static struct sums take(bool inside)
{
	struct leat_link_status status;
	struct sums sums = { 0 };

	if (!bridge_status(&status))
		return sums;
	sums.cycles = status.jack.cycles;
	sums.switches = count_switches(bridge.jack.proc.pid);
	sums.cpu_ns = cpu_time_ns(bridge.jack.proc.pid);
	if (inside)
		return sums;
	sums.switches += count_switches(bridge.jack_side.pid);
	sums.cpu_ns += cpu_time_ns(bridge.jack_side.pid);
	return sums;
}

static bool begin(bool inside)
{
	static const char *const argv[] = {
		"jack_load",  "-i",   "link=" LINK " channels=2",
		"leat-" LINK, "leat", NULL
	};
	char text[4096];
	bool up = inside ? proc_run(argv, NULL, text, sizeof(text), TOOL_MS) ==
				   0
			 : bridge_start_jack_side(&bridge);

	return up && bridge_wait_state("running", STATE_MS) &&
	       circle_connect(&circle);
}

static void end(bool inside)
{
	static const char *const argv[] = { "jack_unload", "leat-" LINK, NULL };
	char text[4096];

	if (inside)
		(void)proc_run(argv, NULL, text, sizeof(text), TOOL_MS);
	else
		proc_stop(&bridge.jack_side, 3000);
}

static bool measure(bool inside, int seconds, struct sums *total)
{
	struct sums before, after;

	if (!begin(inside))
		return false;
	sleep_ms(SETTLE_MS);
	before = take(inside);
	sleep_ms(seconds * 1000);
	after = take(inside);
	end(inside);
	total->switches += after.switches - before.switches;
	total->cpu_ns += after.cpu_ns - before.cpu_ns;
	total->cycles += after.cycles - before.cycles;
	return after.cycles > before.cycles;
}

static void show(const char *name, const struct sums *sums)
{
	printf("%-10s %8" PRIu64 " cycles, %.3f context switches and %.2f us "
	       "of processor each\n",
	       name, sums->cycles,
	       (double)sums->switches / (double)sums->cycles,
	       (double)sums->cpu_ns / 1000 / (double)sums->cycles);
}

static bool run(int seconds, int rounds)
{
	struct sums sums[2] = { { 0 }, { 0 } };
	bool good = bridge_start(&bridge) && circle_start(&circle, &bridge);

	end(false);
	for (int i = 0; good && i < 2 * rounds; i++)
		good = measure(i % 2, seconds, &sums[i % 2]);
	if (good) {
		show("leat-jack", &sums[0]);
		show("leat.so", &sums[1]);
	} else {
		bridge_show(&bridge);
	}
	circle_stop(&circle);
	return bridge_finish(&bridge) == 0 && good;
}

int main(int argc, char **argv)
{
	int seconds = argc > 1 ? atoi(argv[1]) : 10;
	int rounds = argc > 2 ? atoi(argv[2]) : 3;
	const char *why = bridge_init(&bridge, PERIOD);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	snprintf(internal_dir, sizeof(internal_dir), "JACK_INTERNAL_DIR=%s",
		 getenv("LEAT_JACK_DIR"));
	bridge.jack.env = jack_env;
	return run(seconds, rounds) ? 0 : 1;
}
