/* SPDX-License-Identifier: MIT */
#include "cpu_time.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

static uint64_t of_thread(pid_t pid, const char *tid)
{
	char path[300];
	uint64_t ns = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid,
		 tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%" SCNu64, &ns) != 1)
		ns = 0;
	fclose(file);
	return ns;
}

uint64_t cpu_time_ns(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	uint64_t ns = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ns += of_thread(pid, entry->d_name);
	if (dir)
		closedir(dir);
	return ns;
}
