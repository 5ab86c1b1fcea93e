/* SPDX-License-Identifier: MIT */
#include "huge_pool.h"

#include <leat/shm.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE_OF_POOL "/proc/sys/vm/nr_hugepages"

static size_t value_in(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t value = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%zu", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

size_t huge_pool_value(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/vm/%s", name);
	return value_in(path);
}

static size_t of_usual_size(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/kernel/mm/hugepages/hugepages-%zukB/%s",
		 leat_shm_page_bytes(LEAT_SHM_HUGE) / 1024, name);
	return value_in(path);
}

size_t huge_pool_free(void)
{
	size_t n_free = of_usual_size("free_hugepages");
	size_t n_promised = of_usual_size("resv_hugepages");

	return n_free > n_promised ? n_free - n_promised : 0;
}

static bool set_pool(size_t n_pages)
{
	FILE *file = fopen(SIZE_OF_POOL, "we");
	bool done;

	if (!file)
		return false;
	done = fprintf(file, "%zu\n", n_pages) > 0;
	return fclose(file) == 0 && done;
}

/* Wait for the child, and end it if somebody wants to end us. */
static int wait_for(pid_t pid, const sigset_t *set)
{
	int signal_number, status = 0;

	while (waitpid(pid, &status, WNOHANG) == 0)
		if (sigwait(set, &signal_number) == 0 &&
		    signal_number != SIGCHLD)
			kill(pid, SIGKILL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static int run_in_child(int (*fn)(void *user), void *user)
{
	sigset_t set, before;
	int status;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &before);
	pid = fork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		exit(fn(user));
	}
	status = pid < 0 ? EXIT_FAILURE : wait_for(pid, &set);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return status;
}

int huge_pool_run(size_t n_pages, int (*fn)(void *user), void *user)
{
	int lock_fd = open(SIZE_OF_POOL, O_RDONLY | O_CLOEXEC);
	size_t n_before = huge_pool_value("nr_hugepages");
	size_t n_free = huge_pool_free();
	bool raised = false;
	int status;

	/* Another run of this test must not take our number for its own. */
	if (lock_fd >= 0 && flock(lock_fd, LOCK_EX) == 0) {
		n_before = huge_pool_value("nr_hugepages");
		n_free = huge_pool_free();
	}
	if (n_free < n_pages)
		raised = set_pool(n_before + n_pages - n_free);
	status = run_in_child(fn, user);
	if (raised && !set_pool(n_before)) {
		fprintf(stderr, "%s is not %zu again\n", SIZE_OF_POOL,
			n_before);
		status = EXIT_FAILURE;
	}
	if (lock_fd >= 0)
		close(lock_fd);
	return status;
}
