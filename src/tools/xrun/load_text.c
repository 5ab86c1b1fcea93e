/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include <inttypes.h>

static const struct {
	const char *name;  /* of the kind */
	const char *unit;  /* behind the level, in a table */
	const char *words; /* behind the level, in a sentence */
} loads[XRUN_N_LOADS] = {
	[XRUN_LOAD_NONE] = { "no load", "", "" },
	[XRUN_LOAD_JACK] = { "JACK", " %", " % of each period in JACK" },
	[XRUN_LOAD_PIPEWIRE] = { "PipeWire", " %",
				 " % of each period in PipeWire" },
	[XRUN_LOAD_CPU] = { "processors", "", " workers that compute" },
	[XRUN_LOAD_MEMORY] = { "memory", "",
			       " workers that go through memory" },
	[XRUN_LOAD_IO] = { "files", "", " workers that write files" },
	[XRUN_LOAD_CACHE] = { "page cache", "",
			      " workers that press on the page cache" },
	[XRUN_LOAD_QUOTA] = { "quota", " %", " % of a processor at most" },
	[XRUN_LOAD_INVERSION] = { "hog", " %",
				  " % of the time for a realtime hog" },
};

enum xrun_load xrun_ramp_load(const struct xrun_result *result)
{
	for (uint32_t i = 0; i < result->n_steps; i++)
		if (result->step[i].load != XRUN_LOAD_NONE)
			return result->step[i].load;
	return XRUN_LOAD_NONE;
}

const char *xrun_load_name(enum xrun_load load)
{
	return loads[load].name;
}

const char *xrun_load_text(char text[XRUN_LOAD_BYTES],
			   const struct xrun_step *step)
{
	if (step->load == XRUN_LOAD_NONE)
		snprintf(text, XRUN_LOAD_BYTES, "none");
	else
		snprintf(text, XRUN_LOAD_BYTES, "%s %" PRIu32 "%s",
			 loads[step->load].name, step->level,
			 loads[step->load].unit);
	return text;
}

const char *xrun_load_sentence(char text[XRUN_LOAD_BYTES], enum xrun_load load,
			       uint32_t level)
{
	if (load == XRUN_LOAD_NONE)
		snprintf(text, XRUN_LOAD_BYTES, "nothing");
	else
		snprintf(text, XRUN_LOAD_BYTES, "%" PRIu32 "%s", level,
			 loads[load].words);
	return text;
}
