/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include "unit/helpers.h"
#include "voice.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Where a host's rings begin: some wrap soon after, at 2^32 and at 2^64. */
static const uint64_t first_indices[] = {
	0,
	UINT32_MAX - 20000,
	UINT64_MAX - 20000,
	UINT64_C(0x123456789abcdef0),
};

bool peers_expect(struct peers *peers, bool ok, const char *what)
{
	if (ok)
		return true;
	peers->n_failures++;
	printf("FAILED after %llu kills: %s\n",
	       (unsigned long long)peers->n_kills, what);
	return false;
}

uint32_t peers_random(struct peers *peers, uint32_t below)
{
	return unit_random(&peers->random) % below;
}

void peers_sleep_us(uint32_t us)
{
	struct timespec time = {
		.tv_sec = us / 1000000,
		.tv_nsec = (long)(us % 1000000) * 1000,
	};

	nanosleep(&time, NULL);
}

/* ---- starting and killing ---- */

static int run_actor(void *user)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return actor_run(user);
}

bool peers_start(struct peers *peers, enum fault_role role)
{
	struct peer *peer = &peers->peer[role];
	eventfd_t n;

	memset(peer->page, 0, sizeof(*peer->page));
	(void)eventfd_read(peer->setup.settle_fd, &n);
	peer->setup.life++;
	peer->setup.first_index = first_indices[peers_random(peers, 4)];
	peer->setup.follows = role == FAULT_GUEST && peers_random(peers, 2);
	peer->wires_before = atomic_load(&peers->peer[!role].page->n_wires);
	peers->peer[!role].wires_before = 0;
	peer->started_ns = voice_now_ns();
	peer->is_new = true;
	peer->pid = unit_fork(run_actor, &peer->setup);
	return peers_expect(peers, peer->pid > 0, "no process to be had");
}

void peers_kill(struct peers *peers, enum fault_role role)
{
	struct peer *peer = &peers->peer[role];
	int status = 0;

	kill(peer->pid, SIGKILL);
	waitpid(peer->pid, &status, 0);
	peer->pid = 0;
	peers->n_kills++;
	peers_expect(peers, WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
		     "a process ended before it was killed");
}

static void *share(size_t size_bytes)
{
	void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool open_peer(struct peer *peer, enum fault_role role)
{
	peer->page = share(sizeof(*peer->page));
	peer->setup.role = role;
	peer->setup.page = peer->page;
	peer->setup.settle_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return peer->page && peer->setup.settle_fd >= 0;
}

bool peers_open(struct peers *peers, uint64_t seed)
{
	memset(peers, 0, sizeof(*peers));
	peers->random = seed ? seed : 1;
	if (!unit_rundir_make())
		return false;
	for (int role = 0; role < FAULT_N_ROLES; role++)
		if (!open_peer(&peers->peer[role], (enum fault_role)role))
			return false;
	peers->witness = witness_start();
	return peers_start(peers, FAULT_HOST) &&
	       peers_start(peers, FAULT_GUEST);
}

void peers_close(struct peers *peers)
{
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		struct peer *peer = &peers->peer[role];

		if (peer->pid > 0) {
			kill(peer->pid, SIGKILL);
			waitpid(peer->pid, NULL, 0);
		}
		close(peer->setup.settle_fd);
		munmap(peer->page, sizeof(*peer->page));
	}
	witness_stop(peers->witness);
	figures_finish(&peers->notice);
	figures_finish(&peers->notice_net);
	figures_finish(&peers->resume);
	figures_finish(&peers->resume_net);
	unit_rundir_remove();
}

/* ---- waiting ---- */

typedef bool (*condition_fn)(struct peers *peers, const void *arg);

static bool wait_until(struct peers *peers, condition_fn condition,
		       const void *arg, const char *what)
{
	int64_t deadline_ms = unit_now_ms() + PEERS_DEADLINE_MS;

	while (!condition(peers, arg)) {
		if (unit_now_ms() > deadline_ms)
			return peers_expect(peers, false, what);
		peers_sleep_us(100);
	}
	return true;
}

static bool are_running(struct peers *peers, const void *arg)
{
	(void)arg;
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		const struct peer *other = &peers->peer[!role];
		const struct fault_page *page = peers->peer[role].page;

		if (atomic_load(&page->now.peer) != other->setup.life ||
		    atomic_load(&page->n_wires) != atomic_load(&page->now.wire))
			return false;
	}
	return true;
}

bool peers_wait_running(struct peers *peers)
{
	return wait_until(peers, are_running, NULL, "no frames in 30 s");
}

static bool have_got(struct peers *peers, const void *arg)
{
	const uint64_t *n_got = arg;

	for (int role = 0; role < FAULT_N_ROLES; role++)
		if (atomic_load(&peers->peer[role].page->now.got) <=
		    n_got[role])
			return false;
	return true;
}

bool peers_wait_frames(struct peers *peers, const uint64_t n_got[2])
{
	return wait_until(peers, have_got, n_got, "no more frames in 30 s");
}

static bool has_settled(struct peers *peers, const void *arg)
{
	const struct fault_page *page = arg;

	return atomic_load(&page->settled) == peers->n_requests;
}

