/* SPDX-License-Identifier: MIT */
/*
 * `leat up` under a service manager: what it tells one that is only a socket,
 * and the units in a systemd of a user's, where one can be had.
 */
#include "bridge.h"
#include "own_group.h"

#include "unit/runner.h"

#include <CUnit/CUnit.h>

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UP_MS 30000

/* The watchdog's time: long beside what a virtual machine stands still. */
#define WATCHDOG_US "2000000"
#define WATCHDOG_MS 2000

static struct bridge bridge;
static struct proc up;

/* ---- a manager that is only a socket ---- */

struct manager {
	int fd;
	char path[128];
	char variable[160];
	char status[2048];    /* the last STATUS= */
	bool ready, stopping; /* READY=1, STOPPING=1 since the last look */
	unsigned n_watchdogs;
	long long last_ms; /* of the watchdog */
	long long gap_ms;  /* the longest between two */
};

static struct manager manager;

static void open_manager(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memset(&manager, 0, sizeof(manager));
	sandbox_path(&bridge.sandbox, "notify", manager.path,
		     sizeof(manager.path));
	unlink(manager.path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.100s",
		 manager.path);
	snprintf(manager.variable, sizeof(manager.variable), "NOTIFY_SOCKET=%s",
		 manager.path);
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL_FATAL(bind(manager.fd,
				   (const struct sockaddr *)&address,
				   sizeof(address)),
			      0);
}

static void take_watchdog(void)
{
	long long ms = now_ms();

	if (manager.n_watchdogs++ > 0 && ms - manager.last_ms > manager.gap_ms)
		manager.gap_ms = ms - manager.last_ms;
	manager.last_ms = ms;
}

static void take_line(const char *line)
{
	if (strcmp(line, "READY=1") == 0)
		manager.ready = true;
	else if (strcmp(line, "STOPPING=1") == 0)
		manager.stopping = true;
	else if (strcmp(line, "WATCHDOG=1") == 0)
		take_watchdog();
	else if (strncmp(line, "STATUS=", 7) == 0)
		snprintf(manager.status, sizeof(manager.status), "%s",
			 line + 7);
}

static void take_messages(void)
{
	char text[4096], *rest = NULL;
	ssize_t n;

	while ((n = recv(manager.fd, text, sizeof(text) - 1, MSG_DONTWAIT)) >
	       0) {
		text[n] = 0;
		for (char *line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest))
			take_line(line);
	}
}

static bool status_has(void *text)
{
	take_messages();
	return strstr(manager.status, text) != NULL;
}

static bool tells(const char *text)
{
	char copy[256];

	snprintf(copy, sizeof(copy), "%s", text);
	if (wait_for(status_has, copy, UP_MS))
		return true;
	fprintf(stderr, "the last status: %s\n", manager.status);
	return false;
}

static bool is_ready(void *arg)
{
	(void)arg;
	take_messages();
	return manager.ready;
}

static bool has_watchdogs(void *n)
{
	take_messages();
	return manager.n_watchdogs >= *(const unsigned *)n;
}

static void start_up(const char *const *argv)
{
	char path[128];
	const char *env[] = { manager.variable, "WATCHDOG_USEC=" WATCHDOG_US,
			      NULL };
	const struct proc_options options = {
		.env = env,
		.log = sandbox_path(&bridge.sandbox, "up.log", path,
				    sizeof(path)),
		.merged = true,
	};

	CU_ASSERT_EQUAL_FATAL(proc_start(&up, argv, &options), 0);
}

/* Ready when it is bridged, and not before; each wait is told. */
static void test_ready(void)
{
	const char *argv[] = { bridge_program("leat-up"), "--wait", "-q", LINK,
			       NULL };

	open_manager();
	start_up(argv);
	CU_ASSERT(tells("test: waits for JACK"));
	CU_ASSERT_EQUAL_FATAL(jack_server_start(&bridge.jack, &bridge.sandbox),
			      0);
	CU_ASSERT(tells("test: waits for PipeWire"));
	CU_ASSERT_FALSE(manager.ready);
	CU_ASSERT_EQUAL_FATAL(
		pipewire_server_start(&bridge.pipewire, &bridge.sandbox), 0);
	CU_ASSERT(wait_for(is_ready, NULL, UP_MS));
	CU_ASSERT_STRING_EQUAL(manager.status, "test: bridged");
	CU_ASSERT(bridge_wait_state("idle", 0));
}

/* What is started does not tell in our name. */
static void test_children(void)
{
	struct leat_link_status status;
	char path[64], text[65536];
	FILE *file;
	size_t n;

	CU_ASSERT_FATAL(bridge_status(&status));
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)status.jack.pid);
	file = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	n = fread(text, 1, sizeof(text), file);
	fclose(file);
	CU_ASSERT(n > 0);
	CU_ASSERT_PTR_NULL(memmem(text, n, "NOTIFY_SOCKET", 13));
	CU_ASSERT_PTR_NULL(memmem(text, n, "WATCHDOG_USEC", 13));
}

static void test_watchdog(void)
{
	unsigned n = 4;

	CU_ASSERT(wait_for(has_watchdogs, &n, UP_MS));
	CU_ASSERT(manager.gap_ms < WATCHDOG_MS);
}

