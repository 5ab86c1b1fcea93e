/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "cli/rate.h"
#include "cli/rights.h"
#include "metadata.h"
#include "ports.h"
#include <leat/inline/atomics.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* jackd2's functions have frames of some 17 KB. */
#define STACK_BYTES 65536u

/* Descriptors that libjack takes for a client, its files of metadata too. */
#define CLIENT_FDS 16

/* Where libjack has its files, and how large they become with a client. */
#define JACK_FOLDER "/dev/shm"
#define CLIENT_BYTES (1u << 20)

/* How long a server may take for each request of a client that closes. */
#define CLOSE_TIMEOUT_S 5

/* The same for its last one, where the process ends and all else is done. */
#define LAST_TIMEOUT_S 2

/* How long the thread that hears from a server may outlive it. */
#define NOTICE_THREAD_MS 1000

int leat_jack_library_check(struct leat_error *error)
{
	const char *version = jack_get_version_string();

	if (!version || !strstr(version, "PipeWire"))
		return 0;
	return leat_error_set(error, -ENOTSUP,
			      "the libjack in use is PipeWire's own (%s), "
			      "which would bridge PipeWire to itself: run leat "
			      "without pw-jack and with the libjack of the "
			      "JACK server (package libjack-jackd2-0)",
			      version);
}

const char *leat_jack_server_name(const char *server)
{
	const char *name = server ? server : getenv("JACK_DEFAULT_SERVER");

	return name && name[0] ? name : "default";
}

/* libjack prints what we say better, and at every attempt. */
static void say_nothing(const char *text)
{
	(void)text;
}

/*
 * libjack's database of metadata, semaphores and the like; where they cannot be
 * asked for, there is room.
 */
static bool has_space(void)
{
	struct statvfs fs;

	return statvfs(JACK_FOLDER, &fs) < 0 || fs.f_blocks == 0 ||
	       fs.f_bavail * fs.f_frsize >= CLIENT_BYTES;
}

int leat_jack_check_room(const char *server, struct leat_error *error)
{
	int res = leat_check_descriptors(CLIENT_FDS);

	if (res == 0 && !has_space())
		return leat_error_set(error, -ENOSPC,
				      "cannot join the JACK server '%s': "
				      "no space is left in " JACK_FOLDER
				      ", where JACK has its memory: remove "
				      "files from it, or make it larger (mount "
				      "-o remount,size=)",
				      server);
	if (res == 0)
		return 0;
	return leat_error_set(error, res,
			      "cannot join the JACK server '%s': %s", server,
			      leat_errno_text(res));
}

jack_client_t *leat_jack_probe_open(const char *server)
{
	jack_set_error_function(say_nothing);
	jack_set_info_function(say_nothing);
	return jack_client_open(
		"leat-probe", JackNoStartServer | JackServerName, NULL, server);
}

int leat_jack_client_init(struct leat_jack_client *self,
			  struct leat_side_words *status,
			  struct leat_load_words *load)
{
	memset(self, 0, sizeof(*self));
	leat_jack_latency_init(&self->latency);
	self->status = status;
	self->load = load;
	self->notice_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return self->notice_fd < 0 ? -errno : 0;
}

void leat_jack_client_finish(struct leat_jack_client *self)
{
	leat_jack_client_close(self);
	if (self->notice_fd >= 0)
		close(self->notice_fd);
	self->notice_fd = -1;
}

/* ---- notices: from JACK's threads ---- */

static void notify(struct leat_jack_client *self, uint32_t notice)
{
	__atomic_fetch_or(&self->notices, notice, __ATOMIC_SEQ_CST);
	(void)eventfd_write(self->notice_fd, 1);
}

/* For all that JACK's notification thread calls. */
static void remember_thread(struct leat_jack_client *self)
{
	__atomic_store_n(&self->notice_thread, gettid(), __ATOMIC_RELAXED);
}

