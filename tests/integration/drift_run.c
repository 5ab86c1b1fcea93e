/* SPDX-License-Identifier: MIT */
#include "drift_run.h"

#include "cpu_time.h"

#include "unit/sine.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START_MS 10000
#define TOLD_EVERY_NS INT64_C(250000000)
#define TURN_MS 20

/* Which channels a leg has: the high tone's, and the next for the low one. */
static const uint32_t first_channel[N_LEGS] = { 0, 2, 0 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- set-up ---- */

static bool alloc_records(struct drift_run *run, double seconds)
{
	uint32_t rate_hz = run->setup.jack_rate_hz > run->setup.pw_rate_hz
				   ? run->setup.jack_rate_hz
				   : run->setup.pw_rate_hz;
	bool good;

	run->n_max = (uint32_t)((seconds + 10) * TONES_PER_S * 1.01);
	run->told = calloc(run->n_max, sizeof(*run->told));
	good = run->told != NULL;
	for (int i = 0; i < N_LEGS; i++) {
		run->legs[i] = calloc(run->n_max, sizeof(*run->legs[i]));
		run->seconds[i] = calloc(rate_hz, sizeof(float));
		good = good && run->legs[i] && run->seconds[i];
	}
	return good;
}

/* jackd's clock is bent. */
static const char *bend_clock(struct drift_run *run)
{
	const char *library = getenv("LEAT_DRIFT_LIBRARY");

	if (!library)
		return "LEAT_DRIFT_LIBRARY does not say where the library is "
		       "that bends jackd's clock";
	sandbox_path(&run->bridge.sandbox, "drift", run->drift_path,
		     sizeof(run->drift_path));
	if (drift_open(&run->drift, run->drift_path) < 0)
		return "no file could be made in the sandbox";
	drift_set_ppm(run->drift, run->setup.ppm);
	snprintf(run->drift_env, sizeof(run->drift_env), "LEAT_DRIFT=%s",
		 run->drift_path);
	snprintf(run->preload_env, sizeof(run->preload_env), "LD_PRELOAD=%s",
		 library);
	run->env[0] = run->drift_env;
	run->env[1] = run->preload_env;
	run->bridge.jack.env = run->env;
	return NULL;
}

const char *drift_run_init(struct drift_run *run,
			   const struct drift_setup *setup, double seconds)
{
	const char *why;

	memset(run, 0, sizeof(*run));
	run->setup = *setup;
	if (!alloc_records(run, seconds))
		return "out of memory";
	why = bridge_init(&run->bridge, setup->period);
	if (why)
		return why;
	run->bridge.jack.rate_hz = setup->jack_rate_hz;
	run->bridge.jack.synchronous = true;
	run->bridge.pipewire.rate_hz = setup->pw_rate_hz;
	run->bridge.pipewire.quantum = setup->quantum;
	run->bridge.channels = setup->plain ? "2" : "4";
	run->bridge.mode = setup->mode;
	return bend_clock(run);
}

static bool start_clients(struct drift_run *run)
{
	const struct drift_setup *setup = &run->setup;
	uint32_t n = setup->plain ? 2 : TONES_CHANNELS;

	return jack_tones_open(&run->jack, setup->jack_rate_hz, n,
			       run->drift) == 0 &&
	       pw_tones_open(&run->pw, setup->pw_rate_hz, !setup->plain) == 0;
}

/* Asked while the client's main loop runs, as its node needs that to start. */
static bool wait_running(struct drift_run *run)
{
	for (int ms = 0; ms < START_MS; ms += TURN_MS) {
		struct leat_link_status status;

		pw_tones_run(run->pw, TURN_MS);
		if (bridge_status(&status) &&
		    strcmp(leat_link_status_state(&status), "running") == 0)
			return true;
	}
	return false;
}

static bool start_bridge(struct drift_run *run)
{
	return bridge_start_jack_side(&run->bridge) &&
	       bridge_start_pipewire_side(&run->bridge) &&
	       bridge_wait_state("idle", START_MS) && start_clients(run) &&
	       pw_tones_link(run->pw) && jack_tones_connect(&run->jack) &&
	       wait_running(run) &&
	       bridge_wait_frames(run->setup.jack_rate_hz, START_MS);
}

static bool start_without(struct drift_run *run)
{
	return start_clients(run) && pw_tones_link_itself(run->pw) &&
	       jack_tones_connect_itself(&run->jack);
}

bool drift_run_start(struct drift_run *run)
{
	int64_t due_ns;
	bool good =
		bridge_start_servers(&run->bridge) &&
		(run->setup.no_bridge ? start_without(run) : start_bridge(run));

	if (!good)
		bridge_show(&run->bridge);
	/* Another jackd may have other functions inside. */
	return good && drift_count(run->drift, &due_ns) > 0;
}

/* ---- windows ---- */

/* A sine's next value follows from the two before it. */
static double click_of(const float *samples, uint32_t n, double radians)
{
	double twice_cos = 2 * cos(radians), most = 0;

	for (uint32_t i = 2; i < n; i++)
		most = fmax(most,
			    fabs((double)samples[i] + (double)samples[i - 2] -
				 twice_cos * (double)samples[i - 1]));
	return most;
}

static double turns_of(const float *samples, uint32_t n, double radians)
{
	static double phases[192000 / TONES_PER_S];
	struct sine_fit fit;

	for (uint32_t i = 0; i < n; i++)
		phases[i] = radians * i;
	fit = sine_fit(samples, phases, n);
	/* The fit is of a sine, as the tone is. */
	return fit.phase / (2 * M_PI);
}

/* How fast a leg's tones are heard, beside what its hearer's rate says. */
static double pitch_of(enum leg leg, double ppm)
{
	return leg == LEG_TO_PIPEWIRE ? 1 + ppm * 1e-6
	       : leg == LEG_TO_JACK   ? 1 / (1 + ppm * 1e-6)
				      : 1;
}

static void judge(struct drift_run *run, enum leg leg,
		  const struct tones *tones, const struct window *window)
{
	uint32_t n = tones->n_frames, i = run->n_windows[leg];
	const float *high = window->samples[first_channel[leg]];
	const float *low = window->samples[first_channel[leg] + 1];
	double ppm = drift_ppm(run->drift);
	double step = 2 * M_PI / tones->rate_hz * pitch_of(leg, ppm);
	struct leg_window *to = &run->legs[leg][i];
	struct sine_fit fit;
	double pitch;

	if (i == run->n_max)
		return;
	fit = sine_fit_free(high, step * TONES_HIGH_HZ, n, &pitch);
	*to = (struct leg_window){
		.from = window->from,
		.upsets = window->upsets,
		.least_late_ns = window->least_late_ns,
		.ppm = ppm,
		.sinad_db = fit.sinad_db,
		.second_sinad_db = NAN,
		.amplitude = fit.amplitude,
		.click = click_of(high, n, step * TONES_HIGH_HZ),
		.turns = turns_of(low, n, step * TONES_LOW_HZ),
	};
	/* A second begins anew where a window was lost. */
	if (i == 0 || to->from.frame != to[-1].from.frame + n)
		run->n_second[leg] = 0;
	memcpy(run->seconds[leg] + run->n_second[leg] * n, high,
	       n * sizeof(float));
	run->n_second[leg] = (run->n_second[leg] + 1) % TONES_PER_S;
	if (run->n_second[leg] == 0)
		to->second_sinad_db = sine_fit_free(run->seconds[leg],
						    step * TONES_HIGH_HZ,
						    TONES_PER_S * n, &pitch)
					      .sinad_db;
	run->n_windows[leg]++;
}

static void forget(struct tones *tones)
{
	while (tones_next(tones))
		tones_free(tones);
}

/* What came before is no matter, nor the window that began then. */
static void forget_all(struct drift_run *run)
{
	forget(&run->jack.tones);
	forget(pw_tones_kept(run->pw));
	pw_tones_run(run->pw, 2 * 1000 / TONES_PER_S);
	forget(&run->jack.tones);
	forget(pw_tones_kept(run->pw));
}

/* One window of each graph's, so that the other one is not forgotten. */
static void judge_next(struct drift_run *run)
{
	struct tones *jack = &run->jack.tones, *pw = pw_tones_kept(run->pw);
	const struct window *from_jack = tones_next(jack);
	const struct window *from_pw = tones_next(pw);

	if (from_jack && !run->setup.plain) {
		judge(run, LEG_TO_JACK, jack, from_jack);
		judge(run, LEG_CIRCLE, jack, from_jack);
	}
	if (from_jack)
		tones_free(jack);
	if (from_pw && !run->setup.plain)
		judge(run, LEG_TO_PIPEWIRE, pw, from_pw);
	if (from_pw)
		tones_free(pw);
}

/* ---- listening ---- */

static void ask(struct drift_run *run)
{
	struct told *told = &run->told[run->n_told];

	if (run->setup.plain || run->n_told == run->n_max)
		return;
	told->time_ns = now_ns();
	run->n_told += bridge_status(&told->status);
}

static uint64_t bridge_cpu_ns(const struct drift_run *run)
{
	return cpu_time_ns(run->bridge.jack_side.pid) +
	       cpu_time_ns(run->bridge.pipewire_side.pid);
}

static uint64_t server_cpu_ns(const struct drift_run *run)
{
	return cpu_time_ns(run->bridge.jack.proc.pid) +
	       cpu_time_ns(run->bridge.pipewire.proc.pid);
}

/* Whoever judges keeps up with a busy machine, behind all that are heard. */
static void hurry(void)
{
	struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &param) < 0)
		fprintf(stderr, "no realtime priority for the judge\n");
}

