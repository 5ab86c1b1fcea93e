/* SPDX-License-Identifier: MIT */
#include "scenarios.h"

#include "freezer.h"
#include "voice.h"

#include <signal.h>
#include <stdio.h>

#define FAILURES_MAX 10
#define AUDIT_EVERY 20
#define LATER_MAX_US 3000

/* The rings hold 8 ms of the signal: some fill up, some do not. */
#define SHORT_MAX_US 20000
#define LONG_MAX_US 300000
#define LONG_ONE_IN 50

/* One in so many is killed while it is frozen. */
#define KILLED_ONE_IN 10

struct freeze {
	struct freezer *freezer; /* NULL: by SIGSTOP */
	bool frozen[FAULT_N_ROLES];
	uint64_t n_gone[FAULT_N_ROLES];
	uint64_t n_wires[FAULT_N_ROLES];
};

static void set(struct peers *peers, const struct freeze *freeze, bool stop)
{
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		if (!freeze->frozen[role])
			continue;
		if (freeze->freezer)
			peers_expect(peers,
				     freezer_set(freeze->freezer, role, stop),
				     "the freezer does not work any more");
		else
			kill(peers->peer[role].pid, stop ? SIGSTOP : SIGCONT);
	}
}

static void choose(struct peers *peers, struct freeze *freeze)
{
	uint32_t which = peers_random(peers, 5);

	freeze->frozen[FAULT_HOST] = which <= 1 || which == 4;
	freeze->frozen[FAULT_GUEST] = which >= 2;
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		const struct fault_page *page = peers->peer[role].page;

		freeze->n_gone[role] = atomic_load(&page->n_gone);
		freeze->n_wires[role] = atomic_load(&page->n_wires);
	}
}

/* Frozen is not dead: nobody is gone, and it is the same wire still. */
static void check_link(struct peers *peers, const struct freeze *freeze)
{
	for (int role = 0; role < FAULT_N_ROLES; role++) {
		const struct fault_page *page = peers->peer[role].page;

		peers_expect(peers,
			     atomic_load(&page->n_gone) == freeze->n_gone[role],
			     "a frozen one was taken for dead");
		peers_expect(peers,
			     atomic_load(&page->n_wires) ==
				     freeze->n_wires[role],
			     "a frozen one lost its wire");
	}
}

static void thaw(struct peers *peers, const struct freeze *freeze)
{
	uint64_t n_got[FAULT_N_ROLES];
	int64_t thawed_ns = voice_now_ns(), now_ns;

	/* What is in the rings may come at once: wait for newer frames. */
	for (int role = 0; role < FAULT_N_ROLES; role++)
		n_got[role] = atomic_load(&peers->peer[role].page->now.got) +
			      ACTOR_CAPACITY;
	set(peers, freeze, false);
	if (!peers_wait_frames(peers, n_got))
		return;
	now_ns = voice_now_ns();
	figures_add(&peers->resume, now_ns - thawed_ns);
	figures_add(&peers->resume_net,
		    witness_net_ns(peers->witness, thawed_ns, now_ns));
	check_link(peers, freeze);
}

/* A death in that state is one as any other. */
static void kill_frozen(struct peers *peers, struct freeze *freeze)
{
	enum fault_role victim = freeze->frozen[FAULT_HOST] ? FAULT_HOST
							    : FAULT_GUEST;

	/* The older freezer lets nobody die: it is dead when it thaws. */
	kill(peers->peer[victim].pid, SIGKILL);
	if (freeze->freezer || freeze->frozen[!victim])
		set(peers, freeze, false);
	peers_kill(peers, victim);
	if (peers_settle(peers, !victim))
		peers_compare(peers, !victim);
	if (peers_start(peers, victim) && freeze->freezer)
		peers_expect(peers,
			     freezer_add(freeze->freezer, victim,
					 peers->peer[victim].pid),
			     "the freezer takes no process");
}

static void freeze_once(struct peers *peers, struct freezer *freezer)
{
	struct freeze freeze = { .freezer = freezer };
	bool is_long = peers_random(peers, LONG_ONE_IN) == 0;

	if (!peers_wait_running(peers))
		return;
	peers_sleep_us(peers_random(peers, LATER_MAX_US));
	choose(peers, &freeze);
	set(peers, &freeze, true);
	peers_sleep_us(
		peers_random(peers, is_long ? LONG_MAX_US : SHORT_MAX_US));
	if (peers_random(peers, KILLED_ONE_IN) == 0)
		kill_frozen(peers, &freeze);
	else
		thaw(peers, &freeze);
	peers_check_frames(peers);
}

static void freeze_all(struct peers *peers, struct freezer *freezer,
		       unsigned n_freezes)
{
	for (unsigned i = 0; i < n_freezes && peers->n_failures < FAILURES_MAX;
	     i++) {
		freeze_once(peers, freezer);
		if (i % AUDIT_EVERY == AUDIT_EVERY - 1)
			peers_audit(peers);
	}
	peers_audit(peers);
}

static bool add_both(struct peers *peers, struct freezer *freezer)
{
	for (int role = 0; role < FAULT_N_ROLES; role++)
		if (!freezer_add(freezer, role, peers->peer[role].pid))
			return false;
	return true;
}

void scenario_freezes(struct peers *peers, unsigned n_freezes)
{
	struct freezer freezer;
	const char *why = freezer_open(&freezer, FAULT_N_ROLES);
	unsigned n_by_freezer = 0;

	if (!why && !add_both(peers, &freezer))
		why = "the freezer takes no process";
	if (why)
		printf("skipped: the cgroup freezer: %s\n", why);
	else
		n_by_freezer = n_freezes / 4;
	freeze_all(peers, &freezer, n_by_freezer);
	freeze_all(peers, NULL, n_freezes - n_by_freezer);
	printf("%u freezes, %u of them by the cgroup freezer, %llu ended by a "
	       "death\n",
	       n_freezes, n_by_freezer, (unsigned long long)peers->n_kills);
	figures_print(&peers->resume, "new frames come after a thaw in");
	figures_print(&peers->resume_net, "  without the machine's stalls");
	/* Before the groups go, those in them. */
	for (int role = 0; role < FAULT_N_ROLES; role++)
		peers_kill(peers, (enum fault_role)role);
	freezer_close(&freezer);
}
