/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* x86 says "model name"; elsewhere the architecture must do. */
static void cpu_model(char *model, size_t size, const char *otherwise)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(model, size, "%s", otherwise);
	while (file && fgets(line, sizeof(line), file)) {
		const char *value = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !value)
			continue;
		line[strcspn(line, "\n\"\\")] = '\0';
		snprintf(model, size, "%s", value + 1 + strspn(value + 1, " "));
		break;
	}
	if (file)
		fclose(file);
}

void bench_print_machine(const struct bench *bench)
{
	long n_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct utsname name = { .machine = "unknown" };
	char model[128];

	uname(&name);
	cpu_model(model, sizeof(model), name.machine);
	if (bench->json)
		printf("  \"machine\": {\"cpu\": \"%s\", \"cores\": %ld, "
		       "\"used\": %u, \"kernel\": \"%s %s\", "
		       "\"compiler\": \"%s\"},\n",
		       model, n_cpus, bench->n_cores, name.sysname,
		       name.release, COMPILER);
	else
		printf("%s, %ld cores (%u used), %s %s, %s\n", model, n_cpus,
		       bench->n_cores, name.sysname, name.release, COMPILER);
}
