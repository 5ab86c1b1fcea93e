/* SPDX-License-Identifier: MIT */
#include "servers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define START_MS 10000
#define STOP_MS 5000
#define CONFIG "pipewire-test.conf"

static const char config_format[] =
	"context.properties = {\n"
	"  core.daemon = true\n"
	"  core.name = pipewire-0\n"
	"  link.max-buffers = 16\n"
	"  default.clock.rate = %u\n"
	"  default.clock.allowed-rates = %s\n"
	"  default.clock.quantum = %u\n"
	"  default.clock.min-quantum = 16\n"
	"  default.clock.max-quantum = 8192\n"
	"}\n"
	"context.spa-libs = {\n"
	"  audio.convert.* = audioconvert/libspa-audioconvert\n"
	"  support.* = support/libspa-support\n"
	"}\n"
	"context.modules = [\n"
	"  { name = libpipewire-module-rt flags = [ ifexists nofail ] }\n"
	"  { name = libpipewire-module-protocol-native }\n"
	"  { name = libpipewire-module-metadata }\n"
	"  { name = libpipewire-module-spa-node-factory }\n"
	"  { name = libpipewire-module-client-node }\n"
	"  { name = libpipewire-module-client-device }\n"
	"  { name = libpipewire-module-access args = { } }\n"
	"  { name = libpipewire-module-adapter }\n"
	"  { name = libpipewire-module-link-factory }\n"
	"  { name = libpipewire-module-session-manager }\n"
	"%s\n"
	"]\n"
	"context.objects = [\n"
	"  { factory = metadata args = { metadata.name = default } }\n"
	"  { factory = spa-node-factory args = {\n"
	"      factory.name = support.node.driver\n"
	"      node.name = Dummy-Driver\n"
	"      node.group = pipewire.dummy\n"
	"      priority.driver = 20000 } }\n"
	"%s\n"
	"]\n";

const char *null_sink_object(char *text, size_t size_bytes, const char *name,
			     int priority_driver)
{
	/* PortConfig as a node parameter works from 0.3.65 to 1.6, the
	 * property adapter.auto-port-config does not in 1.4. */
	snprintf(text, size_bytes,
		 "  { factory = adapter args = {\n"
		 "      factory.name = support.null-audio-sink\n"
		 "      node.name = \"%s\"\n"
		 "      media.class = Audio/Sink\n"
		 "      audio.position = [ FL FR ]\n"
		 "      priority.driver = %d\n"
		 "      node.param.PortConfig = {\n"
		 "        direction = Input mode = dsp monitor = true\n"
		 "        format = { mediaType = audio mediaSubtype = raw\n"
		 "          format = F32 rate = 48000 channels = 2\n"
		 "          position = [ FL FR ] } } } }\n",
		 name, priority_driver);
	return text;
}

static int write_config(const struct pipewire_server *server)
{
	uint32_t rate_hz = server->rate_hz ? server->rate_hz : 48000;
	char rates[32];
	char text[8192];
	int n;

	snprintf(rates, sizeof(rates), "[ %u ]", rate_hz);
	n = snprintf(text, sizeof(text), config_format, rate_hz,
		     server->allowed_rates ? server->allowed_rates : rates,
		     server->quantum ? server->quantum : 1024,
		     server->modules ? server->modules : "",
		     server->objects ? server->objects : "");
	if ((size_t)n >= sizeof(text))
		return -EMSGSIZE;
	return sandbox_write(server->sandbox, CONFIG, text);
}

static bool is_served(const struct sandbox *sandbox, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool served;

	if (fd < 0)
		return false;
	sandbox_path(sandbox, name, address.sun_path, sizeof(address.sun_path));
	served = connect(fd, (const struct sockaddr *)&address,
			 sizeof(address)) == 0;
	close(fd);
	return served;
}

/* What is asked every 5 ms while a server starts. */
struct starting {
	const struct sandbox *sandbox;
	struct proc *proc;
	const char *socket_name;
};

static bool is_decided(void *arg)
{
	const struct starting *starting = arg;

	return !proc_is_running(starting->proc) ||
	       is_served(starting->sandbox, starting->socket_name);
}

static int start_one(const struct sandbox *sandbox, struct proc *proc,
		     const char *const *argv, const char *log_name,
		     const char *socket_name)
{
	struct starting starting = { sandbox, proc, socket_name };
	char log[256];
	struct proc_options options = { .log = log };
	int res;

	sandbox_path(sandbox, log_name, log, sizeof(log));
	res = proc_start(proc, argv, &options);
	if (res < 0 || !socket_name)
		return res;
	if (wait_for(is_decided, &starting, START_MS) && proc_is_running(proc))
		return 0;
	proc_kill(proc);
	sandbox_show(sandbox, log_name);
	return -ETIMEDOUT;
}

