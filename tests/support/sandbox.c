/* SPDX-License-Identifier: MIT */
#include "sandbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int write_text(const char *path, const char *text)
{
	size_t size_bytes = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int res = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, size_bytes) != (ssize_t)size_bytes)
		res = -EIO;
	close(fd);
	return res;
}

/* We stay who we are, so that files and peers show the same user. */
static const char *enter_user_namespace(void)
{
	char uid_map[64];
	char gid_map[64];

	snprintf(uid_map, sizeof(uid_map), "%u %u 1\n", geteuid(), geteuid());
	snprintf(gid_map, sizeof(gid_map), "%u %u 1\n", getegid(), getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		return "no user namespace for an ordinary user";
	write_text("/proc/self/setgroups", "deny");
	if (write_text("/proc/self/uid_map", uid_map) < 0 ||
	    write_text("/proc/self/gid_map", gid_map) < 0)
		return "cannot map the user into a namespace";
	return NULL;
}

/*
 * What is mounted here must not show elsewhere. In a plain chroot "/" is no
 * mount that can be made private; one below it may be, and else the umount at
 * the end has to do.
 */
static void make_private(void)
{
	static const char *const places[] = { "/", "/dev", "/dev/shm" };

	for (int i = 0; i < 3; i++)
		if (mount("none", places[i], NULL, MS_REC | MS_PRIVATE, NULL) ==
		    0)
			return;
}

static const char *enter_mounts(void)
{
	const char *reason = NULL;

	if (unshare(CLONE_NEWNS) < 0) {
		reason = enter_user_namespace();
		if (!reason && unshare(CLONE_NEWNS) < 0)
			reason = "no mount namespace";
	}
	if (reason)
		return reason;
	make_private();
	if (mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") < 0)
		return "cannot mount a private /dev/shm";
	return NULL;
}

static bool is_foreign(const char *variable)
{
	static const char *const prefixes[] = {
		"JACK_",	  "PIPEWIRE_",	  "DBUS_SESSION_BUS_ADDRESS=",
		"PULSE_",	  "WIREPLUMBER_", "LEAT_RUN",
		"XDG_CONFIG_",	  "XDG_STATE_",	  "XDG_CACHE_",
		"XDG_DATA_HOME=",
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(variable, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void clean_environment(void)
{
	char **variable = environ;

	while (*variable) {
		char name[128];

		if (!is_foreign(*variable)) {
			variable++;
			continue;
		}
		snprintf(name, sizeof(name), "%.*s",
			 (int)strcspn(*variable, "="), *variable);
		unsetenv(name);
		/* The list was closed up, or even moved. */
		variable = environ;
	}
}

const char *sandbox_enter(struct sandbox *sandbox)
{
	const char *reason = enter_mounts();

	if (reason)
		return reason;
	strcpy(sandbox->dir, "/dev/shm/leat-test-XXXXXX");
	if (!mkdtemp(sandbox->dir))
		return "cannot make a runtime directory";
	clean_environment();
	setenv("XDG_RUNTIME_DIR", sandbox->dir, 1);
	setenv("HOME", sandbox->dir, 1);
	/* jackd would ask a bus for the sound card. */
	setenv("JACK_NO_AUDIO_RESERVATION", "1", 1);
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return NULL;
}

const char *sandbox_path(const struct sandbox *sandbox, const char *name,
			 char *path, size_t size_bytes)
{
	snprintf(path, size_bytes, "%s/%s", sandbox->dir, name);
	return path;
}

int sandbox_write(const struct sandbox *sandbox, const char *name,
		  const char *text)
{
	char path[256];

	return write_text(sandbox_path(sandbox, name, path, sizeof(path)),
			  text);
}

void sandbox_show(const struct sandbox *sandbox, const char *name)
{
	char path[256];
	char line[512];
	FILE *file =
		fopen(sandbox_path(sandbox, name, path, sizeof(path)), "re");

	if (!file)
		return;
	fprintf(stderr, "--- %s\n", name);
	while (fgets(line, sizeof(line), file))
		fputs(line, stderr);
	fclose(file);
}

unsigned lines_with(const char *path, const char *words)
{
	char line[2048];
	unsigned n = 0;
	FILE *file = fopen(path, "re");

	while (file && fgets(line, sizeof(line), file))
		n += strstr(line, words) != NULL;
	if (file)
		fclose(file);
	return n;
}

unsigned sandbox_count(const struct sandbox *sandbox, const char *name,
		       const char *words)
{
	char path[256];

	return lines_with(sandbox_path(sandbox, name, path, sizeof(path)),
			  words);
}

/* Parent of a process and its name, from /proc/PID/stat. */
static pid_t parent_of(pid_t pid, char name[32])
{
	char path[64];
	int parent = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%*d (%31[^)]) %*c %d", name, &parent) != 2)
		parent = -1;
	fclose(file);
	return parent;
}

/* One child that we still have, or 0. Its orphans come to us in turn. */
static pid_t find_child(char name[32])
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	if (!proc)
		return 0;
	while (!found && (entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (pid > 0 && parent_of(pid, name) == getpid())
			found = pid;
	}
	closedir(proc);
	return found;
}

/* @return  1 if it was alive, 0 if it only had not been waited for. */
static int end_child(pid_t pid, const char *name)
{
	int res = waitpid(pid, NULL, WNOHANG);

	if (res != 0)
		return 0;
	fprintf(stderr, "left over: %s (%d)\n", name, (int)pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return 1;
}

static int remove_entry(const char *path, const struct stat *status, int type,
			struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

int sandbox_leave(struct sandbox *sandbox)
{
	char name[32] = "";
	int n_left = 0;

	for (pid_t pid = find_child(name); pid > 0; pid = find_child(name))
		n_left += end_child(pid, name);
	nftw(sandbox->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	umount2("/dev/shm", MNT_DETACH);
	return n_left;
}
