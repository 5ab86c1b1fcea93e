/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include "by_hand.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_TIMEOUT_MS 10000

/* So that any test also runs by its name alone, as the documents show it. */
__attribute__((constructor)) static void say_what_meson_says(void)
{
	for (size_t i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++)
		setenv(by_hand[i].name, by_hand[i].value, 0);
}

const char *bridge_program(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s",
		 strcmp(name, "leat-jack") == 0 ? getenv("LEAT_JACK_DIR")
		 : strcmp(name, "leat-pipewire") == 0
			 ? getenv("LEAT_PW_DIR")
			 : getenv("LEAT_TOOLS_DIR"),
		 name);
	return path;
}

/*
 * Where modules are looked for: ours in the build, then PipeWire's own. Nothing
 * is said of what is no warning, but by us.
 */
static void set_module_dirs(void)
{
	char dirs[2048];

	snprintf(dirs, sizeof(dirs), "%s:%s", getenv("LEAT_PW_DIR"),
		 getenv("LEAT_PW_MODULE_DIR"));
	setenv("PIPEWIRE_MODULE_DIR", dirs, 1);
	setenv("PIPEWIRE_DEBUG", "mod.leat:3", 1);
}

static enum bridge_form form_asked(void)
{
	const char *name = getenv("LEAT_TEST_FORM");

	if (name && strcmp(name, "module") == 0)
		return BRIDGE_MODULE;
	return name && strcmp(name, "own") == 0 ? BRIDGE_OWN : BRIDGE_PROGRAM;
}

const char *bridge_init(struct bridge *bridge, uint32_t period)
{
	const char *why;

	memset(bridge, 0, sizeof(*bridge));
	bridge->jack.name = "jack-test";
	bridge->jack.period = period;
	bridge->channels = "2";
	bridge->form = form_asked();
	if (!jack_server_is_installed())
		return "jackd is not installed";
	if (!pipewire_server_is_installed())
		return "pipewire is not installed";
	why = sandbox_enter(&bridge->sandbox);
	if (!why)
		setenv("JACK_DEFAULT_SERVER", bridge->jack.name, 1);
	if (!why && bridge->form != BRIDGE_PROGRAM)
		set_module_dirs();
	return why;
}

static const char *module_entry(struct bridge *bridge)
{
	snprintf(bridge->module_text, sizeof(bridge->module_text),
		 "{ name = libpipewire-module-leat args = { "
		 "link.name = " LINK " leat.mode = %s %s } }",
		 bridge->mode ? bridge->mode : "auto",
		 bridge->module_args ? bridge->module_args : "");
	return bridge->module_text;
}

bool bridge_start_servers(struct bridge *bridge)
{
	if (bridge->form == BRIDGE_MODULE)
		bridge->pipewire.modules = module_entry(bridge);
	return jack_server_start(&bridge->jack, &bridge->sandbox) == 0 &&
	       pipewire_server_start(&bridge->pipewire, &bridge->sandbox) == 0;
}

static bool start_side(struct bridge *bridge, struct proc *proc,
		       const char *const *argv, const char *const *env,
		       const char *log)
{
	char path[128];
	struct proc_options options = {
		.env = env,
		.log = sandbox_path(&bridge->sandbox, log, path, sizeof(path)),
		.merged = true,
	};

	return proc_start(proc, argv, &options) == 0;
}

bool bridge_start_jack_side(struct bridge *bridge)
{
	char program[512];
	const char *argv[16] = { program, "--channels", bridge->channels,
				 LINK };
	const char *const *more = bridge->jack_side_args;
	int n = 4;

	strcpy(program, bridge_program("leat-jack"));
	if (bridge->sync_wait) {
		argv[n++] = "--sync-wait";
		argv[n++] = bridge->sync_wait;
	}
	if (bridge->rt_guard)
		argv[n++] = "--rt-guard";
	while (more && *more && n < 15)
		argv[n++] = *more++;
	return start_side(bridge, &bridge->jack_side, argv,
			  bridge->jack_side_env, "leat-jack.log");
}

