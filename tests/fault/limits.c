/* SPDX-License-Identifier: MIT */
/*
 * fault-limits: our programs under the limits that machines have, on real
 * servers, and as a user without any rights: no realtime priority, no locked
 * memory, few descriptors, a runtime directory that is full, read-only,
 * missing, or somebody else's.
 *
 *   fault-limits [--long]
 *
 * Either a link comes up, and audio is exact; or the program ends with status 1
 * and one sentence that says what to do.
 */
#include "integration/bridge.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <ftw.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Long: without realtime priority a busy machine keeps threads waiting. */
#define PERIOD 4096
#define UP_MS 20000
#define END_MS 15000

/* What has not ended by then has come up. */
#define UP_AFTER_MS 1500
#define NOBODY 65534

/* Enough for JACK, whose clients do not start with none; not for the rings. */
#define LOCKED_BYTES 65536

#define TEXT_BYTES 16384

static struct bridge bridge;
static struct circle circle;
static bool is_long;

/* Directories that are mounted while we still may: see prepare_places(). */
static char full_place[128], read_only_place[128], foreign_place[128],
	roomy_place[128];

static char said[TEXT_BYTES]; /* by the program that ran last */

/* ---- to be nobody ---- */

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { { .effective = 0 } };

	/* What is executed does not get them back for being root's. */
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	syscall(SYS_capset, &header, none);
}

static bool become(uid_t user)
{
	return user == geteuid() ||
	       (setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 &&
		setresuid(user, user, user) == 0);
}

/* Root's home may be closed, with the programs in it. */
static bool can_run(uid_t user)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(!become(user) ||
		      access(bridge_program("leat-jack"), X_OK) < 0);
	waitpid(pid, &status, 0);
	return status == 0;
}

static bool limit(__rlimit_resource_t what, rlim_t most)
{
	const struct rlimit limits = { most, most };

	return setrlimit(what, &limits) == 0;
}

/* Whether realtime priority cannot be had. */
static bool is_nobody(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param) < 0)
		return true;
	param.sched_priority = 0;
	sched_setscheduler(0, SCHED_OTHER, &param);
	return false;
}

/* What the servers and the sides left, of the directory that is foreign not. */
static int give_to_nobody(const char *path, const struct stat *status, int type,
			  struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	if (strcmp(path, foreign_place) != 0 &&
	    strcmp(path, read_only_place) != 0 &&
	    lchown(path, NOBODY, NOBODY) < 0)
		return -1;
	return 0;
}

static bool give_up_rights(void)
{
	uid_t user = geteuid();

	if (user == 0 && can_run(NOBODY))
		user = NOBODY;
	printf("as user %u\n", (unsigned)user);
	if (user == NOBODY && user != geteuid() &&
	    nftw("/dev/shm", give_to_nobody, 8, FTW_PHYS) < 0)
		return false;
	if (!become(user))
		return false;
	drop_capabilities();
	/* Whatever is started now is to be seen by its parent. */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	return limit(RLIMIT_RTPRIO, 0) && limit(RLIMIT_MEMLOCK, LOCKED_BYTES) &&
	       is_nobody();
}

/* ---- places ---- */

static void make_place(char path[128], const char *name, const char *options)
{
	sandbox_path(&bridge.sandbox, name, path, 128);
	if (mkdir(path, 0700) < 0 ||
	    (options && mount("tmpfs", path, "tmpfs", 0, options) < 0))
		path[0] = 0;
}

static void fill(const char *path)
{
	char name[160], zeros[4096] = { 0 };
	FILE *file;

	snprintf(name, sizeof(name), "%s/ballast", path);
	file = fopen(name, "we");
	while (file && fwrite(zeros, sizeof(zeros), 1, file) == 1 &&
	       fflush(file) == 0)
		;
	if (file)
		fclose(file);
}

/* Of /dev/shm: enough for JACK, and soon full. */
#define SHM_OPTIONS "size=96m,mode=1777"

/* Needs the right to mount, which the sandbox needs too. */
static void prepare_places(void)
{
	make_place(full_place, "full", "size=16k,mode=0700");
	fill(full_place);
	make_place(read_only_place, "read-only", "size=16k,mode=0700");
	if (geteuid() == 0 && chown(read_only_place, NOBODY, NOBODY) < 0)
		read_only_place[0] = 0;
	if (mount("none", read_only_place, NULL, MS_REMOUNT | MS_RDONLY, NULL) <
	    0)
		read_only_place[0] = 0;
	make_place(roomy_place, "roomy", "size=1m,mode=0700");
	if (mount("tmpfs", "/dev/shm", "tmpfs", MS_REMOUNT, SHM_OPTIONS) < 0)
		roomy_place[0] = 0;
	make_place(foreign_place, "foreign", NULL);
	if (chmod(foreign_place, 0755) < 0)
		foreign_place[0] = 0;
}

/* ---- with all rights ---- */