uint32_t leat_jack_client_notices(struct leat_jack_client *self)
{
	eventfd_t n;

	(void)eventfd_read(self->notice_fd, &n);
	return __atomic_exchange_n(&self->notices, 0, __ATOMIC_SEQ_CST);
}

uint32_t leat_jack_client_period(const struct leat_jack_client *self)
{
	return __atomic_load_n(&self->period, __ATOMIC_RELAXED);
}

int leat_jack_client_policy(const struct leat_jack_client *self)
{
	struct sched_param param;
	int policy;

	if (!jack_is_realtime(self->client) ||
	    pthread_getschedparam(jack_client_thread_id(self->client), &policy,
				  &param) != 0)
		return SCHED_FIFO;
	return policy;
}

static void on_shutdown(void *self)
{
	struct leat_jack_client *client = self;

	__atomic_store_n(&client->lost, true, __ATOMIC_SEQ_CST);
	notify(client, LEAT_JACK_NOTICE_SHUTDOWN);
}

/* From the process thread, once for a wire: an eventfd of our own. */
static void on_poisoned(void *self) LEAT_RT
{
	notify(self, LEAT_JACK_NOTICE_POISONED);
}

/* From the process thread, once. */
static void on_found(void *self) LEAT_RT
{
	notify(self, LEAT_JACK_NOTICE_GUARD);
}

static int on_period(jack_nframes_t n_frames, void *user)
{
	struct leat_jack_client *self = user;

	remember_thread(self);
	__atomic_store_n(&self->period, n_frames, __ATOMIC_RELAXED);
	notify(self, LEAT_JACK_NOTICE_PERIOD);
	return 0;
}

/* Before the first cycle that is not in real time, and after the last. */
static void on_freewheel(int starting, void *user)
{
	struct leat_jack_client *self = user;

	__atomic_store_n(&self->process.freewheels, starting != 0,
			 __ATOMIC_SEQ_CST);
	notify(self, LEAT_JACK_NOTICE_FREEWHEEL);
}

static int on_xrun(void *user)
{
	struct leat_jack_client *self = user;

	leat_word_add(&self->status->xruns, 1);
	return 0;
}

static void on_port(jack_port_id_t id, int registered, void *user)
{
	struct leat_jack_client *self = user;
	jack_port_t *port = NULL;

	remember_thread(self);
	if (self->given && registered)
		port = jack_port_by_id(self->client, id);
	if (port)
		leat_jack_asked_came(&self->asked, &self->process,
				     jack_port_name(port));
	notify(self, LEAT_JACK_NOTICE_CONNECTIONS);
}

static void on_connect(jack_port_id_t a, jack_port_id_t b, int connected,
		       void *self)
{
	(void)a;
	(void)b;
	(void)connected;
	remember_thread(self);
	notify(self, LEAT_JACK_NOTICE_CONNECTIONS);
}