/* pipewire -c, with nothing in it but the module. */
static bool start_own(struct bridge *bridge)
{
	char path[128], text[1024];
	const char *const argv[] = { "pipewire", "-c", path, NULL };

	sandbox_path(&bridge->sandbox, "own.conf", path, sizeof(path));
	snprintf(text, sizeof(text),
		 "context.spa-libs = { support.* = support/libspa-support }\n"
		 "context.modules = [ %s ]\n",
		 module_entry(bridge));
	return sandbox_write(&bridge->sandbox, "own.conf", text) == 0 &&
	       start_side(bridge, &bridge->pipewire_side, argv, NULL,
			  "leat-pipewire.log");
}

bool bridge_start_pipewire_side(struct bridge *bridge)
{
	char program[512];
	const char *argv[16] = { program, LINK };
	int n = 2;

	if (bridge->form == BRIDGE_MODULE)
		return true;
	if (bridge->form == BRIDGE_OWN)
		return start_own(bridge);
	strcpy(program, bridge_program("leat-pipewire"));
	if (bridge->mode) {
		argv[n++] = "--mode";
		argv[n++] = bridge->mode;
	}
	if (bridge->rt_guard)
		argv[n++] = "--rt-guard";
	for (int i = 0; bridge->pipewire_args && bridge->pipewire_args[i]; i++)
		argv[n++] = bridge->pipewire_args[i];
	return start_side(bridge, &bridge->pipewire_side, argv, NULL,
			  "leat-pipewire.log");
}

bool bridge_start(struct bridge *bridge)
{
	return bridge_start_servers(bridge) && bridge_start_jack_side(bridge) &&
	       bridge_start_pipewire_side(bridge) &&
	       bridge_wait_state("idle", START_TIMEOUT_MS);
}

int bridge_stop_pipewire_side(struct bridge *bridge)
{
	if (bridge->form == BRIDGE_MODULE)
		return pipewire_server_stop(&bridge->pipewire);
	return proc_stop(&bridge->pipewire_side, 3000);
}

int bridge_finish(struct bridge *bridge)
{
	proc_stop(&bridge->pipewire_side, 3000);
	proc_stop(&bridge->jack_side, 3000);
	pipewire_server_stop(&bridge->pipewire);
	jack_server_stop(&bridge->jack);
	return sandbox_leave(&bridge->sandbox);
}

void bridge_show(const struct bridge *bridge)
{
	static const char *const logs[] = { "jackd-jack-test.log",
					    "pipewire.log", "leat-jack.log",
					    "leat-pipewire.log" };

	for (int i = 0; i < 4; i++)
		sandbox_show(&bridge->sandbox, logs[i]);
}

bool bridge_status(struct leat_link_status *status)
{
	return leat_status_query(LINK, status) == 0;
}

static bool in_state(void *arg)
{
	struct leat_link_status status;

	return bridge_status(&status) &&
	       strcmp(leat_link_status_state(&status), arg) == 0;
}

bool bridge_wait_state(const char *state, int timeout_ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%s", state);
	return wait_for(in_state, text, timeout_ms);
}

static bool carried(void *arg)
{
	const uint64_t *wanted = arg;
	struct leat_link_status status;

	return bridge_status(&status) &&
	       status.direction[LEAT_TO_JACK].frames >= *wanted;
}

bool bridge_wait_frames(uint64_t n_frames, int timeout_ms)
{
	struct leat_link_status status;
	uint64_t wanted;

	if (!bridge_status(&status))
		return false;
	wanted = status.direction[LEAT_TO_JACK].frames + n_frames;
	return wait_for(carried, &wanted, timeout_ms);
}

