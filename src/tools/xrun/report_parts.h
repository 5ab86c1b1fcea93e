/* SPDX-License-Identifier: MIT */
/* The parts of the page, from top to bottom. */
#ifndef LEAT_XRUN_REPORT_PARTS_H
#define LEAT_XRUN_REPORT_PARTS_H

#include "picture.h"
#include "result.h"

#include <stdio.h>

void xrun_html_style(FILE *file);
void xrun_html_verdict(FILE *file, const struct xrun_result *result);
void xrun_html_tiles(FILE *file, const struct xrun_result *result);
void xrun_html_matrix(FILE *file, const struct xrun_result *result);
void xrun_html_compare(FILE *file, const struct xrun_result *result);
void xrun_html_time(FILE *file, const struct xrun_result *result);
void xrun_html_causes(FILE *file, const struct xrun_result *result);
void xrun_html_load(FILE *file, const struct xrun_result *result);
void xrun_html_histograms(FILE *file, const struct xrun_result *result);
void xrun_html_steps(FILE *file, const struct xrun_result *result);
void xrun_html_events(FILE *file, const struct xrun_result *result);
void xrun_html_machine(FILE *file, const struct xrun_result *result);
void xrun_html_settings(FILE *file, const struct xrun_result *result);

/* ---- what they share ---- */

/* What is said in one sentence at the top, and in the title. */
void xrun_html_sentence(FILE *file, const struct xrun_result *result);

/* Colours and lanes: each is for one or two causes. */
enum { XRUN_N_LANES = 5 };
unsigned xrun_lane_of(enum xrun_cause cause);
extern const struct xrun_lane xrun_lanes[XRUN_N_LANES];
void xrun_html_lanes(FILE *file, bool has_marks);

/* A kind of load; one load in a table, as in "JACK 80 %", and in a sentence. */
#define XRUN_LOAD_BYTES 64
const char *xrun_load_name(enum xrun_load load);
const char *xrun_load_text(char text[XRUN_LOAD_BYTES],
			   const struct xrun_step *step);
const char *xrun_load_sentence(char text[XRUN_LOAD_BYTES], enum xrun_load load,
			       uint32_t level);

/* The first kind of load there was: of a ramp, the one that it is of. */
enum xrun_load xrun_ramp_load(const struct xrun_result *result);

/* ---- sums over steps ---- */

/* The bridge that the report is about: leat's, or else the first. */
uint32_t xrun_main_arm(const struct xrun_result *result);

struct xrun_sums {
	uint32_t n_steps;     /* that were run */
	uint32_t n_uncounted; /* of which it is not known what was lost */
	uint64_t n_late, n_lost, n_sent, n_cycles;
	uint64_t late_by[XRUN_N_CAUSES], lost_by[XRUN_N_CAUSES];
	uint64_t n_stalls, longest_stall_ns;
	int64_t duration_ns;
	double lost_s; /* the frames lost, as time */
};

/* Add a step, if it was run. */
void xrun_sums_add(struct xrun_sums *sums, const struct xrun_step *step);

/* All steps of a bridge. */
struct xrun_sums xrun_sums_of(const struct xrun_result *result, uint32_t arm);

/* From the beginning of the first step. */
double xrun_step_begin_s(const struct xrun_result *result,
			 const struct xrun_step *step);
double xrun_end_s(const struct xrun_result *result);

#endif