/* Before the first cycle: fault in what libjack's calls take of the stack. */
static void on_thread_init(void *user)
{
	volatile unsigned char stack[STACK_BYTES];

	(void)user;
	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

static void on_latency(jack_latency_callback_mode_t mode, void *user)
{
	struct leat_jack_client *self = user;

	remember_thread(self);
	if (leat_jack_latency_callback(&self->latency, &self->process, mode))
		notify(self, LEAT_JACK_NOTICE_LATENCY);
}

/* Without one of them the link would be silent, or would miss a change. */
static bool set_callbacks(struct leat_jack_client *self)
{
	jack_client_t *client = self->client;

	jack_on_shutdown(client, on_shutdown, self);
	return jack_set_thread_init_callback(client, on_thread_init, self) ==
		       0 &&
	       jack_set_process_callback(client, leat_jack_process_callback,
					 &self->process) == 0 &&
	       jack_set_buffer_size_callback(client, on_period, self) == 0 &&
	       jack_set_freewheel_callback(client, on_freewheel, self) == 0 &&
	       jack_set_xrun_callback(client, on_xrun, self) == 0 &&
	       jack_set_port_registration_callback(client, on_port, self) ==
		       0 &&
	       jack_set_port_connect_callback(client, on_connect, self) == 0 &&
	       jack_set_latency_callback(client, on_latency, self) == 0;
}

static int refused(const struct leat_jack_client_setup *setup,
		   struct leat_error *error)
{
	return leat_error_set(error, -EIO,
			      "the JACK server '%s' refused to run the "
			      "client: see its own messages",
			      leat_jack_server_name(setup->server));
}

/* ---- opening and closing ---- */

/*
 * libjack does not say what it lacks: so look, after it has failed. Its
 * semaphores lie in memory that is mapped locked.
 */
static bool may_lock(void)
{
	long page_bytes = sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, (size_t)page_bytes, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (page == MAP_FAILED)
		return errno == ENOMEM;
	munmap(page, (size_t)page_bytes);
	return true;
}

static int open_client(struct leat_jack_client *self,
		       const struct leat_jack_client_setup *setup,
		       struct leat_error *error)
{
	const char *server = leat_jack_server_name(setup->server);
	/* JackUseExactName: scripts rely on the name. */
	jack_options_t options = JackNoStartServer | JackUseExactName |
				 JackServerName;
	jack_status_t status = 0;
	int res = leat_jack_check_room(server, error);

	if (res < 0)
		return res;
	jack_set_error_function(say_nothing);
	jack_set_info_function(say_nothing);
	self->client =
		jack_client_open(setup->client_name, options, &status, server);
	if (self->client)
		return 0;
	if (status & JackNameNotUnique)
		return leat_error_set(error, -EEXIST,
				      "the JACK server '%s' has a client "
				      "named %s already: stop that one or "
				      "choose another link name",
				      server, setup->client_name);
	if (!may_lock())
		return leat_error_set(error, -EPERM,
				      "cannot join the JACK server '%s', which "
				      "takes memory that is locked: allow some "
				      "(ulimit -l, LimitMEMLOCK= of a systemd "
				      "unit, or 'memlock' in "
				      "/etc/security/limits.d)",
				      server);
	return leat_error_set(error, -ENOENT,
			      "no JACK server '%s' is running for this user: "
			      "start one (jackd, qjackctl), or name it with "
			      "--server",
			      server);
}

/* jackd names the sockets of servers and of clients by one scheme. */
static int check_names(const struct leat_jack_client_setup *setup,
		       struct leat_error *error)
{
	if (strcmp(leat_jack_server_name(setup->server), setup->client_name) !=
	    0)
		return 0;
	return leat_error_set(error, -EINVAL,
			      "the JACK server is named %s like our client, "
			      "which JACK mixes up: choose another link name",
			      setup->client_name);
}

/* What jackd itself prints is none of ours: its functions are left alone. */
static void take_client(struct leat_jack_client *self,
			const struct leat_jack_client_setup *setup)
{
	self->client = setup->given;
	self->given = true;
	self->owner = setup->owner;
	self->asked = setup->asked;
	self->latency.own = &self->process;
}

static int register_ports(struct leat_jack_client *self,
			  const struct leat_jack_client_setup *setup,
			  struct leat_error *error)
{
	int turn = self->given ? -1 : leat_jack_metadata_begin();
	int res = leat_jack_ports_register(&self->process, setup, error);

	leat_jack_metadata_end(turn);
	return res;
}

int leat_jack_client_open(struct leat_jack_client *self,
			  const struct leat_jack_client_setup *setup,
			  struct leat_error *error)
{
	int res = 0;

	if (setup->given)
		take_client(self, setup);
	else
		res = check_names(setup, error);
	if (res == 0 && !setup->given)
		res = open_client(self, setup, error);
	if (res < 0)
		return res;
	__atomic_store_n(&self->lost, false, __ATOMIC_SEQ_CST);
	memcpy(self->latency.trim, setup->latency_trim,
	       sizeof(self->latency.trim));
	self->latency.waits = setup->sync_wait_percent > 0;
	leat_jack_process_init(&self->process, self->client, self->status,
			       setup->sync_wait_percent);
	self->process.load = self->load;
	self->process.poisoned = on_poisoned;
	self->guard.found = on_found;
	self->guard.user = self;
	self->process.guard = setup->rt_guard ? &self->guard : NULL;
	self->process.user = self;
	self->rate_hz = jack_get_sample_rate(self->client);
	__atomic_store_n(&self->period, jack_get_buffer_size(self->client),
			 __ATOMIC_RELAXED);
	if (!set_callbacks(self))
		res = refused(setup, error);
	if (res == 0)
		res = leat_rate_check("JACK server",
				      leat_jack_server_name(setup->server),
				      self->rate_hz, error);
	if (res == 0)
		res = register_ports(self, setup, error);
	if (res == 0 && jack_activate(self->client) != 0)
		res = refused(setup, error);
	if (res < 0)
		leat_jack_client_close(self);
	else if (self->given)
		leat_jack_asked_make(&self->asked, &self->process);
	return res;
}

/* Its ports are gone, and so is the link: what is left, libjack has to do. */
static volatile sig_atomic_t is_done;

static void on_stuck(int signal_number)
{
	static const char text[] = "leat-jack: the JACK server does not answer "
				   "any more; ending without it\n";

	(void)signal_number;
	if (is_done)
		_exit(EXIT_SUCCESS);
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}

/* A server that is slow, as many clients leave it at once, does answer. */
static void allow_time(void)
{
	alarm(CLOSE_TIMEOUT_S);
}

/*
 * The process thread may find that the server is gone while the other one still
 * hears its last words. libjack would cancel that one wherever it is, with locks
 * of its own held, and wait for those for ever.
 */
static void await_notice_thread(struct leat_jack_client *self)
{
	pid_t thread =
		__atomic_exchange_n(&self->notice_thread, 0, __ATOMIC_RELAXED);

	for (int i = 0; i < NOTICE_THREAD_MS && thread > 0; i++) {
		if (tgkill(getpid(), thread, 0) < 0)
			return;
		usleep(1000);
	}
}

/*
 * libjack waits for its server without limit, and a server that is stopped or
 * has given us up never answers. Then only the end of the process helps;
 * whoever supervises it starts it again. Where many clients leave at once,
 * libjack also hangs in its own locks now and then: in the last step of a
 * process that was asked to end, this is its end as asked.
 */
static void close_client(struct leat_jack_client *self)
{
	int turn;

	signal(SIGALRM, on_stuck);
	allow_time();
	if (!__atomic_load_n(&self->lost, __ATOMIC_SEQ_CST)) {
		jack_deactivate(self->client);
		turn = leat_jack_metadata_begin();
		leat_jack_ports_unregister(&self->process, allow_time);
		leat_jack_metadata_end(turn);
	} else {
		await_notice_thread(self);
	}
	is_done = self->ends;
	alarm(self->ends ? LAST_TIMEOUT_S : CLOSE_TIMEOUT_S);
	jack_client_close(self->client);
	alarm(0);
}

/*
 * It takes the ports with it when it closes it. The callback's argument is what
 * it would give to jack_finish(), also after jack_initialize() has failed.
 */
static void give_back(struct leat_jack_client *self)
{
	jack_deactivate(self->client);
	jack_set_process_callback(self->client, NULL, NULL);
}

void leat_jack_client_ended(struct leat_jack_client *self)
{
	leat_jack_process_stopped(&self->process);
}

void leat_jack_client_close(struct leat_jack_client *self)
{
	if (self->client && self->given)
		give_back(self);
	else if (self->client)
		close_client(self);
	self->client = NULL;
	leat_jack_process_stopped(&self->process);
	leat_jack_latency_lost(&self->latency);
}
