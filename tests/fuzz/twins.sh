# SPDX-License-Identifier: MIT
#
# Sourced by run.sh: what each target must find within seconds.
#
#     without NAME TARGET FILE SED

without 'no largest capacity' header src/link/frames.c \
	's/format->capacity > LEAT_FRAMES_CAPACITY_MAX ||//'
without 'no most channels' header src/link/frames.c \
	's/format->n_channels > LEAT_CHANNELS_MAX ||//'
without 'capacity not a power of two' header src/link/frames.c \
	's/!power_of_two(format->capacity) ||//'
without 'reserved bytes not looked at' header src/link/part.c \
	's/&wanted, sizeof(wanted)) ==/\&wanted, 80) ==/'
without 'generation not looked at' header src/link/part.c \
	's/return memcmp/wanted.generation = header->generation;\n&/'

without 'a message of any length' message src/link/proto.c \
	's/n_bytes != sizeof(message)/0/'
without 'a sentence without an end' message src/link/proto.c \
	's/return false;\n}\n\nstatic int check_body/return true;\n}\n\nstatic int check_body/'
without 'a position of any number' message src/link/proto.c \
	's/!leat_position_name(spec->position\[d\]\[i\])/0/'
without 'a channel of a tap of any number' message src/link/proto.c \
	's/!leat_position_name(message->position\[d\]\[i\])/0/'
without 'a name without an end' message src/link/rundir.c \
	's/n == LEAT_LINK_NAME_BYTES/0/'
without 'a period of any length' message src/link/proto.c \
	's/ || spec->period > spec->capacity \/ 2//'
without 'any room' message src/link/proto.c \
	's/message->body.room.n_frames <= LEAT_FRAMES_CAPACITY_MAX/1/'
without 'a latency of any length' message src/link/proto.c \
	's/message->max\[d\] > most ||//'
without 'a latency upside down' message src/link/proto.c \
	's/message->min\[d\] > message->max\[d\] ||//'
without 'other descriptors than announced' message src/link/proto.c \
	's/ || message.n_fds != n_fds//'

without 'a peer anywhere' ring src/ringbuf/ring.c \
	's/leat_index_between(end->seen, now, furthest)/1/'
without 'a span beyond the end' ring include/leat/inline/ring.h \
	's/n_items < to_end ? n_items : to_end/n_items/'
without 'no largest capacity of a ring' ring src/ringbuf/ring.c \
	's/||[ \n\t]*config->capacity > LEAT_RING_CAPACITY_MAX//'
without 'a wake-up that is forgotten' ring include/leat/inline/ring.h \
	's/end->wake_due = true;/;/'

without 'any seals' part src/ringbuf/shm.c \
	's/(seals & SIZE_SEALS) == SIZE_SEALS/1/'
without 'a part that is too short' part src/ringbuf/shm.c \
	's/ \&\& (uintmax_t)st->st_size >= min_bytes//'
without 'a part that is too long' part src/ringbuf/shm.c \
	's/ \&\&[ \n\t]*(uintmax_t)st->st_size <= most//'
without 'any header' part src/link/frames.c \
	's/res = leat_part_header_check(&header, kind, format);/res = 0;/'
without 'what is refused stays open' part src/ringbuf/shm.c \
	's/if (res < 0 && fd >= 0)/if (0)/'

without 'descriptors of nobody stay open' link src/link/host.c \
	's/close_fds(fds, message->n_fds);/;/'
without 'acceptance of what was not offered' link src/link/host.c \
	's/!wire || message->body.wire.generation != wire->generation/0/'
without 'room beyond the most' link src/link/proto.c \
	's/ && capacity < most//'
without 'an offer without a spec' link src/link/guest.c \
	's/guest->have_spec && leat_is_signal/leat_is_signal/'
without 'a latency beyond ten seconds' link src/link/host.c \
	's/leat_latency_limit(&latency, host->spec.rate_hz);/;/'

without 'a position given twice' text src/cli/options.c \
	's/contains(positions, n, position)/0/'
without 'too many positions' text src/cli/options.c \
	's/n == LEAT_CHANNELS_MAX/0/'
without 'a number below the least' text src/cli/options.c \
	's/ || n < min//'
without 'a number below minus the most' text src/cli/options.c \
	's/number < min ||//'

without 'a name that a terminal obeys' status src/tools/common/status_text.c \
	"s/c < 0x20 || c == 0x7f ? '?' : c/c/"
without 'a string that is not closed' status src/tools/common/json.c \
	"s/ || \*at == '\\\\\\\\'//"
without 'a number that is none' status src/tools/status/status_json.c \
	's/isfinite(value)/1/'
without 'a metric that is no number' status src/tools/status/metrics.c \
	's/!isfinite(number)/0/'
without 'a label that is not closed' status src/tools/status/metrics.c \
	"s/ || \*value == '\\\\\\\\'//"
without 'a name of a server without an end' status src/link/side.c \
	's/status->server\[sizeof(status->server) - 1\] = 0;/;/'

if [ -n "$spa" ]; then
	without 'a number beyond its range' config src/tools/config/settings.c \
		's/(uint32_t)about->max/UINT32_MAX/'
	without 'seconds beyond their range' config src/tools/config/settings.c \
		's/ \&\& seconds <= about->max//'
	without 'a bracket that closes another' config \
		src/tools/config/balance.c \
		"s/(opened == '{') != (here(scan) == '}')/0/"
	without 'a bracket that stays open' config src/tools/config/balance.c \
		's/res == 0 \&\& scan.depth > 0/0/'
	without 'a link that is there twice' config src/tools/config/config.c \
		's/if (first) {/if (0 \&\& first) {/'
	without 'control characters in a value' config \
		src/tools/config/config.c \
		's/if (has_controls(value->word)) {/if (0) {/;s/static bool has_controls/__attribute__((unused)) &/'
fi