static int start_daemon(struct pipewire_server *server)
{
	char config[256];
	const char *const argv[] = { "pipewire", "-c", config, NULL };
	int res = write_config(server);

	if (res < 0)
		return res;
	sandbox_path(server->sandbox, CONFIG, config, sizeof(config));
	return start_one(server->sandbox, &server->proc, argv, "pipewire.log",
			 "pipewire-0");
}

/*
 * The session manager.
 *
 * It shall see no device of this machine. WirePlumber 0.4 is told by Lua
 * files, 0.5 by a profile. 0.4 needs a bus, and gets one that is ours.
 */

static const char bus_format[] =
	"<busconfig><type>session</type>\n"
	"<listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>\n"
	"<policy context=\"default\"><allow send_destination=\"*\"/>\n"
	"<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>\n"
	"</busconfig>\n";

static const char no_monitors_lua[] = "alsa_monitor.enabled = false\n"
				      "v4l2_monitor.enabled = false\n"
				      "libcamera_monitor.enabled = false\n";

static const char no_bluetooth_lua[] = "bluez_monitor.enabled = false\n";

static const char no_monitors_conf[] = "wireplumber.profiles = { main = {\n"
				       "  hardware.audio = disabled\n"
				       "  hardware.bluetooth = disabled\n"
				       "  hardware.video-capture = disabled\n"
				       "  monitor.alsa = disabled\n"
				       "  monitor.alsa-midi = disabled\n"
				       "  monitor.bluez = disabled\n"
				       "  monitor.bluez-midi = disabled\n"
				       "  monitor.libcamera = disabled\n"
				       "  monitor.v4l2 = disabled\n"
				       "} }\n";

static int write_manager_config(const struct sandbox *sandbox)
{
	static const char *const dirs[] = {
		".config",
		".config/wireplumber",
		".config/wireplumber/main.lua.d",
		".config/wireplumber/bluetooth.lua.d",
		".config/wireplumber/wireplumber.conf.d",
	};
	char text[1024];
	char path[256];
	int res = 0;

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		mkdir(sandbox_path(sandbox, dirs[i], path, sizeof(path)), 0700);
	snprintf(text, sizeof(text), bus_format, sandbox->dir);
	res |= sandbox_write(sandbox, "bus.conf", text);
	res |= sandbox_write(sandbox,
			     ".config/wireplumber/main.lua.d/51-test.lua",
			     no_monitors_lua);
	res |= sandbox_write(sandbox,
			     ".config/wireplumber/bluetooth.lua.d/51-test.lua",
			     no_bluetooth_lua);
	res |= sandbox_write(
		sandbox, ".config/wireplumber/wireplumber.conf.d/51-test.conf",
		no_monitors_conf);
	return res ? -EIO : 0;
}

static int start_bus(struct pipewire_server *server)
{
	char config[256];
	const char *const argv[] = { "dbus-daemon",   "--nofork", "--nopidfile",
				     "--config-file", config,	  NULL };

	sandbox_path(server->sandbox, "bus.conf", config, sizeof(config));
	return start_one(server->sandbox, &server->bus, argv, "dbus.log",
			 "bus");
}

static int start_manager(struct pipewire_server *server)
{
	char address[256];
	char log[256];
	const char *const argv[] = { "wireplumber", NULL };
	const char *const env[] = { address, NULL };
	struct proc_options options = { .env = env, .log = log };
	int res = write_manager_config(server->sandbox);

	if (res == 0)
		res = start_bus(server);
	if (res < 0)
		return res;
	snprintf(address, sizeof(address),
		 "DBUS_SESSION_BUS_ADDRESS=unix:path=%s/bus",
		 server->sandbox->dir);
	sandbox_path(server->sandbox, "wireplumber.log", log, sizeof(log));
	return proc_start(&server->manager, argv, &options);
}

static void stop_manager(struct pipewire_server *server)
{
	proc_stop(&server->manager, STOP_MS);
	proc_stop(&server->bus, STOP_MS);
}

int pipewire_server_start(struct pipewire_server *server,
			  const struct sandbox *sandbox)
{
	int res;

	server->sandbox = sandbox;
	res = start_daemon(server);
	if (res == 0 && server->session_manager)
		res = start_manager(server);
	if (res < 0)
		pipewire_server_kill(server);
	return res;
}

int pipewire_server_stop(struct pipewire_server *server)
{
	stop_manager(server);
	return proc_stop(&server->proc, STOP_MS);
}

void pipewire_server_kill(struct pipewire_server *server)
{
	proc_kill(&server->proc);
	stop_manager(server);
}

static bool runs(const char *program)
{
	const char *const argv[] = { program, "--version", NULL };
	char text[1024];

	return proc_run(argv, NULL, text, sizeof(text), START_MS) == 0;
}

bool pipewire_server_is_installed(void)
{
	return runs("pipewire");
}

bool session_manager_is_installed(void)
{
	return runs("wireplumber") && runs("dbus-daemon");
}
