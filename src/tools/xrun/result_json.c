/* SPDX-License-Identifier: MIT */
/* The JSON names are a promise: data/man/leat-xrun.1 has them. */
#include "result_json.h"

#include "tools/common/json.h"

#include <inttypes.h>

/* ---- members: a name and a value, with a comma before but at first ---- */

static void print_name(FILE *file, const char *comma, const char *name)
{
	fprintf(file, "%s\"%s\":", comma, name);
}

static void print_text(FILE *file, const char *comma, const char *name,
		       const char *text)
{
	print_name(file, comma, name);
	if (text[0])
		leat_json_string(file, text);
	else
		fputs("null", file);
}

static void print_value(FILE *file, uint64_t value)
{
	if (value == XRUN_UNKNOWN)
		fputs("null", file);
	else
		fprintf(file, "%" PRIu64, value);
}

static void print_number(FILE *file, const char *comma, const char *name,
			 uint64_t value)
{
	print_name(file, comma, name);
	print_value(file, value);
}

static void print_time(FILE *file, const char *comma, const char *name,
		       int64_t value)
{
	fprintf(file, "%s\"%s\":%" PRId64, comma, name, value);
}

static void print_bool(FILE *file, const char *comma, const char *name,
		       bool value)
{
	fprintf(file, "%s\"%s\":%s", comma, name, value ? "true" : "false");
}

/* ---- where and how ---- */

static void print_machine(FILE *file, const struct xrun_machine *machine)
{
	print_text(file, "\"machine\":{", "host", machine->host);
	print_text(file, ",", "system", machine->system);
	print_text(file, ",", "kernel", machine->kernel);
	print_text(file, ",", "preemption", machine->preemption);
	print_text(file, ",", "processor", machine->processor);
	print_number(file, ",", "processors", machine->n_cpus);
	print_number(file, ",", "memory_bytes",
		     machine->memory_bytes > 0 ? machine->memory_bytes
					       : XRUN_UNKNOWN);
	print_text(file, ",", "governor", machine->governor);
	print_text(file, ",", "virtualization", machine->virtualization);
	print_bool(file, ",", "may_be_realtime", machine->may_be_realtime);
	print_bool(file, ",", "has_witness", machine->has_witness);
	print_text(file, ",", "jack_version", machine->jack_version);
	print_text(file, ",", "pipewire_version", machine->pipewire_version);
	print_text(file, ",", "leat_version", machine->leat_version);
	print_text(file, ",", "time", machine->time);
	fputc('}', file);
}

static void print_settings(FILE *file, const struct xrun_settings *settings)
{
	print_text(file, ",\"settings\":{", "plan",
		   xrun_plan_word(settings->plan));
	print_text(file, ",", "link", settings->link);
	print_text(file, ",", "jack_server", settings->jack_server);
	print_text(file, ",", "pipewire_remote", settings->pipewire_remote);
	print_bool(file, ",", "private_jack", settings->private_jack);
	print_bool(file, ",", "private_pipewire", settings->private_pipewire);
	print_number(file, ",", "rounds", settings->n_rounds);
	print_time(file, ",", "step_ns", settings->step_ns);
	print_text(file, ",", "plant", settings->plant);
	print_text(file, ",", "command", settings->command);
	fputc('}', file);
}

static void print_arms(FILE *file, const struct xrun_result *result)
{
	const char *comma = "{";

	fputs(",\"bridges\":[", file);
	for (uint32_t i = 0; i < result->n_arms; i++) {
		const struct xrun_arm *arm = &result->arm[i];

		print_text(file, comma, "name", arm->name);
		print_text(file, ",", "mode", arm->mode);
		print_number(file, ",", "round_trip_frames",
			     arm->round_trip_frames);
		print_number(file, ",", "highest_level",
			     arm->has_highest ? arm->highest_level
					      : XRUN_UNKNOWN);
		fputc('}', file);
		comma = ",{";
	}
	fputc(']', file);
}

/* ---- a step ---- */

static void print_histogram(FILE *file, const struct xrun_histogram *histogram)
{
	const char *comma = "";

	print_number(file, "{", "n", histogram->n);
	print_number(file, ",", "sum_ns", histogram->sum_ns);
	print_number(file, ",", "max_ns", histogram->max_ns);
	print_number(file, ",", "p50_ns", histogram->p50_ns);
	print_number(file, ",", "p99_ns", histogram->p99_ns);
	print_number(file, ",", "p999_ns", histogram->p999_ns);
	fputs(",\"buckets\":[", file);
	for (uint32_t i = 0; i < histogram->n_buckets; i++) {
		const struct xrun_bucket *bucket = &histogram->bucket[i];

		fprintf(file, "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 "]", comma,
			bucket->least_ns, bucket->end_ns, bucket->n);
		comma = ",";
	}
	fputs("]}", file);
}

static void print_callback(FILE *file, const struct xrun_step *step,
			   enum xrun_callback callback)
{
	print_number(file, "{", "cycles", step->n_cycles[callback]);
	for (int m = 0; m < XRUN_N_MEASURES; m++) {
		print_name(file, ",", xrun_measure_word((enum xrun_measure)m));
		print_histogram(file, &step->histogram[callback][m]);
	}
	fputc('}', file);
}

