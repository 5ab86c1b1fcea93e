/* SPDX-License-Identifier: MIT */
/*
 * Where a link has its socket: another user, what others put there, and what
 * is left of a process that died.
 */
#include "scene.h"

#include "unit/helpers.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define OTHER_UID 65533

static const char *in_rundir(char *path, size_t path_bytes, const char *name)
{
	snprintf(path, path_bytes, "%s/leat/%s", unit_rundir(), name);
	return path;
}

/* ---- another user ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int res = -errno;

		close(fd);
		return res;
	}
	return fd;
}

static bool become_other(void)
{
	return setgroups(0, NULL) == 0 && setgid(OTHER_UID) == 0 &&
	       setuid(OTHER_UID) == 0;
}

/* Nothing in there can be seen, opened or connected to. */
static int look_from_outside(void *user)
{
	char path[100];

	(void)user;
	if (!become_other())
		return 77;
	return connect_to(in_rundir(path, sizeof(path), HONEST_LINK)) ==
				       -EACCES &&
			       access(in_rundir(path, sizeof(path), ""), R_OK) <
				       0 &&
			       leat_connect(HONEST_LINK, NULL) < 0
		       ? 0
		       : 1;
}

/* Even if somebody opens the directories, who asks is asked who they are. */
static int come_in_anyway(void *user)
{
	struct leat_message message;
	int fds[LEAT_PROTO_FDS_MAX];
	char path[100];
	int fd;

	(void)user;
	if (!become_other())
		return 77;
	fd = connect_to(in_rundir(path, sizeof(path), HONEST_LINK));
	if (fd < 0)
		return 2;
	leat_message_init(&message, LEAT_MESSAGE_HELLO);
	message.body.hello.role = LEAT_ROLE_TOOL;
	(void)leat_message_send(fd, &message, NULL, 0);
	/* Not a word. */
	return foe_hear(fd, &message, fds) == -EPIPE ? 0 : 1;
}

static void test_other_user(void)
{
	struct scene scene;
	struct stat st;
	char path[128];
	int res;

	scene_open(&scene, HONEST_HOST);
	CU_ASSERT(stat(in_rundir(path, sizeof(path), ""), &st) == 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0700);
	CU_ASSERT(stat(in_rundir(path, sizeof(path), "." HONEST_LINK ".lock"),
		       &st) == 0);
	CU_ASSERT_EQUAL(st.st_mode & 0077, 0);
	res = unit_in_child(look_from_outside, NULL);
	if (res == 77) {
		printf("skipped: another user: that takes root\n");
		scene_close(&scene);
		return;
	}
	CU_ASSERT_EQUAL(res, 0);
	/* As nobody should. */
	CU_ASSERT(chmod(unit_rundir(), 0755) == 0);
	CU_ASSERT(chmod(in_rundir(path, sizeof(path), ""), 0755) == 0);
	CU_ASSERT(chmod(in_rundir(path, sizeof(path), HONEST_LINK), 0777) == 0);
	CU_ASSERT_EQUAL(unit_in_child(come_in_anyway, NULL), 0);
	CU_ASSERT(chmod(in_rundir(path, sizeof(path), ""), 0700) == 0);
	scene_close(&scene);
}

/* A host of another user's is none. */
static int host_as_other(void *user)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	char path[100];

	in_rundir(path, sizeof(path), HONEST_LINK);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0777) < 0 || !become_other() || listen(fd, 16) < 0)
		return 77;
	__atomic_store_n((int *)user, 1, __ATOMIC_SEQ_CST);
	sleep(2);
	return 0;
}