bool peers_settle(struct peers *peers, enum fault_role role)
{
	struct peer *peer = &peers->peer[role];

	atomic_store(&peer->page->settle, ++peers->n_requests);
	(void)eventfd_write(peer->setup.settle_fd, 1);
	return wait_until(peers, has_settled, peer->page,
			  "the survivor does not answer");
}

/* ---- comparing ---- */

void peers_check_frames(struct peers *peers)
{
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		const struct fault_page *page = peers->peer[role].page;

		peers_expect(peers, atomic_load(&page->n_bad) == 0,
			     "a frame is none of the signal");
		peers_expect(peers, atomic_load(&page->n_repeats) == 0,
			     "a frame came again");
		peers_expect(peers, atomic_load(&page->n_strange) == 0,
			     "a frame is of another life");
		peers_expect(peers, atomic_load(&page->n_misled) == 0,
			     "a ring was poisoned");
	}
}

static bool one_of(uint64_t value, const _Atomic uint64_t *published,
		   const _Atomic uint64_t *in_hand)
{
	return value == atomic_load(published) || value == atomic_load(in_hand);
}

/* Of the wire that one died with; empty if the last one had ended before. */
static const struct fault_books *last_books(const struct fault_page *dead)
{
	static const struct fault_books none;

	return atomic_load(&dead->now.wire) > atomic_load(&dead->n_ended)
		       ? &dead->now
		       : &none;
}

/* Whether both saw the same wire, frame by frame. */
static void compare_wire(struct peers *peers, const struct fault_page *alive,
			 const struct peer *dead)
{
	const struct fault_books *ours = &alive->last;
	const struct fault_books *theirs = last_books(dead->page);
	uint64_t got = atomic_load(&ours->got);
	uint64_t in_flight = atomic_load(&ours->in_flight);
	uint64_t taken = atomic_load(&ours->sent) - in_flight;

	peers_expect(peers, one_of(got, &theirs->sent, &theirs->sent_in_hand),
		     "what the dead had sent is not what came");
	peers_expect(peers, one_of(taken, &theirs->got, &theirs->got_in_hand),
		     "what was counted as lost is not what the dead missed");
	peers_expect(peers,
		     got == 0 || atomic_load(&ours->peer) == dead->setup.life,
		     "the wire was another one's");
	peers_expect(peers,
		     got == 0 || atomic_load(&ours->first_got) ==
					 atomic_load(&theirs->first_sent) %
						 counting_wrap(
							 VOICE_SIGNAL_CHANNELS),
		     "the first frame that came is not the first one sent");
	peers_expect(peers,
		     atomic_load(&ours->missed) <=
			     atomic_load(&theirs->dropped) + ACTOR_BLOCK,
		     "frames are missing that the dead had sent");
	peers->n_wires_ended++;
	peers->n_delivered += got + taken;
	peers->n_lost += in_flight + atomic_load(&ours->dropped) +
			 atomic_load(&ours->missed);
}

void peers_compare(struct peers *peers, enum fault_role survivor)
{
	const struct fault_page *alive = peers->peer[survivor].page;
	const struct peer *dead = &peers->peer[!survivor];
	uint64_t n = atomic_load(&alive->n_wires) - dead->wires_before;
	bool dead_had_one = atomic_load(&last_books(dead->page)->wire) > 0;

	peers_check_frames(peers);
	peers_expect(peers, n <= 1, "one life, and several wires");
	peers_expect(peers,
		     atomic_load(&alive->n_ended) ==
			     atomic_load(&alive->n_wires),
		     "a wire is kept after its peer's death");
	if (n == 1)
		compare_wire(peers, alive, dead);
	else
		peers_expect(peers, !dead_had_one,
			     "the dead had a wire, the living none");
}

/* ---- the audit ---- */

static bool are_still(struct peers *peers, const void *arg)
{
	(void)arg;
	for (int role = 0; role < FAULT_N_ROLES; role++)
		if (atomic_load(&peers->peer[role].page->still) !=
			    peers->n_requests ||
		    atomic_load(&peers->peer[role].page->now.got) !=
			    atomic_load(&peers->peer[!role].page->now.sent))
			return false;
	return true;
}

static void balance(struct peers *peers, const struct fault_page *page,
		    const struct fault_page *other)
{
	uint64_t accounted =
		atomic_load(&page->away) + atomic_load(&page->lost) +
		atomic_load(&page->delivered) + atomic_load(&page->now.sent) +
		atomic_load(&page->now.dropped);

	peers_expect(peers, atomic_load(&page->produced) == accounted,
		     "frames delivered and lost are not those produced");
	peers_expect(peers,
		     atomic_load(&page->now.dropped) ==
			     atomic_load(&other->now.missed),
		     "frames that are missing are not those dropped");
}

void peers_audit(struct peers *peers)
{
	if (!peers_wait_running(peers))
		return;
	peers->n_requests++;
	for (int role = 0; role < FAULT_N_ROLES; role++)
		atomic_store(&peers->peer[role].page->hold, peers->n_requests);
	if (wait_until(peers, are_still, NULL, "frames do not arrive"))
		for (int role = 0; role < FAULT_N_ROLES; role++)
			balance(peers, peers->peer[role].page,
				peers->peer[!role].page);
	for (int role = 0; role < FAULT_N_ROLES; role++)
		atomic_store(&peers->peer[role].page->hold, 0);
	peers_check_frames(peers);
}
