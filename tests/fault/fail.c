/* SPDX-License-Identifier: MIT */
#include "fail.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FDS_MAX 1024
#define BLOCKS_MAX 4096

struct range {
	uintptr_t start, end;
};

/* The one program that the board is of: else board is NULL. */
static struct fail_board *board;
static struct range modules[FAIL_ANYWHERE];
static unsigned char is_ours[FDS_MAX];
static const void *blocks[BLOCKS_MAX];
static unsigned n_blocks; /* slots that have been in use */

void *fail_real(const char *call)
{
	void *function = dlsym(RTLD_NEXT, call);

	if (!function)
		abort();
	return function;
}

/* ---- who calls ---- */

static int note_module(struct dl_phdr_info *info, size_t size, void *user)
{
	bool *first = user;
	bool is_program = *first;
	struct range range = { UINTPTR_MAX, 0 };

	(void)size;
	*first = false;
	if (!is_program && !strstr(info->dlpi_name, "/libleat.so"))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + part->p_vaddr;

		if (part->p_type != PT_LOAD)
			continue;
		if (start < range.start)
			range.start = start;
		if (start + part->p_memsz > range.end)
			range.end = start + part->p_memsz;
	}
	modules[is_program ? FAIL_PROGRAM : FAIL_LIBLEAT] = range;
	return 0;
}

static bool find_module(const void *caller, struct fail_site *site)
{
	uintptr_t address = (uintptr_t)caller;

	for (uint32_t i = 0; i < FAIL_ANYWHERE; i++)
		if (address >= modules[i].start && address < modules[i].end) {
			site->module = i;
			site->offset = address - modules[i].start;
			return true;
		}
	return false;
}

/* ---- the board ---- */

__attribute__((constructor)) static void open_board(void)
{
	const char *path = getenv("LEAT_FAIL_BOARD");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	bool first = true;
	void *map;

	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	close(fd);
	if (map == MAP_FAILED)
		return;
	dl_iterate_phdr(note_module, &first);
	/* Its children have the library too, and count for nothing. */
	if (strcmp(((struct fail_board *)map)->program,
		   program_invocation_short_name) == 0)
		board = map;
}

static void lock_board(void)
{
	while (__atomic_exchange_n(&board->lock, 1, __ATOMIC_ACQUIRE))
		;
}

static void unlock_board(void)
{
	__atomic_store_n(&board->lock, 0, __ATOMIC_RELEASE);
}

static bool same_site(const struct fail_site *a, const struct fail_site *b)
{
	return a->module == b->module && a->offset == b->offset &&
	       strcmp(a->call, b->call) == 0;
}

/* How many calls there have been from there before this one. */
static uint32_t note(const struct fail_site *wanted)
{
	struct fail_site *site = board->sites;
	const struct fail_site *end = site + board->n_sites;

	while (site < end && !same_site(site, wanted))
		site++;
	if (site == board->sites + FAIL_SITES_MAX)
		return UINT32_MAX;
	if (site == end) {
		*site = *wanted;
		site->n_calls = 0;
		board->n_sites++;
	}
	return site->n_calls++;
}

/* ---- what is done ---- */

static void leave_file(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/leat/.left",
		 getenv("XDG_RUNTIME_DIR"));
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void say(const char *text)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, text);
}

/* Whether the call fails. */
static bool perform(void)
{
	switch ((enum fail_deed)board->order.deed) {
	case FAIL_NOTHING:
		return false;
	case FAIL_ONCE:
	case FAIL_ALWAYS:
		errno = board->order.error;
		return true;
	case FAIL_CRASH:
		/* As libraries may have handlers: the plain end. */
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		return false;
	case FAIL_SAY_TWICE:
		say("this failed");
		say("and this");
		_exit(1);
	case FAIL_SAY_NOTHING:
		say("error");
		_exit(1);
	case FAIL_EXIT:
		_exit(1);
	case FAIL_HANG:
		for (;;)
			pause();
	case FAIL_LEAK_FD:
		is_ours[dup(STDERR_FILENO) % FDS_MAX] = 1;
		return false;
	case FAIL_LEAK_MEMORY:
		blocks[n_blocks++] = &board;
		return false;
	case FAIL_LEAK_FILE:
		leave_file();
		return false;
	}
	return false;
}

static bool due(struct fail_site *site, const char *call)
{
	const struct fail_order *order = &board->order;
	uint32_t n_before;
	bool is_due;

	snprintf(site->call, sizeof(site->call), "%s", call);
	lock_board();
	n_before = board->closed ? UINT32_MAX : note(site);
	is_due = n_before != UINT32_MAX && order->deed != FAIL_NOTHING &&
		 same_site(&order->site, site) &&
		 (order->deed == FAIL_ALWAYS ? n_before >= order->nth
					     : n_before == order->nth);
	board->n_failed += is_due;
	unlock_board();
	return is_due && perform();
}

bool fail_due(const char *call, const void *caller)
{
	struct fail_site site = { .n_calls = 0 };

	return board && find_module(caller, &site) && due(&site, call);
}

bool fail_due_anywhere(const char *call)
{
	struct fail_site site = { .module = FAIL_ANYWHERE };

	return board && due(&site, call);
}

/* ---- what our code holds ---- */

int fail_keep_fd(int fd, const void *caller)
{
	struct fail_site site;

	if (board && fd >= 0 && fd < FDS_MAX && find_module(caller, &site))
		__atomic_store_n(&is_ours[fd], 1, __ATOMIC_RELAXED);
	return fd;
}

void fail_drop_fd(int fd)
{
	if (board && fd >= 0 && fd < FDS_MAX)
		__atomic_store_n(&is_ours[fd], 0, __ATOMIC_RELAXED);
}

void *fail_keep_block(void *block, const void *caller)
{
	struct fail_site site;

	if (!board || !block || !find_module(caller, &site))
		return block;
	lock_board();
	for (unsigned i = 0; i < BLOCKS_MAX; i++) {
		if (blocks[i])
			continue;
		blocks[i] = block;
		if (i >= n_blocks)
			n_blocks = i + 1;
		break;
	}
	unlock_board();
	return block;
}

void fail_drop_block(const void *block)
{
	if (!board || !block)
		return;
	lock_board();
	for (unsigned i = 0; i < n_blocks; i++)
		if (blocks[i] == block)
			blocks[i] = NULL;
	unlock_board();
}

__attribute__((destructor)) static void count_left(void)
{
	if (!board)
		return;
	board->n_fds_left = 0;
	board->n_blocks_left = 0;
	for (int fd = 0; fd < FDS_MAX; fd++)
		board->n_fds_left += is_ours[fd];
	for (unsigned i = 0; i < n_blocks; i++)
		board->n_blocks_left += blocks[i] != NULL;
	board->ended = 1;
}
