/* SPDX-License-Identifier: MIT */
/*
 * What a hostile peer hands over as its part: any descriptor, of any size, with
 * any seals and any content, which it goes on changing. It is attached if and
 * only if it is what was agreed on; else its descriptor is closed. What is
 * attached is used, and never left.
 */
#include "fuzz.h"

/* For where the parts are mapped. */
#include "link/frames.c"
#include "link/side.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define GOOD_SEALS                                                             \
	(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | 0x10 /* FUTURE_WRITE */)

enum what { CONSUMERS_PART, PRODUCERS_PART, STATUS_PART, N_WHATS };

/* The hostile peer's part, as the peer sees it. */
struct part {
	enum what what;
	struct leat_frames_format format;
	size_t right_bytes, size_bytes;
	uint8_t *bytes; /* mapped before it was sealed */
	int fd;
	bool right; /* nothing is wrong with it */
};

/* ---- making one ---- */

static void take_format(struct fuzz_input *input,
			struct leat_frames_format *format)
{
	unsigned bits = fuzz_u8(input);

	*format = (struct leat_frames_format){
		.n_channels = bits & 3,
		.capacity = 64u << (bits >> 2 & 3),
		.rate_hz = 48000,
		.ring_flags = bits >> 4 & 3,
		.direction = bits >> 6 & 1,
		.generation = 1,
		.first_index = UINT64_MAX - 50,
	};
}

/* What an honest peer would have written. */
static void write_honestly(struct part *part)
{
	struct leat_producer_part *words = (void *)part->bytes;
	struct leat_shm side;

	if (part->what != STATUS_PART) {
		leat_part_header_init(&words->header,
				      part->what == CONSUMERS_PART
					      ? LEAT_PART_CONSUMER
					      : LEAT_PART_PRODUCER,
				      &part->format);
		leat_ring_words_init(&words->words, part->format.first_index);
		return;
	}
	MUST(leat_side_create(&side) == 0);
	memcpy(part->bytes, side.addr, sizeof(struct leat_side_part));
	leat_shm_finish(&side);
}

/* An index that an end cannot begin with. */
static bool index_is_possible(const struct part *part)
{
	const struct leat_producer_part *words = (const void *)part->bytes;
	uint64_t index = leat_word_load(&words->words.index);
	uint64_t first = part->format.first_index;

	if (part->what == STATUS_PART ||
	    part->format.ring_flags & LEAT_RING_TIMED)
		return true;
	if (part->what == CONSUMERS_PART)
		return first - index <= part->format.capacity;
	return index - first <= part->format.capacity;
}

static void spoil(struct part *part, struct fuzz_input *input)
{
	struct leat_part_header before;
	unsigned n = fuzz_u8(input) % 8;

	memcpy(&before, part->bytes, sizeof(before));
	for (unsigned i = 0; i < n; i++) {
		size_t offset = fuzz_u16(input) % 640;

		part->bytes[offset] ^= fuzz_u8(input);
	}
	if (memcmp(&before, part->bytes, sizeof(before)) != 0 ||
	    !index_is_possible(part))
		part->right = false;
}

static void seal(struct part *part, struct fuzz_input *input)
{
	unsigned bits = fuzz_u8(input);
	/* Bits turned over: 0 is right. */
	int seals = GOOD_SEALS ^ (int)(bits & 0x1f);

	/* Sealed against writing altogether is as good, but not while mapped
	 * as a peer that writes on maps it. */
	if (seals & F_SEAL_WRITE)
		seals = (seals & ~F_SEAL_WRITE) | 0x10;
	MUST(fcntl(part->fd, F_ADD_SEALS, seals) == 0);
	if ((seals & GOOD_SEALS) != GOOD_SEALS)
		part->right = false;
}

/* Bytes too many or too few, some of them whole pages. */
static size_t wrong_size(size_t right_bytes, struct fuzz_input *input)
{
	int delta = (int8_t)fuzz_u8(input);
	int64_t size = (int64_t)right_bytes;

	size += delta % 4 == 0 ? delta / 4 * 4096 : delta;
	return size < 0 ? 0 : (size_t)size;
}

static void make(struct part *part, struct fuzz_input *input)
{
	size_t mapped_bytes;

	part->size_bytes = wrong_size(part->right_bytes, input);
	part->right = part->size_bytes == part->right_bytes;
	mapped_bytes = part->size_bytes > 4096 ? part->size_bytes : 4096;
	part->fd = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	MUST(part->fd >= 0);
	/* Written while it is large enough to be, and then cut. */
	MUST(ftruncate(part->fd, (off_t)mapped_bytes) == 0);
	part->bytes = mmap(NULL, mapped_bytes, PROT_READ | PROT_WRITE,
			   MAP_SHARED, part->fd, 0);
	MUST(part->bytes != MAP_FAILED);
	write_honestly(part);
	spoil(part, input);
	MUST(ftruncate(part->fd, (off_t)part->size_bytes) == 0);
	seal(part, input);
	part->size_bytes = mapped_bytes;
}

