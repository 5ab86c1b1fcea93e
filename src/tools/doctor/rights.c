/* SPDX-License-Identifier: MIT */
#include "rights.h"

#include "grants.h"
#include "sys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* capabilities(7) */
#define CAP_BIT_IPC_LOCK 14
#define CAP_BIT_SYS_NICE 23

/* ---- reading ---- */

/* The soft limit: the first of the words behind the name. */
static bool limit_of(const char *limits, const char *name, uint64_t *value)
{
	const char *field = leat_sys_field(limits, name);

	if (!field)
		return false;
	if (strncmp(field, "unlimited", 9) == 0)
		*value = UINT64_MAX;
	else
		*value = strtoull(field, NULL, 10);
	return true;
}

static void read_capabilities(struct leat_rights *rights, const char *status)
{
	const char *field = leat_sys_field(status, "CapEff");
	uint64_t bits = field ? strtoull(field, NULL, 16) : 0;

	rights->may_nice = bits >> CAP_BIT_SYS_NICE & 1;
	rights->may_lock = bits >> CAP_BIT_IPC_LOCK & 1;
}

/* /etc/passwd: NAME:x:UID:... */
static void read_user(struct leat_rights *rights, const char *root,
		      const char *status)
{
	const char *field = leat_sys_field(status, "Uid");
	char text[LEAT_SYS_BYTES], name[64];
	unsigned long uid = field ? strtoul(field, NULL, 10) : ~0ul, other;
	const char *line = text;

	/* The shell knows, if we do not. */
	strcpy(rights->user, "\"$USER\"");
	if (!field ||
	    leat_sys_read(root, text, sizeof(text), "/etc/passwd") <= 0)
		return;
	while (line) {
		if (sscanf(line, "%63[^:\n]:%*[^:]:%lu:", name, &other) == 2 &&
		    other == uid) {
			snprintf(rights->user, sizeof(rights->user), "%s",
				 name);
			return;
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
}

static enum leat_grant grant_of(const char *root, const char *user,
				const char *item, uint64_t least,
				char group[64])
{
	struct leat_grants grants = {
		.root = root, .user = user, .item = item, .least = least
	};

	leat_grants_read(&grants);
	strcpy(group, grants.group);
	if (grants.to_user)
		return LEAT_GRANT_MEMBER;
	return group[0] ? LEAT_GRANT_GROUP : LEAT_GRANT_NONE;
}

void leat_rights_read(struct leat_rights *rights, const char *root)
{
	char limits[LEAT_SYS_BYTES], status[LEAT_SYS_BYTES];

	memset(rights, 0, sizeof(*rights));
	leat_sys_read(root, limits, sizeof(limits), "/proc/self/limits");
	leat_sys_read(root, status, sizeof(status), "/proc/self/status");
	rights->known =
		limit_of(limits, "Max realtime priority", &rights->rtprio) &&
		limit_of(limits, "Max locked memory", &rights->memlock);
	read_capabilities(rights, status);
	read_user(rights, root, status);
	rights->rt = grant_of(root, rights->user, "rtprio", LEAT_RTPRIO_WANTED,
			      rights->rt_group);
	rights->lock = grant_of(root, rights->user, "memlock",
				LEAT_MEMLOCK_JACKD_BYTES / 1024,
				rights->lock_group);
	rights->rtkit = leat_sys_has(root,
				     "/usr/share/dbus-1/system-services/"
				     "org.freedesktop.RealtimeKit1.service");
}

/* ---- judging ---- */

/* The one step that is missing, or all of them. */
static void grant(struct leat_finding *finding, const char *user,
		  enum leat_grant have, const char *group)
{
	if (have == LEAT_GRANT_NONE)
		leat_finding_cure(finding,
				  "printf '%%s\\n' '@audio - rtprio 95' "
				  "'@audio - memlock unlimited' | sudo tee "
				  "/etc/security/limits.d/95-audio.conf");
	if (have != LEAT_GRANT_MEMBER)
		leat_finding_cure(finding, "sudo adduser %s %s", user,
				  have == LEAT_GRANT_NONE ? "audio" : group);
	leat_finding_cure(finding, "su --login %s  # or log out and in again",
			  user);
}

/*
 * The limits allow it, and yet the kernel does not: a control group without a
 * share of realtime. Where there is no bound at all, groups have none either.
 */
static void judge_refused(struct leat_finding *finding, int trial)
{
	leat_finding_set(finding, LEAT_VERDICT_FAIL,
			 "the limits allow it, but the kernel refuses: %s",
			 strerror(trial));
	leat_finding_cure(finding,
			  "sudo sysctl -w kernel.sched_rt_runtime_us=-1");
}

void leat_judge_rtprio(struct leat_finding *finding,
		       const struct leat_rights *rights)
{
	if (rights->trial > 0 &&
	    (rights->may_nice || (rights->known && rights->rtprio > 0))) {
		judge_refused(finding, rights->trial);
		return;
	}
	if (rights->may_nice) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "any priority may be taken (CAP_SYS_NICE)");
		return;
	}
	if (!rights->known)
		return;
	if (rights->rtprio >= LEAT_RTPRIO_WANTED) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "priorities up to %" PRIu64 " may be taken",
				 rights->rtprio);
		return;
	}
	if (rights->rtprio > 0)
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "no priority above %" PRIu64
				 " may be taken; PipeWire asks for %d",
				 rights->rtprio, LEAT_RTPRIO_WANTED);
	else if (rights->rtkit)
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "no realtime priority may be taken; rtkit "
				 "lends PipeWire one, but jackd does not ask "
				 "for it");
	else
		leat_finding_set(finding, LEAT_VERDICT_FAIL,
				 "no realtime priority may be taken");
	grant(finding, rights->user, rights->rt, rights->rt_group);
}

