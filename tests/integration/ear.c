/* SPDX-License-Identifier: MIT */
#include "ear.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int on_process(jack_nframes_t n_frames, void *user)
{
	struct ear *ear = user;
	jack_nframes_t now = jack_last_frame_time(ear->client);
	uint64_t n = ear->n_frames, at;

	if (!ear->begun)
		ear->first_time = now;
	ear->begun = true;
	at = (jack_nframes_t)(now - ear->first_time);
	if (at + n_frames > ear->n_room || at < n)
		return 0;
	for (uint32_t c = 0; c < EAR_CHANNELS; c++) {
		const float *in = jack_port_get_buffer(ear->ports[c], n_frames);

		for (jack_nframes_t i = 0; i < n_frames; i++)
			ear->samples[(at + i) * EAR_CHANNELS + c] = in[i];
	}
	ear->n_missed += at - n;
	ear->n_frames = at + n_frames;
	return 0;
}

static bool add_ports(struct ear *ear)
{
	char name[16];

	for (uint32_t c = 0; c < EAR_CHANNELS; c++) {
		snprintf(name, sizeof(name), "in_%u", c + 1);
		ear->ports[c] = jack_port_register(ear->client, name,
						   JACK_DEFAULT_AUDIO_TYPE,
						   JackPortIsInput, 0);
		if (!ear->ports[c])
			return false;
	}
	return true;
}

static bool connect_ports(struct ear *ear, const char *const from[EAR_CHANNELS])
{
	for (uint32_t c = 0; c < EAR_CHANNELS; c++)
		if (jack_connect(ear->client, from[c],
				 jack_port_name(ear->ports[c])) != 0)
			return false;
	return true;
}

bool ear_open(struct ear *ear, const char *server, uint64_t n_room,
	      const char *const from[EAR_CHANNELS])
{
	memset(ear, 0, sizeof(*ear));
	ear->n_room = n_room;
	ear->samples = calloc(n_room, EAR_CHANNELS * sizeof(float));
	ear->client = jack_client_open(
		"ear", JackNoStartServer | JackServerName, NULL, server);
	if (!ear->samples || !ear->client || !add_ports(ear))
		return false;
	/* Written to now, so that the process thread does not fault it in. */
	memset(ear->samples, 0, n_room * EAR_CHANNELS * sizeof(float));
	jack_set_process_callback(ear->client, on_process, ear);
	return jack_activate(ear->client) == 0 && connect_ports(ear, from);
}

void ear_close(struct ear *ear)
{
	if (ear->client)
		jack_client_close(ear->client);
	free(ear->samples);
	ear->client = NULL;
	ear->samples = NULL;
}