static void test_restarts(void)
{
	struct leat_link_status status;

	CU_ASSERT_FATAL(bridge_status(&status));
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)status.jack.pid, SIGSTOP), 0);
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)status.pipewire.pid, SIGKILL), 0);
	CU_ASSERT(tells("test: leat-pipewire is started again"));
	CU_ASSERT_EQUAL_FATAL(kill((pid_t)status.jack.pid, SIGCONT), 0);
	CU_ASSERT(tells("test: bridged"));
}

static void test_stopping(void)
{
	CU_ASSERT_FALSE(manager.stopping);
	CU_ASSERT_EQUAL_FATAL(proc_signal(&up, SIGTERM), 0);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 0);
	take_messages();
	CU_ASSERT(manager.stopping);
	close(manager.fd);
}

/* In the words of the side that says it, or of leat-up. */
static void test_says_why(void)
{
	const char *nowhere[] = { bridge_program("leat-up"),
				  "-q",
				  "--server",
				  "nowhere",
				  LINK,
				  NULL };
	char program[512];
	const char *refused[] = { program,     "-q", "--connect",
				  "foo=bar:x", LINK, NULL };

	open_manager();
	start_up(nowhere);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 1);
	CU_ASSERT(tells("test: no JACK server 'nowhere' is running"));
	snprintf(program, sizeof(program), "%s", bridge_program("leat-up"));
	start_up(refused);
	CU_ASSERT_FATAL(proc_wait(&up, UP_MS));
	CU_ASSERT_EQUAL(proc_exit_status(&up), 2);
	CU_ASSERT(tells("test: --connect foo=bar:x: say 'physical'"));
	CU_ASSERT_FALSE(manager.ready);
	close(manager.fd);
}

/* ---- a systemd of the user's ---- */

static struct proc systemd;
static struct own_group group;

__attribute__((format(printf, 3, 4))) static int
run_shell(char *text, size_t n, const char *format, ...)
{
	char command[2048];
	const char *argv[] = { "sh", "-c", command, NULL };
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return proc_run(argv, NULL, text, n, UP_MS);
}

static bool manager_answers(void *arg)
{
	char text[4096];

	(void)arg;
	return !proc_is_running(&systemd) ||
	       run_shell(text, sizeof(text), "systemctl --user list-units") ==
		       0;
}

/*
 * The units as they are installed, but for where the program is. Of the
 * machine's own units none that listens is to start here.
 */
static bool install_units(void)
{
	char text[4096];

	return run_shell(
		       text, sizeof(text),
		       "set -e; d=$HOME/.config/systemd/user; mkdir -p $d; "
		       "for u in leat.service leat@.service; do "
		       "sed 's|^ExecStart=.*/leat-up|ExecStart=%s/leat-up|' "
		       "\"$LEAT_UNITS_DIR/$u\" >$d/$u; mkdir $d/$u.d; "
		       "ln -sf /dev/null $d/sockets.target; "
		       "printf '[Service]\\nRestartSec=0.2\\n' >$d/$u.d/t.conf;"
		       "done",
		       getenv("LEAT_TOOLS_DIR")) == 0;
}

/* systemd is asked for as if it had started the machine, which it may not. */
static const char *start_systemd(void)
{
	const char *argv[] = { "/lib/systemd/systemd", "--user",
			       "--unit=basic.target", NULL };
	const char *env[] = { "SYSTEMD_LOG_TARGET=console", NULL };
	char path[128];
	const struct proc_options options = {
		.env = env,
		.log = sandbox_path(&bridge.sandbox, "systemd.log", path,
				    sizeof(path)),
		.merged = true,
	};

	if (access(argv[0], X_OK) < 0)
		return "systemd is not installed";
	if (access("/run/systemd/system", F_OK) < 0 &&
	    (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") < 0 ||
	     mkdir("/run/systemd", 0755) < 0 ||
	     mkdir("/run/systemd/system", 0755) < 0))
		return "nothing may be mounted on /run";
	if (!install_units() || proc_start(&systemd, argv, &options) != 0)
		return "systemd cannot be started";
	if (!wait_for(manager_answers, NULL, 10000) ||
	    !proc_is_running(&systemd))
		return "systemd --user does not run here";
	return NULL;
}

static void test_units_start(void)
{
	char text[4096];

	CU_ASSERT_EQUAL_FATAL(run_shell(text, sizeof(text),
					"systemctl --user start leat@test || "
					"systemctl --user status leat@test"),
			      0);
	/* It has returned, so it is bridged. */
	CU_ASSERT(bridge_wait_state("idle", 0));
	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "systemctl --user show -p StatusText -p "
				  "ActiveState -p NRestarts leat@test"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ActiveState=active"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "StatusText=test: bridged"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NRestarts=0"));
}

static bool is_new(void *arg)
{
	struct leat_link_status status;

	return bridge_status(&status) && status.pipewire.present &&
	       status.jack.pid != *(const uint64_t *)arg;
}

