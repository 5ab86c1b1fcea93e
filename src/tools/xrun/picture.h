/* SPDX-License-Identifier: MIT */
/*
 * The pictures of the report. What they are of is put in plain arrays, which
 * may be as long as they like: a picture has some hundred things in it at most.
 */
#ifndef LEAT_XRUN_PICTURE_H
#define LEAT_XRUN_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- how often which time was taken ---- */

struct xrun_bar {
	double low_ns, high_ns; /* in ascending order, each below the next */
	uint64_t count;
};

struct xrun_distribution {
	const char *name;      /* in the legend; NULL: there is none */
	const char *css_class; /* its colour */
	const struct xrun_bar *bar;
	size_t n_bars;
};

/*
 * @param mark_ns    An upright line, as for the length of a period; 0: none.
 * @param mark_name  What stands beside it.
 */
void xrun_picture_histogram(FILE *file, const char *alternative,
			    const struct xrun_distribution *distribution,
			    size_t n_distributions, double mark_ns,
			    const char *mark_name);

/* ---- what happened when ---- */

enum xrun_weight {
	XRUN_SEEN,     /* and it harmed nobody */
	XRUN_WAS_LATE, /* but nothing was lost */
	XRUN_WAS_LOST
};

struct xrun_moment {
	double at_s;
	unsigned lane;
	enum xrun_weight weight;
	double late_ns;	 /* 0: not known */
	uint64_t n_lost; /* frames */
};

struct xrun_lane {
	const char *name;
	const char *css_class;
};

void xrun_picture_timeline(FILE *file, const char *alternative, double end_s,
			   const struct xrun_lane *lane, size_t n_lanes,
			   const struct xrun_moment *moment, size_t n_moments);

/* ---- a value over time ---- */

struct xrun_value {
	double at_s, value;
	bool begins; /* no line leads to it from the one before */
};

struct xrun_course {
	const char *css_class;
	const struct xrun_value *value; /* in order of time */
	size_t n_values;
	bool is_step; /* it holds until the next one */
};

/*
 * Lines over time, each with what it was at most and at least where there is
 * more than can be shown.
 *
 * @param aim         What it should be, dashed; NULL: not known.
 * @param has_bottom  Whether the times stand below it.
 */
void xrun_picture_course(FILE *file, const char *alternative,
			 unsigned height_px, const char *unit, double end_s,
			 const struct xrun_course *course,
			 const struct xrun_course *aim, bool has_bottom);

/* ---- load against loss ---- */

#define XRUN_STACK_MAX 8

struct xrun_column {
	char name[24];		     /* below it */
	double part[XRUN_STACK_MAX]; /* from the bottom up */
};

void xrun_picture_columns(FILE *file, const char *alternative, const char *unit,
			  const char *x_name, const struct xrun_column *column,
			  size_t n_columns, const struct xrun_lane *part,
			  size_t n_parts);

#endif
