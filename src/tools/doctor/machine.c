/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "sys.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* ---- reading ---- */

struct governors_reader {
	struct leat_governors *governors;
	const char *root;
};

static void take_processor(void *user, const char *name)
{
	struct governors_reader *reader = user;
	struct leat_governors *governors = reader->governors;
	char governor[sizeof(governors->slow)];

	if (strncmp(name, "cpu", 3) != 0 || name[3] < '0' || name[3] > '9' ||
	    !leat_sys_line(reader->root, governor, sizeof(governor),
			   "/sys/devices/system/cpu/%s/cpufreq/"
			   "scaling_governor",
			   name))
		return;
	governors->n_processors++;
	if (strcmp(governor, "performance") == 0)
		return;
	governors->n_slow++;
	strcpy(governors->slow, governor);
}

void leat_governors_read(struct leat_governors *governors, const char *root)
{
	struct governors_reader reader = { governors, root };

	memset(governors, 0, sizeof(*governors));
	leat_sys_each(root, "/sys/devices/system/cpu", take_processor, &reader);
}

/* The choice stands in brackets: "always [madvise] never". */
void leat_huge_pages_read(struct leat_huge_pages *pages, const char *root)
{
	char text[128];

	pages->mode[0] = 0;
	if (leat_sys_line(root, text, sizeof(text),
			  "/sys/kernel/mm/transparent_hugepage/enabled") &&
	    sscanf(text, "%*[^[][%15[^]]]", pages->mode) != 1)
		sscanf(text, "[%15[^]]]", pages->mode);
}

/* /proc/swaps has a line of headings, and then one for each. */
void leat_swap_read(struct leat_swap *swap, const char *root)
{
	char text[LEAT_SYS_BYTES];
	const char *line;

	memset(swap, 0, sizeof(*swap));
	swap->known = leat_sys_read(root, text, sizeof(text), "/proc/swaps") >
			      0 &&
		      leat_sys_number(root, &swap->swappiness,
				      "/proc/sys/vm/swappiness");
	line = strchr(text, '\n');
	swap->used = line && line[1];
}

void leat_shm_room_read(struct leat_shm_room *room, const char *root)
{
	char path[PATH_MAX];
	struct statvfs fs;
	int n = snprintf(path, sizeof(path), "%s/dev/shm", root);

	memset(room, 0, sizeof(*room));
	if (n < 0 || (size_t)n >= sizeof(path) || statvfs(path, &fs) < 0)
		return;
	room->known = true;
	room->size_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	room->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
}

/* ---- judging ---- */

void leat_judge_governors(struct leat_finding *finding,
			  const struct leat_governors *governors)
{
	if (governors->n_processors == 0) {
		leat_finding_set(finding, LEAT_VERDICT_UNKNOWN,
				 "the kernel does not govern the processors' "
				 "frequency here, as in virtual machines");
		return;
	}
	if (governors->n_slow == 0) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "performance, on all of %u processors",
				 governors->n_processors);
		return;
	}
	leat_finding_set(finding, LEAT_VERDICT_WARN,
			 "%s, on %u of %u processors", governors->slow,
			 governors->n_slow, governors->n_processors);
	leat_finding_cure(finding, "sudo apt install linux-cpupower");
	leat_finding_cure(finding,
			  "sudo cpupower frequency-set --governor performance");
}

void leat_judge_huge_pages(struct leat_finding *finding,
			   const struct leat_huge_pages *pages)
{
	static const char file[] =
		"/sys/kernel/mm/transparent_hugepage/enabled";
	bool always = strcmp(pages->mode, "always") == 0;

	if (!pages->mode[0])
		return;
	leat_finding_set(finding, always ? LEAT_VERDICT_WARN : LEAT_VERDICT_OK,
			 "%s", pages->mode);
	if (!always)
		return;
	leat_finding_cure(finding,
			  "echo 'w %s - - - - madvise' | sudo tee "
			  "/etc/tmpfiles.d/huge-pages.conf",
			  file);
	leat_finding_cure(finding, "sudo systemd-tmpfiles --create "
				   "/etc/tmpfiles.d/huge-pages.conf");
}

void leat_judge_swap(struct leat_finding *finding, const struct leat_swap *swap)
{
	bool often = swap->swappiness > LEAT_SWAPPINESS_MAX;

	if (!swap->known)
		return;
	if (!swap->used) {
		leat_finding_set(finding, LEAT_VERDICT_OK,
				 "there is no swap space");
		return;
	}
	leat_finding_set(finding, often ? LEAT_VERDICT_WARN : LEAT_VERDICT_OK,
			 "%" PRId64 ", and there is swap space",
			 swap->swappiness);
	if (often)
		leat_finding_cure(finding,
				  "echo 'vm.swappiness = %d' | sudo tee "
				  "/etc/sysctl.d/90-swappiness.conf && sudo "
				  "sysctl --system",
				  LEAT_SWAPPINESS_MAX);
}

void leat_judge_shm_room(struct leat_finding *finding,
			 const struct leat_shm_room *room)
{
	if (!room->known)
		return;
	leat_finding_set(
		finding,
		room->free_bytes >= LEAT_SHM_WANTED_BYTES  ? LEAT_VERDICT_OK
		: room->free_bytes >= LEAT_SHM_LEAST_BYTES ? LEAT_VERDICT_WARN
							   : LEAT_VERDICT_FAIL,
		"%" PRIu64 " of %" PRIu64 " MiB are free",
		room->free_bytes >> 20, room->size_bytes >> 20);
	if (finding->verdict != LEAT_VERDICT_OK)
		leat_finding_cure(finding,
				  "sudo mount -o remount,size=%" PRIu64
				  "M /dev/shm",
				  (room->size_bytes - room->free_bytes +
				   2 * LEAT_SHM_WANTED_BYTES) >>
					  20);
}

void leat_check_machine(struct leat_report *report, const char *root)
{
	struct leat_governors governors;
	struct leat_huge_pages pages;
	struct leat_shm_room room;
	struct leat_swap swap;

	leat_governors_read(&governors, root);
	leat_judge_governors(
		leat_finding_add(report, "governor",
				 "A processor that saves power is slow at the "
				 "start of every period, which is when it is "
				 "needed."),
		&governors);
	leat_huge_pages_read(&pages, root);
	leat_judge_huge_pages(
		leat_finding_add(report, "huge-pages",
				 "To make huge pages of everybody's memory, "
				 "the kernel moves it about, and stops who "
				 "uses it."),
		&pages);
	leat_swap_read(&swap, root);
	leat_judge_swap(
		leat_finding_add(report, "swappiness",
				 "Programs that give sound to JACK or PipeWire "
				 "may not lock their memory; what was put on "
				 "disk comes back too late."),
		&swap);
	leat_shm_room_read(&room, root);
	leat_judge_shm_room(
		leat_finding_add(report, "shm",
				 "jackd writes some 110 MB there when it "
				 "starts, and dies where they do not fit."),
		&room);
}
