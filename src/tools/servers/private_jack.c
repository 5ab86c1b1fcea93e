/* SPDX-License-Identifier: MIT */
#include "private_jack.h"

#include "tools/common/find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Ports cost shared memory (41 MB with 128, 54 MB with 512), which is scarce
 * in containers. The dummy driver has four, clients want some as well.
 */
#define PORTS_FEW 128
#define PORTS_MANY 512
#define CHANNELS_FEW 48

/* Where glibc keeps named semaphores, and jackd its memory. */
#define SHM_FOLDER "/dev/shm"

/* ---- what dead servers leave behind ---- */

/* Whether somebody listens as the server of a process. */
static bool listens(int pid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool connected;

	snprintf(address.sun_path, sizeof(address.sun_path),
		 SHM_FOLDER "/jack_leat-%d_%u_0", pid, geteuid());
	connected = fd >= 0 && (connect(fd, (const struct sockaddr *)&address,
					sizeof(address)) == 0 ||
				errno == EAGAIN);
	if (fd >= 0)
		close(fd);
	return connected;
}

/* The semaphores and sockets of a server that leat-up started; 0: none. */
static int process_of(const char *name)
{
	unsigned uid;
	int pid = 0;

	if (sscanf(name, "jack_sem.%u_leat-%d_", &uid, &pid) == 2)
		return uid == geteuid() ? pid : 0;
	if (sscanf(name, "jack_leat-%d_%u_", &pid, &uid) == 2)
		return uid == geteuid() ? pid : 0;
	return 0;
}

static bool is_dead(int pid)
{
	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH && !listens(pid);
}

/*
 * jackd removes its semaphores when it is asked to end and nothing goes wrong,
 * and the next one the memory of any that are dead, but not their semaphores.
 */
static void remove_leftovers(void)
{
	DIR *dir = opendir(SHM_FOLDER);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		int pid = process_of(entry->d_name);

		if (pid == getpid() || is_dead(pid))
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

/* ---- the server ---- */

static void set_command(struct leat_private_jack *jack)
{
	struct leat_command *command = &jack->service.command;
	const char *const args[] = {
		"-n",	      jack->name,     "-R", "-P80",
		"--port-max", jack->port_max, "-d", "dummy",
		"-r",	      jack->rate,     "-p", jack->period,
	};

	leat_command_init(command, jack->path, "jackd");
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++)
		leat_command_add(command, args[i]);
	/* Its device is no hardware that others would have to give up. */
	leat_command_add_env(command, "JACK_NO_AUDIO_RESERVATION=1");
}

int leat_private_jack_find(struct leat_private_jack *jack,
			   struct leat_console *console)
{
	if (leat_find_program("jackd", jack->path, sizeof(jack->path)))
		return 0;
	leat_console_log(console,
			 "no JACK server runs and jackd is not installed: "
			 "install it (Debian package jackd2) or start a JACK "
			 "server");
	return 1;
}

int leat_private_jack_start(struct leat_private_jack *jack,
			    struct leat_loop *loop,
			    struct leat_console *console, uint32_t rate_hz,
			    uint32_t period, uint32_t n_channels)
{
	remove_leftovers();
	snprintf(jack->name, sizeof(jack->name), "leat-%d", (int)getpid());
	snprintf(jack->rate, sizeof(jack->rate), "%u", rate_hz);
	snprintf(jack->period, sizeof(jack->period), "%u", period);
	snprintf(jack->port_max, sizeof(jack->port_max), "%d",
		 n_channels <= CHANNELS_FEW ? PORTS_FEW : PORTS_MANY);
	snprintf(jack->env, sizeof(jack->env), "JACK_DEFAULT_SERVER=%s",
		 jack->name);
	if (leat_service_init(&jack->service, "the private JACK server", loop,
			      console) < 0)
		return 1;
	jack->service.keep_output = true;
	set_command(jack);
	return leat_service_start(&jack->service) < 0 ? 1 : 0;
}

void leat_private_jack_clean(const struct leat_private_jack *jack)
{
	if (jack->name[0])
		remove_leftovers();
}