bool bridge_left_files(const struct bridge *bridge)
{
	char path[128];
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(
		sandbox_path(&bridge->sandbox, "leat", path, sizeof(path)));

	while (dir && (entry = readdir(dir)))
		found = found || entry->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* ---- the circle ---- */

bool circle_connect(struct circle *circle)
{
	return helper_tell(&circle->jack,
			   "connect sig:send_1 leat-test:to_pipewire_FL") ==
		       0 &&
	       helper_tell(&circle->jack,
			   "connect sig:send_2 leat-test:to_pipewire_FR") ==
		       0 &&
	       helper_tell(&circle->jack,
			   "connect leat-test:from_pipewire_FL sig:recv_1") ==
		       0 &&
	       helper_tell(&circle->jack,
			   "connect leat-test:from_pipewire_FR sig:recv_2") ==
		       0;
}

bool circle_link(struct circle *circle)
{
	return helper_tell(&circle->pass,
			   "link leat.test.source:capture_FL pass:in_1") == 0 &&
	       helper_tell(&circle->pass,
			   "link leat.test.source:capture_FR pass:in_2") == 0 &&
	       helper_tell(&circle->pass,
			   "link pass:out_1 leat.test.sink:playback_FL") == 0 &&
	       helper_tell(&circle->pass,
			   "link pass:out_2 leat.test.sink:playback_FR") == 0;
}

bool circle_start_clients(struct circle *circle, struct bridge *bridge)
{
	circle->period = bridge->jack.period;
	return sig_jack_start(&circle->jack, &bridge->sandbox,
			      bridge->jack.name, "sig", "--send", "--recv",
			      NULL) == 0 &&
	       sig_pw_start(&circle->pass, &bridge->sandbox, "pass", "--pass",
			    NULL) == 0;
}

bool circle_start(struct circle *circle, struct bridge *bridge)
{
	return circle_start_clients(circle, bridge) && circle_connect(circle) &&
	       circle_link(circle) &&
	       bridge_wait_state("running", START_TIMEOUT_MS) &&
	       bridge_wait_frames(4 * circle->period, START_TIMEOUT_MS);
}

bool circle_pass_again(struct circle *circle, struct bridge *bridge)
{
	helper_stop(&circle->pass);
	return sig_pw_start(&circle->pass, &bridge->sandbox, "pass", "--pass",
			    NULL) == 0 &&
	       circle_link(circle);
}

struct exact_wait {
	struct circle *circle;
	int64_t n_frames;
	long long end_ms;
};

static int left_ms(const struct exact_wait *wait)
{
	long long left = wait->end_ms - now_ms();

	return left > 0 ? (int)left : 0;
}

static bool has_frames(void *arg)
{
	const struct exact_wait *wait = arg;
	char reply[HELPER_REPLY];

	return helper_ask(&wait->circle->jack, reply, "report") == 0 &&
	       helper_value(reply, "frames") >= wait->n_frames;
}

/* A stretch of it, with nothing but exact frames at the right distance. */
static bool is_exact(void *arg)
{
	const struct exact_wait *wait = arg;
	int64_t wanted = (1 + CIRCLE_JACK_PERIODS) * wait->circle->period;
	char reply[HELPER_REPLY];

	return helper_tell(&wait->circle->jack, "reset") == 0 &&
	       wait_for(has_frames, arg, left_ms(wait)) &&
	       helper_ask(&wait->circle->jack, reply, "report") == 0 &&
	       helper_value(reply, "exact") == helper_value(reply, "frames") &&
	       helper_value(reply, "latency_min") == wanted &&
	       helper_value(reply, "latency_max") == wanted;
}

bool circle_wait_exact(struct circle *circle, int64_t n_frames, int timeout_ms)
{
	struct exact_wait wait = { circle, n_frames, now_ms() + timeout_ms };

	return wait_for(is_exact, &wait, timeout_ms);
}

void circle_stop(struct circle *circle)
{
	helper_stop(&circle->jack);
	helper_stop(&circle->pass);
}