static void test_other_host(void)
{
	int *ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct leat_error error = { "" };
	char path[128];
	pid_t pid;

	CU_ASSERT_FATAL(unit_rundir_make());
	CU_ASSERT_FATAL(leat_runtime_dir(path, sizeof(path), true, NULL) == 0);
	pid = unit_fork(host_as_other, ready);
	for (int i = 0; i < 2000 && !__atomic_load_n(ready, __ATOMIC_SEQ_CST);
	     i++)
		usleep(500);
	if (*ready) {
		CU_ASSERT_EQUAL(leat_connect(HONEST_LINK, &error), -EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another user"));
		CU_ASSERT_EQUAL(unit_wait_child(pid), 0);
	} else {
		printf("skipped: another user's host: that takes root\n");
		CU_ASSERT_EQUAL(unit_wait_child(pid), 77);
	}
	munmap(ready, 4096);
	unit_rundir_remove();
}

/* ---- what lies there ---- */

static int host_dies(void *user)
{
	struct foe *foe = user;

	return foe_listen(foe) ? 0 : 1;
}

/* A socket and a lock that nobody holds any more. */
static void test_stale(void)
{
	struct scene scene;
	char path[128];

	CU_ASSERT_FATAL(unit_rundir_make());
	foe_init(&scene.foe);
	CU_ASSERT_EQUAL(unit_in_child(host_dies, &scene.foe), 0);
	CU_ASSERT(access(in_rundir(path, sizeof(path), HONEST_LINK), F_OK) ==
		  0);
	foe_init(&scene.foe);
	scene.n_gone = scene.n_poisoned = 0;
	CU_ASSERT_FATAL(honest_start(&scene.honest, HONEST_HOST));
	scene_close(&scene);
}

enum trap { TRAP_LINK, TRAP_LOCK, TRAP_FILE, TRAP_FIFO, N_TRAPS };

/* A link to a file of ours, or another thing, where the link's are to be. */
static void set_trap(enum trap trap, const char *target)
{
	char path[128];

	switch (trap) {
	case TRAP_LINK:
		CU_ASSERT(symlink(target, in_rundir(path, sizeof(path),
						    HONEST_LINK)) == 0);
		break;
	case TRAP_LOCK:
		CU_ASSERT(symlink(target, in_rundir(path, sizeof(path),
						    "." HONEST_LINK ".lock")) ==
			  0);
		break;
	case TRAP_FILE:
		close(open(in_rundir(path, sizeof(path), HONEST_LINK),
			   O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		break;
	default:
		CU_ASSERT(mkfifo(in_rundir(path, sizeof(path), HONEST_LINK),
				 0600) == 0);
	}
}

/* Whatever a link points to is left alone, and a lock that is one refused. */
static void test_traps(void)
{
	for (enum trap trap = 0; trap < N_TRAPS; trap++) {
		struct foe foe;
		char dir[128], target[128];
		struct stat st;
		bool listens;
		int fd;

		CU_ASSERT_FATAL(unit_rundir_make());
		CU_ASSERT_FATAL(
			leat_runtime_dir(dir, sizeof(dir), true, NULL) == 0);
		snprintf(target, sizeof(target), "%s/precious", unit_rundir());
		fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		CU_ASSERT_EQUAL(write(fd, "precious", 8), 8);
		close(fd);
		set_trap(trap, target);
		CU_ASSERT(leat_connect(HONEST_LINK, NULL) < 0);
		listens = foe_listen(&foe);
		CU_ASSERT_EQUAL(listens, trap != TRAP_LOCK);
		if (listens)
			foe_finish(&foe);
		CU_ASSERT(stat(target, &st) == 0);
		CU_ASSERT_EQUAL(st.st_size, 8);
		unit_rundir_remove();
	}
}

/* A directory that is a link, is open to others, or is another user's. */
static void test_directories(void)
{
	char path[128], dir[128];
	struct leat_error error;

	CU_ASSERT_FATAL(unit_rundir_make());
	snprintf(path, sizeof(path), "%s/elsewhere", unit_rundir());
	CU_ASSERT(mkdir(path, 0700) == 0);
	snprintf(dir, sizeof(dir), "%s/leat", unit_rundir());
	CU_ASSERT(symlink(path, dir) == 0);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, sizeof(path), true, &error),
			-EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "not a directory"));
	CU_ASSERT(unlink(dir) == 0 && mkdir(dir, 0755) == 0);
	CU_ASSERT_EQUAL(leat_runtime_dir(path, sizeof(path), true, &error),
			-EPERM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "open to other users"));
	CU_ASSERT(chmod(dir, 0700) == 0);
	if (chown(dir, OTHER_UID, OTHER_UID) == 0) {
		CU_ASSERT_EQUAL(
			leat_runtime_dir(path, sizeof(path), true, &error),
			-EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "belongs to user"));
	}
	unit_rundir_remove();
}

static const struct unit_test tests[] = {
	{ "users", "another", test_other_user },
	{ "users", "another's host", test_other_host },
	{ "places", "stale socket and lock", test_stale },
	{ "places", "links and other things", test_traps },
	{ "places", "directories", test_directories },
};

SCENE_MAIN(tests)