static unsigned count(const char *log, const char *words)
{
	char path[128], line[1024];
	unsigned n = 0;
	FILE *file = fopen(
		sandbox_path(&bridge.sandbox, log, path, sizeof(path)), "re");

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, words) != NULL;
	if (file)
		fclose(file);
	return n;
}

static void finish_link(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, END_MS), 0);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, END_MS), 0);
	pipewire_server_stop(&bridge.pipewire);
	jack_server_stop(&bridge.jack);
}

static void check_told(unsigned n)
{
	CU_ASSERT_EQUAL(count("leat-jack.log", "ulimit -r"), n);
	CU_ASSERT_EQUAL(count("leat-jack.log", "ulimit -l"), n);
	CU_ASSERT_EQUAL(count("leat-pipewire.log", "ulimit -r"), n);
	CU_ASSERT_EQUAL(count("leat-pipewire.log", "ulimit -l"), n);
}

static void test_with_rights(void)
{
	if (is_nobody()) {
		printf("left out: this user may have no realtime priority\n");
		return;
	}
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT(circle_start(&circle, &bridge));
	CU_ASSERT(circle_wait_exact(&circle, 4 * PERIOD, UP_MS));
	finish_link();
	check_told(0);
}

/* ---- without any ---- */

/* What the earlier ones said, and what they own. */
static void forget(const char *log)
{
	char path[128];

	unlink(sandbox_path(&bridge.sandbox, log, path, sizeof(path)));
}

static void test_without_rights(void)
{
	CU_ASSERT_FATAL(give_up_rights());
	forget("leat-jack.log");
	forget("leat-pipewire.log");
	CU_ASSERT_FATAL(bridge_start(&bridge));
	CU_ASSERT_FATAL(circle_start(&circle, &bridge));
	CU_ASSERT(circle_wait_exact(&circle, 4 * PERIOD, UP_MS));
	check_told(1);
	/* Once, and not each time that something comes back. */
	proc_kill(&bridge.pipewire_side);
	CU_ASSERT(bridge_wait_state("no-peer", UP_MS));
	CU_ASSERT(bridge_start_pipewire_side(&bridge));
	CU_ASSERT(bridge_wait_state("idle", UP_MS));
	CU_ASSERT_EQUAL(count("leat-jack.log", "ulimit -l"), 1);
	if (CU_get_number_of_failures() > 0)
		bridge_show(&bridge);
}

/* ---- few descriptors ---- */

/*
 * Run a program with what `sh` says of its limits. Its messages are in `said`;
 * its status, or -1 when it went on: it was stopped then.
 */
static int run(const char *before, const char *program, const char *args,
	       int timeout_ms)
{
	char command[1024], log[128];
	const char *argv[] = { "sh", "-c", command, NULL };
	const struct proc_options options = { .log = log, .merged = true };
	struct proc proc;
	size_t n = 0;
	FILE *file;
	int status = -1;

	sandbox_path(&bridge.sandbox, "run.log", log, sizeof(log));
	unlink(log);
	snprintf(command, sizeof(command), "%s exec %s %s", before,
		 bridge_program(program), args);
	said[0] = 0;
	if (proc_start(&proc, argv, &options) < 0)
		return -2;
	if (proc_wait(&proc, timeout_ms))
		status = proc_exit_status(&proc);
	else if (proc_stop(&proc, END_MS) != 0)
		status = proc_exit_status(&proc);
	file = fopen(log, "re");
	if (file) {
		n = fread(said, 1, sizeof(said) - 1, file);
		fclose(file);
	}
	said[n] = 0;
	return status;
}

static unsigned count_lines(void)
{
	unsigned n = 0;

	for (const char *c = said; *c; c++)
		n += *c == '\n';
	return n;
}

static void check_sentence(const char *before, const char *program, int status,
			   const char *words)
{
	bool ok = status == 1 && strstr(said, words) && count_lines() == 1;

	CU_ASSERT(ok);
	if (!ok)
		printf("%s %s: status %d, not one sentence with '%s': %s\n",
		       before, program, status, words, said);
}

/*
 * With so few that the loader does not find the libraries there is nothing that
 * we could say.
 */
static bool was_loaded(void)
{
	return !strstr(said, "shared libraries");
}

static bool test_descriptors_of(const char *program, const char *args,
				int n_fds)
{
	char before[64];
	int status;

	snprintf(before, sizeof(before), "ulimit -n %d;", n_fds);
	status = run(before, program, args, UP_AFTER_MS);
	if (!was_loaded())
		return false;
	if (status == 0 || status == -1)
		return true;
	CU_ASSERT_EQUAL(status, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(said, "ulimit -n"));
	if (status != 1 || !strstr(said, "ulimit -n"))
		printf("%d descriptors: %s: status %d: %s\n", n_fds, program,
		       status, said);
	return false;
}

