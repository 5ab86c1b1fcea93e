/* SPDX-License-Identifier: MIT */
/*
 * Pictures that stretch with the page they are in: places are shares of the
 * width, and text and lines keep their size. Margins for what stands beside
 * the axes, and all colours, are the style sheet's, by class.
 */
#ifndef LEAT_XRUN_SVG_H
#define LEAT_XRUN_SVG_H

#include "axis.h"

#include <stddef.h>
#include <stdio.h>

struct xrun_svg {
	FILE *file;
	struct xrun_axis x, y;
};

/* What stands beside a tick. */
#define XRUN_TICK_BYTES 32
typedef void (*xrun_tick_fn)(char text[XRUN_TICK_BYTES], double value);

/* Begin; the alternative is read out instead of the picture. */
void xrun_svg_begin(const struct xrun_svg *svg, unsigned height_px,
		    const char *alternative);
void xrun_svg_end(const struct xrun_svg *svg);

/* The axes with their lines; y's name stands above it. */
void xrun_svg_axis_x(const struct xrun_svg *svg, unsigned n_ticks,
		     xrun_tick_fn label, const char *name);
void xrun_svg_axis_y(const struct xrun_svg *svg, unsigned n_ticks,
		     xrun_tick_fn label, const char *name);

/* The name of x alone, and text below the picture at a value of it. */
void xrun_svg_name_x(const struct xrun_svg *svg, const char *name);
void xrun_svg_below(const struct xrun_svg *svg, double x, bool minor,
		    const char *text);

/* The lines without the text, for pictures that stand above each other. */
void xrun_svg_grid_x(const struct xrun_svg *svg, unsigned n_ticks);

/* A line from point to point. */
void xrun_svg_path(const struct xrun_svg *svg, const char *css_class);
void xrun_svg_to(const struct xrun_svg *svg, bool first, double x, double y);
void xrun_svg_path_end(const struct xrun_svg *svg);

/* What shows when one points at it; NULL: nothing. */
void xrun_svg_bar(const struct xrun_svg *svg, const char *css_class, double x0,
		  double x1, double y0, double y1, const char *tip);

/* An upright line, which is wide enough to be seen and pointed at. */
void xrun_svg_mark(const struct xrun_svg *svg, const char *css_class, double x,
		   double y0, double y1, const char *tip);
void xrun_svg_dot(const struct xrun_svg *svg, const char *css_class, double x,
		  double y, const char *tip);

/* A line across at a value of y. */
void xrun_svg_level(const struct xrun_svg *svg, const char *css_class,
		    double y);

/* Text on the left, outside of the picture, at a value of y. */
void xrun_svg_row(const struct xrun_svg *svg, double y, const char *text);

/* Text in it, beside a value of x, on the side on which there is room. */
void xrun_svg_note(const struct xrun_svg *svg, double x, double y,
		   const char *text);

#endif