void drift_run_listen(struct drift_run *run, double seconds)
{
	const struct drift_setup *setup = &run->setup;
	double next_stall_s = setup->stall_every_s;
	int64_t begun_ns, now, asked_ns = 0;
	uint64_t bridge_ns, server_ns;

	hurry();
	forget_all(run);
	begun_ns = now = now_ns();
	bridge_ns = setup->no_bridge ? 0 : bridge_cpu_ns(run);
	server_ns = server_cpu_ns(run);
	while ((double)(now - begun_ns) * 1e-9 < seconds) {
		double at_s = (double)(now - begun_ns) * 1e-9;

		drift_set_ppm(run->drift,
			      setup->ppm + setup->ramp_ppm * at_s / seconds);
		if (next_stall_s > 0 && at_s >= next_stall_s) {
			jack_tones_stall(&run->jack, setup->stall_us);
			next_stall_s += setup->stall_every_s;
		}
		if (now - asked_ns > TOLD_EVERY_NS) {
			ask(run);
			asked_ns = now;
		}
		pw_tones_run(run->pw, TURN_MS);
		judge_next(run);
		now = now_ns();
	}
	run->listened_s = (double)(now - begun_ns) * 1e-9;
	run->server_cpu_ns = server_cpu_ns(run) - server_ns;
	if (!setup->no_bridge)
		run->bridge_cpu_ns = bridge_cpu_ns(run) - bridge_ns;
}

/* ---- the end ---- */

bool drift_run_finish(struct drift_run *run)
{
	bool good;

	jack_tones_close(&run->jack);
	pw_tones_close(run->pw);
	good = proc_stop(&run->bridge.pipewire_side, 3000) <= 0 &&
	       proc_stop(&run->bridge.jack_side, 3000) <= 0 &&
	       !bridge_left_files(&run->bridge);
	good = bridge_finish(&run->bridge) == 0 && good;
	drift_close(run->drift);
	for (int i = 0; i < N_LEGS; i++) {
		free(run->legs[i]);
		free(run->seconds[i]);
	}
	free(run->told);
	return good;
}
