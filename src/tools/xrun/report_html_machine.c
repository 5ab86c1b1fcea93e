/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

#include "html.h"

#include "tools/doctor/finding.h"

#include <inttypes.h>
#include <stdarg.h>

__attribute__((format(printf, 3, 4))) static void
put_fact(FILE *file, const char *name, const char *format, ...)
{
	char value[5 * XRUN_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	xrun_html(file,
		  "<tr><th scope=\"row\">%s</th><td><bdi>%s</bdi></td>"
		  "</tr>\n",
		  name, value[0] ? value : "unknown");
}

static void put_machine(FILE *file, const struct xrun_machine *machine)
{
	put_fact(file, "Host", "%s", machine->host);
	put_fact(file, "System", "%s", machine->system);
	put_fact(file, "Kernel", "%s", machine->kernel);
	put_fact(file, "Preemption", "%s", machine->preemption);
	if (machine->n_cpus > 0)
		put_fact(file, "Processors", "%" PRIu32 "%s%s", machine->n_cpus,
			 machine->processor[0] ? ", " : "", machine->processor);
	else
		put_fact(file, "Processors", "%s", machine->processor);
	if (machine->memory_bytes > 0)
		put_fact(file, "Memory", "%.1f GiB",
			 (double)machine->memory_bytes / (1 << 30));
	if (machine->virtualization[0])
		put_fact(file, "Runs in", "%s", machine->virtualization);
	put_fact(file, "Frequency governor", "%s",
		 machine->governor[0] ? machine->governor
				      : "none that the kernel shows");
	put_fact(file, "Realtime priority", "%s",
		 machine->may_be_realtime ? "yes" : "no: it is refused");
	put_fact(file, "Stalls watched for", "%s",
		 machine->has_witness ? "yes" : "no");
	put_fact(file, "JACK", "%s", machine->jack_version);
	put_fact(file, "PipeWire", "%s", machine->pipewire_version);
	put_fact(file, "leat", "%s", machine->leat_version);
}

/* ---- what leat-doctor finds ---- */

static const char *class_of(enum leat_verdict verdict)
{
	switch (verdict) {
	case LEAT_VERDICT_OK:
		return "is-ok";
	case LEAT_VERDICT_WARN:
		return "is-warn";
	case LEAT_VERDICT_FAIL:
		return "is-fail";
	default:
		return "";
	}
}

static void put_finding(FILE *file, const struct leat_finding *finding)
{
	xrun_html(file,
		  "<tr><th scope=\"row\">%s</th>"
		  "<td><span class=\"tag %s\">%s</span></td><td>%s",
		  finding->name, class_of(finding->verdict),
		  leat_verdict_name(finding->verdict), finding->what);
	if (finding->verdict == LEAT_VERDICT_WARN ||
	    finding->verdict == LEAT_VERDICT_FAIL) {
		xrun_html(file, "<span class=\"why\">%s</span>", finding->why);
		if (finding->cure[0])
			xrun_html(file, "<pre>%s</pre>", finding->cure);
	}
	fputs("</td></tr>\n", file);
}

/* Those that are worst come first. */
static void put_findings(FILE *file, const struct leat_report *report)
{
	static const enum leat_verdict order[] = {
		LEAT_VERDICT_FAIL,
		LEAT_VERDICT_WARN,
		LEAT_VERDICT_UNKNOWN,
		LEAT_VERDICT_OK,
	};

	fputs("<h3>What leat doctor finds</h3>\n<table class=\"stack\">"
	      "<thead><tr><th scope=\"col\">Check</th>"
	      "<th scope=\"col\">Verdict</th><th scope=\"col\">What is the "
	      "case</th></tr></thead><tbody>\n",
	      file);
	for (int o = 0; o < 4; o++)
		for (unsigned i = 0; i < report->n_findings; i++)
			if (report->finding[i].verdict == order[o])
				put_finding(file, &report->finding[i]);
	fputs("</tbody></table>\n", file);
}

void xrun_html_machine(FILE *file, const struct xrun_result *result)
{
	fputs("<section aria-labelledby=\"machine\"><h2 id=\"machine\">The "
	      "machine and its settings</h2>\n<table class=\"facts\">"
	      "<tbody>\n",
	      file);
	put_machine(file, &result->machine);
	fputs("</tbody></table>\n", file);
	if (result->machine.doctor && result->machine.doctor->n_findings > 0)
		put_findings(file, result->machine.doctor);
	fputs("</section>\n", file);
}

/* ---- how it was measured ---- */

static const char *plan_text(enum xrun_plan plan)
{
	switch (plan) {
	case XRUN_PLAN_HOLD:
		return "one load, held";
	case XRUN_PLAN_RAMP:
		return "the highest load without loss";
	default:
		return "periods against loads";
	}
}

void xrun_html_settings(FILE *file, const struct xrun_result *result)
{
	const struct xrun_settings *settings = &result->settings;
	uint32_t arm = xrun_main_arm(result);

	fputs("<section aria-labelledby=\"how\"><h2 id=\"how\">How it was "
	      "measured</h2>\n<p>A program in JACK numbers each frame and "
	      "sends it through the bridge to a program in PipeWire, which "
	      "sends it back. What is missing is known by its number. "
	      "Processors are watched meanwhile for times at which they stand "
	      "still.</p>\n<table class=\"facts\"><tbody>\n",
	      file);
	put_fact(file, "Looked for", "%s", plan_text(settings->plan));
	put_fact(file, "Link", "%s", settings->link);
	if (arm < result->n_arms && result->arm[arm].mode[0])
		put_fact(file, "Mode", "%s", result->arm[arm].mode);
	put_fact(file, "JACK server", "%s%s", settings->jack_server,
		 settings->private_jack ? " (started for this)" : "");
	put_fact(file, "PipeWire daemon", "%s%s", settings->pipewire_remote,
		 settings->private_pipewire ? " (started for this)" : "");
	put_fact(file, "Rounds", "%" PRIu32, settings->n_rounds);
	put_fact(file, "Each step", "%g s", (double)settings->step_ns / 1e9);
	fputs("</tbody></table>\n", file);
	if (settings->command[0])
		xrun_html(file, "<h3>To make it again</h3>\n<pre>%s</pre>\n",
			  settings->command);
	fputs("</section>\n", file);
}
