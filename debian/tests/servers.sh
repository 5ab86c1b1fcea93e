# SPDX-License-Identifier: MIT
#
# Sourced by the tests: a JACK server and a PipeWire daemon of their own, in a
# runtime folder of their own, ended with the test.

test_dir=${AUTOPKGTEST_TMP:-$(mktemp -d)}
XDG_RUNTIME_DIR=$(mktemp -d "$test_dir/run.XXXXXX")
JACK_DEFAULT_SERVER=leat-test-$$
JACK_NO_START_SERVER=1
export XDG_RUNTIME_DIR JACK_DEFAULT_SERVER JACK_NO_START_SERVER
unset PIPEWIRE_REMOTE PIPEWIRE_RUNTIME_DIR
started=

end_all() {
	for process in $started; do
		kill "$process" 2>/dev/null || :
		wait "$process" 2>/dev/null || :
	done
}
trap end_all EXIT
trap 'exit 1' INT TERM

# start LOG COMMAND...: in the background, and ended before what it stands on.
start() {
	log=$test_dir/$1
	shift
	"$@" >"$log" 2>&1 &
	started="$! $started"
}

# until_true SECONDS WHAT COMMAND...: wait for something to become so.
until_true() {
	tries=$(($1 * 10))
	what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || {
			echo "not so in time: $what" >&2
			tail -n 20 "$test_dir"/*.log >&2 || :
			exit 1
		}
		sleep 0.1
	done
}

start_jack() {
	start jackd.log jackd -n "$JACK_DEFAULT_SERVER" --port-max 128 \
		-d dummy -r 48000 -p 256
	until_true 10 "jackd runs" jack_lsp
}

start_pipewire() {
	sed -e 's/@RATE@/48000/g; s/@QUANTUM@/256/g' \
		/usr/share/leat/pipewire-private.conf >"$test_dir/pipewire.conf"
	start pipewire.log pipewire -c "$test_dir/pipewire.conf"
	until_true 10 "pipewire runs" pw-cli info 0
}

is_joined() {
	leat status --json "${1-main}" |
		jq -e '.links[0].state | . == "running" or . == "idle"' \
			>/dev/null
}
