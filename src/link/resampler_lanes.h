/* SPDX-License-Identifier: MIT */
/*
 * The inner loops for one width of vector: included once for each, with
 *
 *   KERNEL(name)  the names of its functions
 *   VECTOR        the vector type
 *   TARGET        the processor's attribute, or nothing
 *
 * Two sums at a time hide the latency of the products.
 */
#define LANES (sizeof(VECTOR) / sizeof(float))

TARGET static inline VECTOR KERNEL(load)(const float *at) LEAT_RT
{
	return *(const VECTOR *)at;
}

TARGET static inline float KERNEL(sum)(VECTOR v) LEAT_RT
{
	float sum = 0;

	for (size_t i = 0; i < LANES; i++)
		sum += v[i];
	return sum;
}

/* The cubic between four phases, for as many taps as a vector has lanes. */
TARGET static inline VECTOR
KERNEL(interpolate)(const struct leat_kernel_frame *frame, size_t tap) LEAT_RT
{
	const float *row = frame->row + tap;
	const float *weight = frame->weight;
	size_t stride = frame->row_stride;

	return KERNEL(load)(row) * weight[0] +
	       KERNEL(load)(row + stride) * weight[1] +
	       KERNEL(load)(row + 2 * stride) * weight[2] +
	       KERNEL(load)(row + 3 * stride) * weight[3];
}

/* Make the coefficients, and their products with two channels. */
TARGET static inline void KERNEL(first)(const struct leat_kernel_frame *frame,
					const float *left, const float *right,
					float sums[2]) LEAT_RT
{
	VECTOR sum[4] = { { 0 } };

	for (size_t i = 0; i < frame->n_taps; i += 2 * LANES)
		for (size_t k = 0; k < 2; k++) {
			size_t tap = i + k * LANES;
			VECTOR c = KERNEL(interpolate)(frame, tap);

			*(VECTOR *)(frame->coefficients + tap) = c;
			sum[k] += c * KERNEL(load)(left + tap);
			sum[2 + k] += c * KERNEL(load)(right + tap);
		}
	sums[0] = KERNEL(sum)(sum[0] + sum[1]);
	sums[1] = KERNEL(sum)(sum[2] + sum[3]);
}

TARGET static inline float KERNEL(dot)(const float *a, const float *b, size_t n)
	LEAT_RT
{
	VECTOR sum[2] = { { 0 } };

	for (size_t i = 0; i < n; i += 2 * LANES)
		for (size_t k = 0; k < 2; k++)
			sum[k] += KERNEL(load)(a + i + k * LANES) *
				  KERNEL(load)(b + i + k * LANES);
	return KERNEL(sum)(sum[0] + sum[1]);
}

TARGET static void KERNEL(frame)(const struct leat_kernel_frame *frame,
				 float *const *planes, size_t at) LEAT_RT
{
	const float *input = frame->input;
	size_t stride = frame->n_channels > 1 ? frame->input_stride : 0;
	float sums[2];

	if (frame->n_channels == 0)
		return;
	KERNEL(first)(frame, input, input + stride, sums);
	planes[0][at] = sums[0];
	if (frame->n_channels > 1)
		planes[1][at] = sums[1];
	for (uint32_t c = 2; c < frame->n_channels; c++)
		planes[c][at] = KERNEL(dot)(frame->coefficients,
					    input + c * stride, frame->n_taps);
}

#undef LANES
#undef KERNEL
#undef VECTOR
#undef TARGET