static void test_few_descriptors(void)
{
	static const char *const programs[][2] = {
		{ "leat-jack", "few" },
		{ "leat-pipewire", LINK },
		{ "leat-status", LINK },
		{ "leat-up", "--no-private --duration 1 few" },
	};

	/* Only one may serve a link. */
	CU_ASSERT_EQUAL(proc_stop(&bridge.pipewire_side, END_MS), 0);
	for (int i = 0; i < 4; i++) {
		int least = 0;

		for (int n = is_long ? 4 : 8; n <= 44; n += is_long ? 1 : 6)
			if (test_descriptors_of(programs[i][0], programs[i][1],
						n) &&
			    least == 0)
				least = n;
		printf("%s does with %d descriptors\n", programs[i][0], least);
		CU_ASSERT(least > 0);
	}
}

/* ---- no locked memory at all ---- */

/* JACK's own clients cannot do without. */
static void test_no_locked_memory(void)
{
	int status = run("ulimit -l 0;", "leat-jack", "none", END_MS);

	check_sentence("ulimit -l 0;", "leat-jack", status, "ulimit -l");
	status = run("ulimit -l 0;", "leat-status", LINK, END_MS);
	CU_ASSERT_EQUAL(status, 0);
}

/* ---- runtime directories ---- */

static void test_place(const char *place, const char *words)
{
	static const char *const programs[] = { "leat-jack", "leat-up" };
	char before[256];

	snprintf(before, sizeof(before),
		 "XDG_RUNTIME_DIR=%s PIPEWIRE_RUNTIME_DIR=%s", place,
		 bridge.sandbox.dir);
	for (int i = 0; i < 2; i++)
		check_sentence(before, programs[i],
			       run(before, programs[i], "place", END_MS),
			       words);
}

/* As for those that only look. */
static void test_place_of_guests(const char *place, const char *words)
{
	static const char *const programs[] = { "leat-pipewire",
						"leat-status" };
	char before[256];

	snprintf(before, sizeof(before),
		 "XDG_RUNTIME_DIR=%s PIPEWIRE_RUNTIME_DIR=%s", place,
		 bridge.sandbox.dir);
	for (int i = 0; i < 2; i++)
		check_sentence(before, programs[i],
			       run(before, programs[i], "place", END_MS),
			       words);
}

static uid_t owner_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_uid;
}

static void test_places(void)
{
	char missing[128], open_place[128];

	sandbox_path(&bridge.sandbox, "missing", missing, sizeof(missing));
	test_place(missing, "create it");
	test_place_of_guests(missing, "create it");
	sandbox_path(&bridge.sandbox, "open", open_place, sizeof(open_place));
	CU_ASSERT_EQUAL_FATAL(mkdir(open_place, 0700), 0);
	CU_ASSERT_EQUAL_FATAL(chmod(open_place, 0777), 0);
	test_place(open_place, "chmod 700");
	test_place_of_guests(open_place, "chmod 700");
	CU_ASSERT_FATAL(full_place[0] != 0);
	test_place(full_place, "no space is left");
	CU_ASSERT_FATAL(read_only_place[0] != 0);
	if (geteuid() == owner_of(read_only_place))
		test_place(read_only_place, "read-only");
	if (geteuid() == owner_of(foreign_place)) {
		printf("left out: a directory of another user\n");
		return;
	}
	test_place(foreign_place, "of your own");
	test_place_of_guests(foreign_place, "of your own");
}

/* ---- no space for JACK ---- */

static void test_full_shm(void)
{
	char before[256];
	int status;

	CU_ASSERT_FATAL(roomy_place[0] != 0);
	snprintf(before, sizeof(before), "XDG_RUNTIME_DIR=%s", roomy_place);
	status = run(before, "leat-jack", "roomy", UP_AFTER_MS);
	CU_ASSERT_EQUAL(status, -1);
	fill("/dev/shm");
	status = run(before, "leat-jack", "roomy", END_MS);
	check_sentence(before, "leat-jack", status, "no space is left");
	status = run(before, "leat-jack", "--probe", END_MS);
	CU_ASSERT_EQUAL(status, 4);
	unlink("/dev/shm/ballast");
}

/* ---- the end ---- */

static void test_nothing_is_left(void)
{
	circle_stop(&circle);
	CU_ASSERT_EQUAL(proc_stop(&bridge.jack_side, END_MS), 0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

static const struct unit_test tests[] = {
	{ "rights", "with them nothing is said", test_with_rights },
	{ "rights", "without them it works, and says what it lacks",
	  test_without_rights },
	{ "limits", "few descriptors", test_few_descriptors },
	{ "limits", "no locked memory", test_no_locked_memory },
	{ "places", "runtime directories", test_places },
	{ "places", "no space for JACK", test_full_shm },
	{ "places", "nothing is left", test_nothing_is_left },
};

int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, PERIOD);

	if (why) {
		printf("skipped: %s\n", why);
		return SANDBOX_SKIP;
	}
	is_long = argc > 1 && strcmp(argv[1], "--long") == 0;
	prepare_places();
	return unit_run(tests, sizeof(tests) / sizeof(tests[0]),
			is_long ? 1 : argc, argv);
}