/* The same file opened again, in another way. */
static int reopen(const struct part *part, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", part->fd);
	return open(path, flags | O_CLOEXEC);
}

/* What is handed over, and whether it can be right at all. */
static int hand_over(struct part *part, struct fuzz_input *input)
{
	unsigned kind = fuzz_u8(input) % 16;
	int fds[2];

	if (kind >= 8)
		return dup(part->fd);
	if (kind == 0)
		return reopen(part, O_RDONLY);
	part->right = false;
	switch (kind) {
	case 1:
		return reopen(part, O_WRONLY);
	case 2:
		return reopen(part, O_PATH);
	case 3:
		return eventfd(0, EFD_CLOEXEC);
	case 4:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	case 5:
		MUST(pipe2(fds, O_CLOEXEC) == 0);
		close(fds[1]);
		return fds[0];
	case 6:
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	default:
		return -1;
	}
}

/* ---- using what was attached ---- */

/* A span of each plane lies in that plane. */
static void look_at_planes(const struct leat_shm *shm, const float *base,
			   size_t stride, uint32_t n_channels,
			   uint32_t n_frames,
			   const struct leat_frames_format *format)
{
	size_t n = leat_part_stride_bytes(format) / sizeof(float);
	const float *first = (const float *)((const uint8_t *)shm->addr + 4096);
	const float *end =
		(const float *)((const uint8_t *)shm->addr + shm->size_bytes);
	size_t offset = (size_t)(base - first);

	MUST(base >= first && n_channels == format->n_channels && stride == n);
	MUST(offset + n_frames <= format->capacity);
	MUST(n_channels == 0 ||
	     base + (n_channels - 1) * stride + n_frames <= end);
}

static void fill_room(void *user, const struct leat_frames_room *room)
{
	const struct leat_frames_producer *producer = user;

	look_at_planes(&producer->shm, room->base, room->stride,
		       room->n_channels, room->n_frames, &producer->format);
	for (uint32_t c = 0; c < room->n_channels; c++)
		memset(leat_frames_room_plane(room, c), 1,
		       room->n_frames * sizeof(float));
}

static void read_view(void *user, const struct leat_frames_view *view)
{
	const struct leat_frames_consumer *consumer = user;
	float sum = 0;

	look_at_planes(&consumer->peer_shm, view->base, view->stride,
		       view->n_channels, view->n_frames, &consumer->format);
	for (uint32_t c = 0; c < view->n_channels; c++)
		for (uint32_t i = 0; i < view->n_frames; i++)
			sum += leat_frames_view_plane(view, c)[i];
	MUST(sum >= 0 || sum < 0 || sum != sum);
}

/* The peer writes a word of its part. */
static void poke(struct part *part, struct fuzz_input *input)
{
	struct leat_producer_part *words = (void *)part->bytes;
	struct leat_word *const targets[] = {
		&words->words.index,
		&words->words.wake_at,
		&words->stamp.sequence,
		&words->activity,
	};
	struct leat_word *target = targets[fuzz_u8(input) % 4];
	uint64_t value =
		leat_word_load(target) + (uint64_t)(int16_t)fuzz_u16(input);

	if (fuzz_u8(input) % 4 == 0)
		value = fuzz_u64(input);
	leat_word_store(target, value);
}

static void produce(struct leat_frames_producer *producer,
		    struct fuzz_input *input)
{
	uint64_t index =
		leat_producer_index(leat_frames_producer_ring(producer));
	struct leat_stamp stamp = { index, 1, 2 };
	unsigned what = fuzz_u8(input) % 4;
	uint32_t n = fuzz_u16(input);

	switch (what) {
	case 0:
		MUST(leat_frames_send(producer, n, fill_room, producer) <= n);
		break;
	case 1:
		index += (uint64_t)(int8_t)fuzz_u8(input);
		MUST(leat_frames_send_at(producer, index, n, fill_room,
					 producer) <= n);
		break;
	case 2:
		leat_frames_set_stamp(producer, &stamp);
		break;
	default:
		leat_frames_set_activity(producer, n % LEAT_N_ACTIVITIES);
	}
}

static void consume(struct leat_frames_consumer *consumer,
		    struct fuzz_input *input)
{
	uint64_t index =
		leat_consumer_index(leat_frames_consumer_ring(consumer));
	unsigned what = fuzz_u8(input) % 4;
	uint32_t n = fuzz_u16(input);
	struct leat_stamp stamp;

