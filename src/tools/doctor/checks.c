/* SPDX-License-Identifier: MIT */
#include "checks.h"

#include "kernel.h"
#include "machine.h"
#include "rights.h"
#include "servers.h"

void leat_check_system(struct leat_report *report, const char *root,
		       const char *jack_name, int realtime)
{
	leat_check_rights(report, root, realtime);
	leat_check_kernel(report, root);
	leat_check_machine(report, root);
	leat_check_servers(report, root, jack_name);
}
