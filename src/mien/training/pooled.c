// Means of 2x2 pixels, (n, h, w, c) -> (n, h / 2, w / 2, c): a last odd row or column is left out.
#include "lanes.h"

int pooled(const float *x, float *y, long n, long h, long w, long c) {
    long down = h / 2, across = w / 2;
#pragma omp parallel for schedule(static)
    for (long row = 0; row < n * down; row++)
        for (long column = 0; column < across; column++) {
            const float *from = x + (((row / down) * h + row % down * 2) * w + column * 2) * c, *below = from + w * c;
            float *to = y + (row * across + column) * c;
            for (long i = 0; i < c; i += LANES)
                store(to + i, 0.25f * ((load(from + i) + load(from + c + i)) + (load(below + i) + load(below + c + i))));
        }
    return 0;
}

// The gradient of x from that of y, g: each of the four pixels has a quarter, those left out have nothing.
int pooled_gradient(const float *g, float *out, long n, long h, long w, long c) {
    long down = h / 2, across = w / 2;
#pragma omp parallel for schedule(static)
    for (long row = 0; row < n * h; row++) {
        long face = row / h, y = row % h / 2;
        for (long column = 0; column < w; column++) {
            const float *from = g + ((face * down + y) * across + column / 2) * c;
            float *to = out + (row * w + column) * c;
            float share = y < down && column / 2 < across ? 0.25f : 0;
            for (long i = 0; i < c; i += LANES) store(to + i, share ? share * load(from + i) : (v8){0});
        }
    }
    return 0;
}