void leat_judge_memlock(struct leat_finding *finding,
			const struct leat_rights *rights)
{
	uint64_t mebibytes = rights->memlock >> 20;

	if (rights->may_lock ||
	    (rights->known && rights->memlock == UINT64_MAX)) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "memory may be locked without limit");
		return;
	}
	if (!rights->known)
		return;
	if (rights->memlock >= LEAT_MEMLOCK_JACKD_BYTES) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "%" PRIu64 " MiB may be locked", mebibytes);
		return;
	}
	if (rights->memlock >= LEAT_MEMLOCK_LEAT_BYTES)
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "%" PRIu64 " MiB may be locked: enough for "
				 "leat, but jackd locks more than 100",
				 mebibytes);
	else
		leat_finding_set(finding, LEAT_VERDICT_FAIL,
				 "%" PRIu64 " KiB may be locked: too little "
				 "for leat's rings",
				 rights->memlock >> 10);
	grant(finding, rights->user, rights->lock, rights->lock_group);
}

void leat_judge_rtkit(struct leat_finding *finding,
		      const struct leat_rights *rights)
{
	bool needed = !rights->may_nice && rights->rtprio < LEAT_RTPRIO_WANTED;

	if (rights->rtkit)
		leat_finding_set(finding, LEAT_VERDICT_OK, "it is installed");
	else if (!rights->known)
		return;
	else if (!needed)
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "it is not installed, and not needed: the "
				 "limits will do");
	else
		leat_finding_set(finding, LEAT_VERDICT_WARN,
				 "it is not installed, and the limits do not "
				 "give PipeWire what it asks for");
	if (finding->verdict == LEAT_VERDICT_WARN)
		leat_finding_cure(finding, "sudo apt install rtkit");
}

void leat_check_rights(struct leat_report *report, const char *root, int trial)
{
	struct leat_rights rights;

	leat_rights_read(&rights, root);
	rights.trial = trial;
	leat_judge_rtprio(
		leat_finding_add(report, "rtprio",
				 "Sound is due every few milliseconds. Only a "
				 "realtime thread is run before everything "
				 "else."),
		&rights);
	leat_judge_memlock(
		leat_finding_add(report, "memlock",
				 "Memory that is not locked may be on disk "
				 "when a realtime thread wants it."),
		&rights);
	leat_judge_rtkit(
		leat_finding_add(report, "rtkit",
				 "It lends realtime priority to PipeWire's "
				 "threads where the limits do not grant it."),
		&rights);
}
