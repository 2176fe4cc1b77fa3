// Eight floats at once. Arrays are channels last, float32, their channels a multiple of eight.
#ifndef LANES
#define LANES 8
#define ALWAYS static inline __attribute__((always_inline))

typedef float v8 __attribute__((vector_size(32)));
typedef float unaligned __attribute__((vector_size(32), aligned(4)));
typedef int mask8 __attribute__((vector_size(32)));

ALWAYS v8 load(const float *from) { return *(const unaligned *)from; }
ALWAYS void store(float *to, v8 value) { *(unaligned *)to = value; }
ALWAYS v8 where(mask8 yes, v8 a, v8 b) { return (v8)((yes & (mask8)a) | (~yes & (mask8)b)); }
// LeakyReLU of `by`, or its gradient `value`: a slope of 1 is no activation, of 0 is ReLU.
ALWAYS v8 bent(v8 by, v8 value, float slope) { return where(by > (v8){0}, value, value * slope); }
ALWAYS long least(long a, long b) { return a < b ? a : b; }

#endif
