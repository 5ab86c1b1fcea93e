/* SPDX-License-Identifier: MIT */
#include "footprint.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A few pages, which malloc or the stack come to at last; and what malloc
 * keeps for a thread counts as in use.
 */
#define RSS_SLACK_KB 16
#define HEAP_SLACK_BYTES 4096

static FILE *open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

static long count_entries(pid_t pid, const char *name)
{
	char path[64];
	long n = -2; /* "." and ".." */
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static long count_eventfds(pid_t pid)
{
	char path[64], target[32];
	struct dirent *entry;
	long n = 0;
	ssize_t n_bytes;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		n_bytes = readlinkat(dirfd(dir), entry->d_name, target,
				     sizeof(target) - 1);
		target[n_bytes > 0 ? n_bytes : 0] = 0;
		n += strcmp(target, "anon_inode:[eventfd]") == 0;
	}
	if (dir)
		closedir(dir);
	return n;
}

static long count_lines(pid_t pid, const char *name)
{
	FILE *file = open_file(pid, name);
	long n = 0;
	int c;

	if (!file)
		return -1;
	while ((c = fgetc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	return n;
}

/* The counters of /proc/PID/status are sampled; these are added up anew. */
static long read_rss_kb(pid_t pid)
{
	FILE *file = open_file(pid, "smaps_rollup");
	char line[256];
	long kb = -1;

	if (!file)
		return -1;
	while (kb < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, "Rss:", 4) == 0)
			kb = strtol(line + 4, NULL, 10);
	fclose(file);
	return kb;
}

bool footprint_take(struct footprint *footprint, pid_t pid)
{
	footprint->n_fds = count_entries(pid, "fd");
	footprint->n_eventfds = count_eventfds(pid);
	footprint->n_mappings = count_lines(pid, "maps");
	footprint->n_threads = count_entries(pid, "task");
	footprint->rss_kb = read_rss_kb(pid);
	return footprint->n_fds >= 0 && footprint->n_mappings > 0 &&
	       footprint->n_threads > 0 && footprint->rss_kb > 0;
}

bool footprint_same(const struct footprint *a, const struct footprint *b)
{
	return a->n_fds == b->n_fds && a->n_mappings == b->n_mappings &&
	       a->n_threads == b->n_threads &&
	       labs(a->rss_kb - b->rss_kb) <= RSS_SLACK_KB &&
	       labs(a->heap_bytes - b->heap_bytes) <= HEAP_SLACK_BYTES;
}

const char *footprint_text(const struct footprint *footprint, char text[128])
{
	snprintf(text, 128,
		 "%ld descriptors, %ld mappings, %ld threads, %ld kB, %ld "
		 "bytes of heap",
		 footprint->n_fds, footprint->n_mappings, footprint->n_threads,
		 footprint->rss_kb, footprint->heap_bytes);
	return text;
}