	switch (what) {
	case 0:
		MUST(leat_frames_recv(consumer, n, read_view, consumer) <= n);
		break;
	case 1:
		index += (uint64_t)(int8_t)fuzz_u8(input);
		MUST(leat_frames_recv_at(consumer, index, n, read_view,
					 consumer) <= n);
		break;
	case 2:
		(void)leat_frames_get_stamp(consumer, &stamp);
		break;
	default:
		(void)leat_frames_prepare_wait(consumer, n);
	}
}

/* ---- attaching ---- */

static void must_be(const struct part *part, int fd, int res)
{
	MUST((res == 0) == part->right);
	MUST(res == 0 || fd < 0 || fcntl(fd, F_GETFD) < 0);
}

static void attach_to_producer(struct part *part, struct fuzz_input *input)
{
	struct leat_frames_producer *producer;
	int fd, res;

	MUST(leat_frames_producer_create(&producer, &part->format) == 0);
	fd = hand_over(part, input);
	res = leat_frames_producer_connect(producer, fd, -1);
	must_be(part, fd, res);
	while (res == 0 && input->left > 0) {
		poke(part, input);
		produce(producer, input);
	}
	leat_frames_producer_destroy(producer);
}

static void attach_to_consumer(struct part *part, struct fuzz_input *input)
{
	struct leat_frames_consumer *consumer;
	int fd, res;

	MUST(leat_frames_consumer_create(&consumer, &part->format) == 0);
	fd = hand_over(part, input);
	res = leat_frames_consumer_connect(consumer, fd, -1);
	must_be(part, fd, res);
	while (res == 0 && input->left > 0) {
		poke(part, input);
		consume(consumer, input);
	}
	leat_frames_consumer_destroy(consumer);
}

static void attach_status(struct part *part, struct fuzz_input *input)
{
	struct leat_link_status status;
	struct leat_shm shm;
	int fd = hand_over(part, input), res = leat_side_attach(&shm, fd);

	must_be(part, fd, res);
	if (res < 0)
		return;
	leat_status_read(&status, leat_side(&shm), leat_side(&shm));
	MUST(memchr(status.jack.server, 0, sizeof(status.jack.server)));
	leat_shm_finish(&shm);
}

void fuzz_begin(void)
{
}

/* What part it is, what is wrong with it, and what is done with it. */
void fuzz_one(struct fuzz_input *input)
{
	struct part part = { .what = fuzz_u8(input) % N_WHATS };
	int lowest_free = dup(STDERR_FILENO);

	close(lowest_free);
	take_format(input, &part.format);
	part.right_bytes = 4096;
	if (part.what == PRODUCERS_PART)
		part.right_bytes =
			leat_part_total_bytes(LEAT_PART_PRODUCER, &part.format);
	make(&part, input);
	if (part.what == CONSUMERS_PART)
		attach_to_producer(&part, input);
	else if (part.what == PRODUCERS_PART)
		attach_to_consumer(&part, input);
	else
		attach_status(&part, input);
	munmap(part.bytes, part.size_bytes);
	close(part.fd);
	MUST(dup(STDERR_FILENO) == lowest_free);
	close(lowest_free);
}

/* ---- seeds ---- */

static void put_part(struct fuzz_seed *seed, unsigned what, unsigned format,
		     int delta)
{
	fuzz_put_u8(seed, what);
	fuzz_put_u8(seed, format);
	fuzz_put_u8(seed, (unsigned)delta);
}

static void put_uses(struct fuzz_seed *seed)
{
	for (unsigned i = 0; i < 8; i++) {
		fuzz_put_u8(seed, 0); /* the index, */
		fuzz_put_u16(seed, i % 2 ? 30 : 0);
		fuzz_put_u8(seed, 1); /* a little further */
		fuzz_put_u8(seed, i);
		fuzz_put_u16(seed, 40);
		if (i % 4 == 1)
			fuzz_put_u8(seed, 0);
	}
}

void fuzz_seeds(void)
{
	struct fuzz_seed seed = { .n_bytes = 0 };
	char name[16];

	for (unsigned what = 0; what < N_WHATS; what++)
		for (unsigned flags = 0; flags < 4; flags++) {
			put_part(&seed, what, 2 | flags << 4, 0);
			fuzz_put_u8(&seed, 0); /* nothing is spoilt */
			fuzz_put_u8(&seed, 0); /* every seal is there */
			fuzz_put_u8(&seed, 15);
			put_uses(&seed);
			snprintf(name, sizeof(name), "part-%u%u", what, flags);
			fuzz_write_seed(&seed, name);
		}
	put_part(&seed, PRODUCERS_PART, 2, -4);
	fuzz_put_u8(&seed, 0);
	fuzz_put_u8(&seed, 0);
	fuzz_put_u8(&seed, 15);
	fuzz_write_seed(&seed, "one-page-less");
}
