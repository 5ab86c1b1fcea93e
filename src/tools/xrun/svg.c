/* SPDX-License-Identifier: MIT */
#include "svg.h"

#include "html.h"

/* From the axes to the text beside them. */
enum {
	TICK_GAP_PX = 8,
	TICK_DROP_PX = 18,
	NAME_DROP_PX = 36,
	NAME_RISE_PX = 12
};

/* Of the paths, which know no shares. */
#define PATH_UNITS 1000.0

static double across(const struct xrun_svg *svg, double x)
{
	return xrun_axis_place(&svg->x, x) * 100;
}

static double down(const struct xrun_svg *svg, double y)
{
	return (1 - xrun_axis_place(&svg->y, y)) * 100;
}

void xrun_svg_begin(const struct xrun_svg *svg, unsigned height_px,
		    const char *alternative)
{
	xrun_html(svg->file,
		  "<svg class=\"plot\" role=\"img\" aria-label=\"%s\" "
		  "width=\"100%%\" height=\"%u\">\n",
		  alternative, height_px);
}

void xrun_svg_end(const struct xrun_svg *svg)
{
	fputs("</svg>\n", svg->file);
}

/* ---- axes ---- */

static void line_at_x(const struct xrun_svg *svg, double value)
{
	double x = across(svg, value);

	xrun_html(svg->file,
		  "<line class=\"grid\" x1=\"%.2f%%\" x2=\"%.2f%%\" y1=\"0\" "
		  "y2=\"100%%\"/>\n",
		  x, x);
}

void xrun_svg_grid_x(const struct xrun_svg *svg, unsigned n_ticks)
{
	struct xrun_tick ticks[XRUN_TICKS_MAX];
	unsigned n = xrun_axis_ticks(&svg->x, n_ticks, ticks);

	for (unsigned i = 0; i < n; i++)
		line_at_x(svg, ticks[i].value);
}

void xrun_svg_below(const struct xrun_svg *svg, double x, bool minor,
		    const char *text)
{
	xrun_html(svg->file,
		  "<text class=\"%s\" x=\"%.2f%%\" y=\"100%%\" dy=\"%d\" "
		  "text-anchor=\"middle\">%s</text>\n",
		  minor ? "tick minor" : "tick", across(svg, x), TICK_DROP_PX,
		  text);
}

void xrun_svg_name_x(const struct xrun_svg *svg, const char *name)
{
	xrun_html(svg->file,
		  "<text class=\"name\" x=\"100%%\" y=\"100%%\" dy=\"%d\" "
		  "text-anchor=\"end\">%s</text>\n",
		  NAME_DROP_PX, name);
}

void xrun_svg_axis_x(const struct xrun_svg *svg, unsigned n_ticks,
		     xrun_tick_fn label, const char *name)
{
	struct xrun_tick ticks[XRUN_TICKS_MAX];
	unsigned n = xrun_axis_ticks(&svg->x, n_ticks, ticks);

	for (unsigned i = 0; i < n; i++) {
		char text[XRUN_TICK_BYTES];

		label(text, ticks[i].value);
		line_at_x(svg, ticks[i].value);
		xrun_svg_below(svg, ticks[i].value, ticks[i].minor, text);
	}
	xrun_svg_name_x(svg, name);
}

void xrun_svg_axis_y(const struct xrun_svg *svg, unsigned n_ticks,
		     xrun_tick_fn label, const char *name)
{
	struct xrun_tick ticks[XRUN_TICKS_MAX];
	unsigned n = xrun_axis_ticks(&svg->y, n_ticks, ticks);

	for (unsigned i = 0; i < n; i++) {
		char text[XRUN_TICK_BYTES];

		label(text, ticks[i].value);
		xrun_svg_level(svg, "grid", ticks[i].value);
		xrun_svg_row(svg, ticks[i].value, text);
	}
	xrun_html(svg->file,
		  "<text class=\"name\" x=\"0\" y=\"0\" dy=\"%d\">%s</text>\n",
		  -NAME_RISE_PX, name);
}

void xrun_svg_level(const struct xrun_svg *svg, const char *css_class, double y)
{
	double at = down(svg, y);

	xrun_html(svg->file,
		  "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%.2f%%\" "
		  "y2=\"%.2f%%\"/>\n",
		  css_class, at, at);
}

void xrun_svg_row(const struct xrun_svg *svg, double y, const char *text)
{
	xrun_html(svg->file,
		  "<text class=\"tick\" x=\"%d\" y=\"%.2f%%\" dy=\"0.35em\" "
		  "text-anchor=\"end\">%s</text>\n",
		  -TICK_GAP_PX, down(svg, y), text);
}

/* ---- what lies between them ---- */

void xrun_svg_path(const struct xrun_svg *svg, const char *css_class)
{
	xrun_html(svg->file,
		  "<svg width=\"100%%\" height=\"100%%\" viewBox=\"0 0 %d %d\" "
		  "preserveAspectRatio=\"none\"><path class=\"%s\" d=\"",
		  (int)PATH_UNITS, (int)PATH_UNITS, css_class);
}

void xrun_svg_to(const struct xrun_svg *svg, bool first, double x, double y)
{
	fprintf(svg->file, "%c%.1f %.1f", first ? 'M' : 'L',
		across(svg, x) * PATH_UNITS / 100,
		down(svg, y) * PATH_UNITS / 100);
}

void xrun_svg_path_end(const struct xrun_svg *svg)
{
	fputs("\"/></svg>\n", svg->file);
}

static void end_with_tip(const struct xrun_svg *svg, const char *name,
			 const char *tip)
{
	if (tip)
		xrun_html(svg->file, "><title>%s</title></%s>\n", tip, name);
	else
		fputs("/>\n", svg->file);
}

void xrun_svg_bar(const struct xrun_svg *svg, const char *css_class, double x0,
		  double x1, double y0, double y1, const char *tip)
{
	double left = across(svg, x0), top = down(svg, y1);

	xrun_html(svg->file,
		  "<rect class=\"%s\" x=\"%.2f%%\" y=\"%.2f%%\" "
		  "width=\"%.2f%%\" height=\"%.2f%%\"",
		  css_class, left, top, across(svg, x1) - left,
		  down(svg, y0) - top);
	end_with_tip(svg, "rect", tip);
}

void xrun_svg_mark(const struct xrun_svg *svg, const char *css_class, double x,
		   double y0, double y1, const char *tip)
{
	double at = across(svg, x);

	xrun_html(svg->file,
		  "<line class=\"%s\" x1=\"%.2f%%\" x2=\"%.2f%%\" "
		  "y1=\"%.2f%%\" y2=\"%.2f%%\"",
		  css_class, at, at, down(svg, y0), down(svg, y1));
	end_with_tip(svg, "line", tip);
}

void xrun_svg_dot(const struct xrun_svg *svg, const char *css_class, double x,
		  double y, const char *tip)
{
	xrun_html(svg->file,
		  "<circle class=\"%s\" cx=\"%.2f%%\" cy=\"%.2f%%\" r=\"4\"",
		  css_class, across(svg, x), down(svg, y));
	end_with_tip(svg, "circle", tip);
}

void xrun_svg_note(const struct xrun_svg *svg, double x, double y,
		   const char *text)
{
	double at = across(svg, x);
	bool left = at > 50;

	xrun_html(svg->file,
		  "<text class=\"note\" x=\"%.2f%%\" y=\"%.2f%%\" dx=\"%d\" "
		  "dy=\"0.35em\" text-anchor=\"%s\">%s</text>\n",
		  at, down(svg, y), left ? -6 : 6, left ? "end" : "start",
		  text);
}
