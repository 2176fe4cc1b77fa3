// BatchNorm with the LeakyReLU before it and the one after it, each array read as few times as can be.
// Arrays are (rows, c).
#include "lanes.h"
#include <stdlib.h>

#define ROWS 512           // summed in float32, then in double: the same sums for any number of threads

static long parts(long rows) { return (rows + ROWS - 1) / ROWS; }

// Eight channels of row `row`, bent.
ALWAYS v8 bent_row(const float *x, long row, long c, float slope) {
    v8 u = load(x + row * c);
    return bent(u, u, slope);
}

// Mean and sum of squared deviations (2, c) of one part of the rows: two passes, the second over what is still near.
static void part_moments(const float *x, long first, long last, long c, float before, float *found) {
    for (long i = 0; i < c; i += LANES) {
        v8 sum = {0}, squares = {0};
        for (long row = first; row < last; row++) sum += bent_row(x + i, row, c, before);
        v8 mean = sum / (float)(last - first);
        for (long row = first; row < last; row++) {
            v8 apart = bent_row(x + i, row, c, before) - mean;
            squares += apart * apart;
        }
        store(found + i, mean), store(found + c + i, squares);
    }
}

// found (2, c): mean and variance of all rows of u, which is x bent by `before`; parts are joined as by Chan et al. 1979.
int moments(const float *x, long rows, long c, float before, double *found) {
    long count = parts(rows);
    float *part = malloc(sizeof(float) * count * 2 * c);
    if (!part) return 1;
#pragma omp parallel for schedule(static)
    for (long p = 0; p < count; p++)
        part_moments(x, p * ROWS, least(rows, (p + 1) * ROWS), c, before, part + p * 2 * c);
    for (long i = 0; i < 2 * c; i++) found[i] = 0;
    for (long p = 0; p < count; p++) {
        double seen = (double)p * ROWS, more = least(rows - p * ROWS, ROWS);
        for (long i = 0; i < c; i++) {
            double apart = part[p * 2 * c + i] - found[i];
            found[i] += apart * more / (seen + more);
            found[c + i] += part[(p * 2 + 1) * c + i] + apart * apart * seen * more / (seen + more);
        }
    }
    for (long i = 0; i < c; i++) found[c + i] /= rows;
    free(part);
    return 0;
}

// y = (x bent by `before`) * scale + offset, bent by `after`.
int scaled(const float *x, float *y, long rows, long c, const float *scale, const float *offset, float before,
            float after) {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; row++)
        for (long i = 0; i < c; i += LANES) {
            v8 u = load(x + row * c + i);
            u = bent(u, u, before) * load(scale + i) + load(offset + i);
            store(y + row * c + i, bent(u, u, after));
        }
    return 0;
}

// sums (2, c): of the gradient d before the last bend, and of d * (u - mean).
int gradient_moments(const float *x, const float *g, long rows, long c, const float *scale, const float *offset,
                     const float *mean, float before, float after, double *sums) {
    long count = parts(rows);
    float *part = malloc(sizeof(float) * count * 2 * c);
    if (!part) return 1;
#pragma omp parallel for schedule(static)
    for (long p = 0; p < count; p++)
        for (long i = 0; i < c; i += LANES) {
            v8 a = load(scale + i), b = load(offset + i), middle = load(mean + i), one = {0}, two = {0};
            for (long row = p * ROWS; row < least(rows, (p + 1) * ROWS); row++) {
                v8 u = load(x + row * c + i), d = load(g + row * c + i);
                u = bent(u, u, before);
                d = bent(u * a + b, d, after);
                one += d, two += d * (u - middle);
            }
            store(part + p * 2 * c + i, one), store(part + (p * 2 + 1) * c + i, two);
        }
    for (long i = 0; i < 2 * c; i++) sums[i] = 0;
    for (long p = 0; p < count; p++)
        for (long i = 0; i < 2 * c; i++) sums[i] += part[p * 2 * c + i];
    free(part);
    return 0;
}

// out = scale * d + slope * u + level, where x was not negative; times `before` where it was.
int normalised_gradient(const float *x, const float *g, float *out, long rows, long c, const float *scale, const float *offset,
              const float *slope, const float *level, float before, float after) {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; row++)
        for (long i = 0; i < c; i += LANES) {
            v8 raw = load(x + row * c + i), d = load(g + row * c + i), u = bent(raw, raw, before), a = load(scale + i);
            d = a * bent(u * a + load(offset + i), d, after) + load(slope + i) * u + load(level + i);
            store(out + row * c + i, bent(raw, d, before));
        }
    return 0;
}
