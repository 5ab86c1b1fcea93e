/* SPDX-License-Identifier: MIT */
#include "scenarios.h"

#include "voice.h"

#include <stdio.h>

#define FAILURES_MAX 10

/* Kills after which a survivor's memory is what it stays. */
#define WARM_UP 20

/* Kills between two audits. */
#define AUDIT_EVERY 50

/* One in so many newcomers dies before it has met anybody. */
#define EARLY_ONE_IN 4

#define EARLY_MAX_US 5000
#define LATER_MAX_US 3000
#define AWAY_MAX_US 2000

static bool goes_on(const struct peers *peers)
{
	return peers->n_failures < FAILURES_MAX;
}

/* How long it took until the one that had stayed heard the other again. */
static void note_return(struct peers *peers, enum fault_role returned)
{
	const struct peer *other = &peers->peer[!returned];
	int64_t from_ns = peers->peer[returned].started_ns;
	int64_t heard_ns = atomic_load(&other->page->now.first_got_ns);

	if (!peers->peer[returned].is_new)
		return;
	if (other->started_ns > from_ns)
		from_ns = other->started_ns;
	figures_add(&peers->resume, heard_ns - from_ns);
	figures_add(&peers->resume_net,
		    witness_net_ns(peers->witness, from_ns, heard_ns));
}

static void note_notice(struct peers *peers, enum fault_role survivor,
			int64_t killed_ns)
{
	int64_t gone_ns = atomic_load(&peers->peer[survivor].page->gone_ns);

	peers_expect(peers, gone_ns >= killed_ns,
		     "a death was noticed before it came");
	figures_add(&peers->notice, gone_ns - killed_ns);
	figures_add(&peers->notice_net,
		    witness_net_ns(peers->witness, killed_ns, gone_ns));
}

/* Kill one that was heard, or one that may not have got so far. */
static void kill_one(struct peers *peers, enum fault_role victim)
{
	const struct fault_page *alive = peers->peer[!victim].page;
	bool early = peers_random(peers, EARLY_ONE_IN) == 0;
	uint64_t n_gone;
	int64_t killed_ns;

	if (!early && !peers_wait_running(peers))
		return;
	if (!early)
		note_return(peers, victim);
	peers->peer[victim].is_new = false;
	peers_sleep_us(
		peers_random(peers, early ? EARLY_MAX_US : LATER_MAX_US));
	n_gone = atomic_load(&alive->n_gone);
	killed_ns = voice_now_ns();
	peers_kill(peers, victim);
	if (!peers_settle(peers, !victim))
		return;
	if (!early && atomic_load(&alive->n_gone) != n_gone + 1)
		printf("DBG kills %lu victim %d gone %lu -> %lu wires %lu "
		       "ended %lu before %lu\n",
		       peers->n_kills, victim, n_gone,
		       atomic_load(&alive->n_gone), alive->n_wires,
		       alive->n_ended, peers->peer[victim].wires_before);
	if (!early &&
	    peers_expect(peers, atomic_load(&alive->n_gone) == n_gone + 1,
			 "a death was not told, or told twice"))
		note_notice(peers, !victim, killed_ns);
	peers_compare(peers, !victim);
	peers_sleep_us(peers_random(peers, AWAY_MAX_US));
	peers_start(peers, victim);
}

/* Both at about the same time, and back in any order. */
static void kill_both(struct peers *peers)
{
	enum fault_role first = (enum fault_role)peers_random(peers, 2);

	if (!peers_wait_running(peers))
		return;
	peers_sleep_us(peers_random(peers, LATER_MAX_US));
	peers_kill(peers, first);
	peers_sleep_us(peers_random(peers, AWAY_MAX_US));
	peers_kill(peers, !first);
	peers_check_frames(peers);
	first = (enum fault_role)peers_random(peers, 2);
	peers_start(peers, first);
	peers_sleep_us(peers_random(peers, EARLY_MAX_US));
	peers_start(peers, !first);
}

static bool take_footprint(struct peers *peers, enum fault_role role,
			   struct footprint *footprint)
{
	const struct peer *peer = &peers->peer[role];

	if (!peers_wait_running(peers) || !peers_settle(peers, role) ||
	    !peers_expect(peers, footprint_take(footprint, peer->pid),
			  "the survivor is not there"))
		return false;
	footprint->heap_bytes = (long)atomic_load(&peer->page->heap_bytes);
	return true;
}

/* One dies again and again, and the other holds no more for it. */
static void phase_one(struct peers *peers, enum fault_role victim,
		      unsigned n_kills)
{
	struct footprint before, after;
	char text[2][128];
	bool known = false;

	for (unsigned i = 0; i < n_kills && goes_on(peers); i++) {
		if (i == WARM_UP)
			known = take_footprint(peers, !victim, &before);
		if (i % AUDIT_EVERY == AUDIT_EVERY - 1)
			peers_audit(peers);
		kill_one(peers, victim);
	}
	peers_audit(peers);
	if (!known || !take_footprint(peers, !victim, &after))
		return;
	printf("the %s survived %u kills: before %s; after %s\n",
	       victim == FAULT_GUEST ? "host" : "guest", n_kills,
	       footprint_text(&before, text[0]),
	       footprint_text(&after, text[1]));
	peers_expect(peers, footprint_same(&before, &after),
		     "the survivor holds more than before");
}

static void phase_either(struct peers *peers, unsigned n_kills)
{
	for (unsigned i = 0; i < n_kills && goes_on(peers); i++) {
		kill_one(peers, (enum fault_role)peers_random(peers, 2));
		if (i % AUDIT_EVERY == AUDIT_EVERY - 1)
			peers_audit(peers);
	}
}

static void phase_both(struct peers *peers, unsigned n_kills)
{
	for (unsigned i = 0; i < n_kills && goes_on(peers); i += 2)
		kill_both(peers);
	peers_audit(peers);
}

void scenario_kills(struct peers *peers, unsigned n_kills)
{
	int64_t start_ns = voice_now_ns();

	phase_one(peers, FAULT_GUEST, n_kills / 3);
	phase_one(peers, FAULT_HOST, n_kills / 3);
	phase_both(peers, n_kills / 6);
	phase_either(peers, n_kills - n_kills / 3 * 2 - n_kills / 6);
	printf("%llu kills in %.1f s; the books of %llu wires agree: %llu "
	       "frames delivered, %llu lost\n",
	       (unsigned long long)peers->n_kills,
	       (double)(voice_now_ns() - start_ns) / 1e9,
	       (unsigned long long)peers->n_wires_ended,
	       (unsigned long long)peers->n_delivered,
	       (unsigned long long)peers->n_lost);
	figures_print(&peers->notice, "the survivor knows after");
	figures_print(&peers->notice_net, "  without the machine's stalls");
	figures_print(&peers->resume, "frames come after a return in");
	figures_print(&peers->resume_net, "  without the machine's stalls");
}