static void print_callbacks(FILE *file, const struct xrun_step *step)
{
	const char *comma = "";

	fputs(",\"callbacks\":{", file);
	for (int c = 0; c < XRUN_N_CALLBACKS; c++) {
		enum xrun_callback callback = (enum xrun_callback)c;

		print_name(file, comma, xrun_callback_word(callback));
		print_callback(file, step, callback);
		comma = ",";
	}
	fputc('}', file);
}

/* Counts by cause; those that are 0 as well. */
static void print_by_cause(FILE *file, const uint64_t *counts)
{
	for (int c = 0; c < XRUN_N_CAUSES; c++)
		print_number(file, c > 0 ? "," : "{",
			     xrun_cause_word((enum xrun_cause)c), counts[c]);
	fputc('}', file);
}

static void print_lost(FILE *file, const struct xrun_step *step)
{
	fputs(",\"lost\":{", file);
	for (int p = 0; p < XRUN_N_PLACES; p++) {
		print_name(file, p > 0 ? "," : "",
			   xrun_place_word((enum xrun_place)p));
		print_by_cause(file, step->n_lost[p]);
	}
	fputc('}', file);
}

static bool has_callback(const struct xrun_event *event)
{
	return event->kind == XRUN_LATE || event->kind == XRUN_SKIPPED;
}

static void print_event(FILE *file, const struct xrun_event *event)
{
	print_time(file, "{", "time_ns", event->time_ns);
	print_text(file, ",", "kind", xrun_event_word(event->kind));
	print_text(file, ",", "cause", xrun_cause_word(event->cause));
	if (has_callback(event))
		print_text(file, ",", "callback",
			   xrun_callback_word(event->callback));
	if (event->kind == XRUN_GAP)
		print_text(file, ",", "place", xrun_place_word(event->place));
	print_number(file, ",", "size_ns", event->size_ns);
	print_number(file, ",", "frames", event->n_frames);
	if (event->kind == XRUN_STALL)
		print_number(file, ",", "cpu",
			     event->cpu < 0 ? XRUN_UNKNOWN
					    : (uint64_t)event->cpu);
	fputc('}', file);
}

static void print_events(FILE *file, const struct xrun_step *step)
{
	print_number(file, ",", "events_left_out", step->n_events_left_out);
	fputs(",\"events\":[", file);
	for (uint32_t i = 0; i < step->n_events; i++) {
		if (i > 0)
			fputc(',', file);
		print_event(file, &step->event[i]);
	}
	fputc(']', file);
}

static void print_fills(FILE *file, const struct xrun_step *step)
{
	const char *comma = "{";

	fputs(",\"fill\":[", file);
	for (uint32_t i = 0; i < step->n_fills; i++) {
		const struct xrun_fill *fill = &step->fill[i];

		print_time(file, comma, "time_ns", fill->time_ns);
		print_number(file, ",", "to_pipewire", fill->to_pipewire);
		print_number(file, ",", "to_jack", fill->to_jack);
		print_number(file, ",", "to_pipewire_aim",
			     fill->to_pipewire_aim);
		print_number(file, ",", "to_jack_aim", fill->to_jack_aim);
		fputc('}', file);
		comma = ",{";
	}
	fputc(']', file);
}

static void print_step(FILE *file, const struct xrun_step *step)
{
	print_number(file, "{", "bridge", step->arm);
	print_number(file, ",", "round", step->round);
	print_number(file, ",", "period", step->period);
	print_number(file, ",", "rate", step->rate_hz);
	print_text(file, ",", "load", xrun_load_word(step->load));
	print_number(file, ",", "level", step->level);
	print_text(file, ",", "skipped", step->skipped ? step->why : "");
	print_time(file, ",", "start_ns", step->start_ns);
	print_time(file, ",", "duration_ns", step->duration_ns);
	print_number(file, ",", "jack_xruns", step->n_jack_xruns);
	print_bool(file, ",", "counted", step->is_counted);
	print_bool(file, ",", "exact", step->is_exact);
	print_number(file, ",", "sent", step->n_sent);
	print_number(file, ",", "heard", step->n_heard);
	print_name(file, ",", "late");
	print_by_cause(file, step->n_late);
	print_lost(file, step);
	print_number(file, ",", "stalls", step->n_stalls);
	print_number(file, ",", "longest_stall_ns", step->longest_stall_ns);
	print_callbacks(file, step);
	print_events(file, step);
	print_fills(file, step);
	fputc('}', file);
}

void xrun_result_json(FILE *file, const struct xrun_result *result)
{
	fputc('{', file);
	print_machine(file, &result->machine);
	print_settings(file, &result->settings);
	print_text(file, ",", "verdict", xrun_verdict_word(result->verdict));
	print_bool(file, ",", "interrupted", result->interrupted);
	print_bool(file, ",", "failed", result->failed);
	print_arms(file, result);
	fputs(",\"steps\":[", file);
	for (uint32_t i = 0; i < result->n_steps; i++) {
		if (i > 0)
			fputc(',', file);
		print_step(file, &result->step[i]);
	}
	fputs("]}\n", file);
}
