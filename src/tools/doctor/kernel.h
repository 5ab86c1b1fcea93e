/* SPDX-License-Identifier: MIT */
/* How the kernel treats realtime threads: what time they get, which clock. */
#ifndef LEAT_DOCTOR_KERNEL_H
#define LEAT_DOCTOR_KERNEL_H

#include "finding.h"

#include <stdint.h>

/* Of all realtime threads together: /proc/sys/kernel/sched_rt_*_us. */
struct leat_rt_share {
	bool known;
	int64_t runtime_us; /* -1: no bound */
	int64_t period_us;
};

/* Of our control group, where the kernel shares realtime out by group. */
struct leat_group_share {
	bool known;	    /* /proc/self/cgroup could be read */
	bool shared;	    /* the group has a share */
	int64_t runtime_us; /* of it */
	char path[512];	    /* of the file that holds it */
};

struct leat_clock_source {
	char current[64]; /* "" if not known */
	bool has_tsc;	  /* among those that there are */
};

struct leat_irqs {
	bool known;
	bool threaded; /* threadirqs on the kernel's command line */
	bool rt;       /* a kernel with PREEMPT_RT, which does it anyway */
};

void leat_rt_share_read(struct leat_rt_share *share, const char *root);
void leat_group_share_read(struct leat_group_share *share, const char *root);
void leat_clock_source_read(struct leat_clock_source *clock, const char *root);
void leat_irqs_read(struct leat_irqs *irqs, const char *root);

void leat_judge_rt_share(struct leat_finding *finding,
			 const struct leat_rt_share *share);
void leat_judge_group_share(struct leat_finding *finding,
			    const struct leat_group_share *share);
void leat_judge_clock_source(struct leat_finding *finding,
			     const struct leat_clock_source *clock);
void leat_judge_irqs(struct leat_finding *finding,
		     const struct leat_irqs *irqs);

/* All four. */
void leat_check_kernel(struct leat_report *report, const char *root);

#endif
