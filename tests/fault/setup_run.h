/* SPDX-License-Identifier: MIT */
/*
 * One run of one of our programs, in which a call fails, and what is to be said
 * against it.
 */
#ifndef LEAT_FAULT_SETUP_RUN_H
#define LEAT_FAULT_SETUP_RUN_H

#include "integration/bridge.h"

#include "fail.h"
#include "footprint.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PERIOD 256
#define UP_MS 15000
#define END_MS 5000
#define TEXT_BYTES 16384
#define KNOWN_MAX 128
#define SOUND "/usr/share/sounds/alsa/Front_Center.wav"

enum subject_kind { JACK_SIDE, PIPEWIRE_SIDE, STATUS, UP, PRIVATE, N_SUBJECTS };

struct subject {
	const char *name;    /* as --only has it */
	const char *program; /* whose calls fail */
	const char *argv[8]; /* after the path of it */
};

extern const struct subject subjects[N_SUBJECTS];

enum outcome { CAME_UP, ENDED, WAITS };

struct run {
	struct bridge bridge;
	struct circle circle;
	struct fail_board *board;
	char preload[2][512]; /* for the environment */
	enum subject_kind subject;
	struct proc proc;	     /* of the subject */
	struct footprint usual;	     /* when it is up */
	char difference[64];	     /* of what it holds and should */
	struct footprint survivor;   /* when it is away */
	char usual_text[TEXT_BYTES]; /* what it says when all is well */
	struct fail_site sites[FAIL_SITES_MAX]; /* of the subject */
	uint32_t n_sites;
	struct fail_site seen[FAIL_SITES_MAX]; /* of leat-up with our servers */
	uint32_t n_seen;
	bool connected; /* in this life of the subject */
	bool may_leave_lock;
	int patience_ms;	    /* until something is taken for left */
	char known[KNOWN_MAX][256]; /* files in /dev/shm that may be there */
	int n_known, n_links;
	char left[256];	     /* one that may not */
	char complaint[512]; /* of the latest run; "": none */
	unsigned n_runs, n_failures;
	unsigned n_outcomes[3];
	/* what was asked for */
	bool is_long, lists;
	int seconds;
	const char *only, *call;
};

/* The path of a file in the sandbox, and its text. */
const char *path_of(const struct run *run, const char *name);
void read_text(const struct run *run, const char *name, char *text);

int count_files(const char *path);

/* What is in /dev/shm may be there from now on. */
void list_files(struct run *run, const char *path);

/* What the program and we share. */
bool make_board(struct run *run);

/* order: NULL if no call is to fail. */
bool start_subject(struct run *run, const struct fail_order *order);

enum outcome wait_outcome(struct run *run, int timeout_ms);

/* Whether the other side lives on meanwhile, and which it is. */
bool has_survivor(const struct run *run);
const struct proc *survivor_of(const struct run *run);

/* All of a run; what is wrong is in run->complaint then. */
enum outcome play(struct run *run, const struct fail_order *order,
		  int timeout_ms);

#endif