static void test_units_restart(void)
{
	struct leat_link_status status;
	uint64_t pid;
	char text[4096];

	CU_ASSERT_FATAL(bridge_status(&status));
	pid = status.jack.pid;
	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "systemctl --user kill -s KILL --kill-who="
				  "main leat@test"),
			0);
	CU_ASSERT(wait_for(is_new, &pid, UP_MS));
}

static bool is_active(void *arg)
{
	char text[4096];

	return run_shell(text, sizeof(text), "systemctl --user is-active %s",
			 (const char *)arg) == 0;
}

static void test_units_stop(void)
{
	char unit[] = "leat@test", text[4096];

	CU_ASSERT(wait_for(is_active, unit, UP_MS));
	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "systemctl --user stop leat@test"),
			0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "systemctl --user show -p Result leat@test"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "Result=success"));
}

/* A mistake is not tried again and again; `systemctl status` tells of it. */
static void test_units_mistake(void)
{
	char text[4096];

	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "mkdir -p ~/.config/leat && echo mode = fast "
				  ">~/.config/leat/leat.conf"),
			0);
	CU_ASSERT_NOT_EQUAL(
		run_shell(text, sizeof(text), "systemctl --user start leat"),
		0);
	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "systemctl --user show -p StatusText -p "
				  "ActiveState -p NRestarts leat"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "ActiveState=failed"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "NRestarts=0"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "mode 'fast' will not do"));
}

/* All links of the file, and a reload that adds one. */
static void test_units_all(void)
{
	char text[4096];

	CU_ASSERT_EQUAL(run_shell(text, sizeof(text),
				  "echo 'links = { one = { } two = { } }' "
				  ">~/.config/leat/leat.conf; "
				  "systemctl --user enable --now leat && "
				  "systemctl --user show -p StatusText leat"),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "one: bridged; two: bridged"));
	CU_ASSERT_EQUAL(
		run_shell(text, sizeof(text),
			  "echo 'links = { one = { } three = { } }' "
			  ">~/.config/leat/leat.conf; "
			  "systemctl --user reload leat; until systemctl "
			  "--user show -p StatusText leat | grep 'one: "
			  "bridged; three: bridged'; do sleep 0.05; done; "
			  "systemctl --user stop leat"),
		0);
	CU_ASSERT_FALSE(bridge_left_files(&bridge));
}

static void show_failures(void)
{
	if (CU_get_number_of_failures() == 0)
		return;
	sandbox_show(&bridge.sandbox, "up.log");
	sandbox_show(&bridge.sandbox, "systemd.log");
	bridge_show(&bridge);
}

static void test_nothing_is_left(void)
{
	show_failures();
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
}

/* systemd takes the signal for `systemctl --user exit`, and tidies up. */
static void test_units_end(void)
{
	show_failures();
	CU_ASSERT_EQUAL(proc_signal(&systemd, SIGRTMIN + 24), 0);
	CU_ASSERT(proc_wait(&systemd, UP_MS));
	CU_ASSERT_EQUAL(bridge_finish(&bridge), 0);
	CU_ASSERT_EQUAL(own_group_leave(&group), 0);
}

static const struct unit_test notify_tests[] = {
	{ "sd_notify", "ready when bridged", test_ready },
	{ "sd_notify", "only leat-up tells", test_children },
	{ "sd_notify", "the watchdog", test_watchdog },
	{ "sd_notify", "a side that is away", test_restarts },
	{ "sd_notify", "stopping", test_stopping },
	{ "sd_notify", "why it failed", test_says_why },
	{ "sd_notify", "nothing is left", test_nothing_is_left },
};

static const struct unit_test systemd_tests[] = {
	{ "units", "start", test_units_start },
	{ "units", "start again", test_units_restart },
	{ "units", "stop", test_units_stop },
	{ "units", "a mistake", test_units_mistake },
	{ "units", "all links", test_units_all },
	{ "units", "nothing is left", test_units_end },
};

static int skip(const char *why)
{
	printf("skipped: %s\n", why);
	return SANDBOX_SKIP;
}

static int run_systemd(int argc, char **argv)
{
	/* Before all else: systemd may see nothing but this. */
	const char *why = own_group_enter(&group);

	if (why)
		return skip(why);
	if (!bridge_start_servers(&bridge)) {
		bridge_show(&bridge);
		bridge_finish(&bridge);
		own_group_leave(&group);
		return EXIT_FAILURE;
	}
	why = start_systemd();
	if (why) {
		sandbox_show(&bridge.sandbox, "systemd.log");
		proc_stop(&systemd, 3000);
		bridge_finish(&bridge);
		own_group_leave(&group);
		return skip(why);
	}
	return unit_run(systemd_tests,
			sizeof(systemd_tests) / sizeof(systemd_tests[0]), argc,
			argv);
}

/* notify, or systemd. */
int main(int argc, char **argv)
{
	const char *why = bridge_init(&bridge, 256);

	if (why)
		return skip(why);
	if (argc > 1 && strcmp(argv[1], "systemd") == 0)
		return run_systemd(argc - 1, argv + 1);
	return unit_run(notify_tests,
			sizeof(notify_tests) / sizeof(notify_tests[0]), 1,
			argv);
}
