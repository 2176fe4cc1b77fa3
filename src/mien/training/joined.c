// A residual block's end: what the branch adds, scaled channel by channel, its shortcut, and the LeakyReLU after both.
// Arrays are (n, places, c); gates and means are (n, c).
#include "lanes.h"

// means (n, c): of all places of each face.
int channel_means(const float *x, long n, long places, long c, float *means) {
#pragma omp parallel for schedule(static)
    for (long face = 0; face < n; face++)
        for (long i = 0; i < c; i += LANES) {
            v8 sum = {0};
            for (long place = 0; place < places; place++) sum += load(x + (face * places + place) * c + i);
            store(means + face * c + i, sum / (float)places);
        }
    return 0;
}

// out = shortcut + branch * gate, bent by `slope`.
int joined(const float *branch, const float *shortcut, const float *gates, float *out, long n, long places, long c,
           float slope) {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < n * places; row++)
        for (long i = 0; i < c; i += LANES) {
            v8 sum = load(shortcut + row * c + i) + load(branch + row * c + i) * load(gates + row / places * c + i);
            store(out + row * c + i, bent(sum, sum, slope));
        }
    return 0;
}

// of_gates (n, c), from the gradient g of out; out has the sign of what was bent.
int joined_gates(const float *g, const float *out, const float *branch, float *of_gates, long n, long places, long c,
                 float slope) {
#pragma omp parallel for schedule(static)
    for (long face = 0; face < n; face++)
        for (long i = 0; i < c; i += LANES) {
            v8 sum = {0};
            for (long row = face * places; row < (face + 1) * places; row++)
                sum += bent(load(out + row * c + i), load(g + row * c + i), slope) * load(branch + row * c + i);
            store(of_gates + face * c + i, sum);
        }
    return 0;
}

// of_branch and of_shortcut, given besides what each place adds to the gradient of its channel's mean: level (n, c).
int joined_gradient(const float *g, const float *out, const float *gates, const float *level, float *of_branch,
                    float *of_shortcut, long n, long places, long c, float slope) {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < n * places; row++)
        for (long i = 0; i < c; i += LANES) {
            v8 d = bent(load(out + row * c + i), load(g + row * c + i), slope);
            long mine = row / places * c + i;
            store(of_shortcut + row * c + i, d);
            store(of_branch + row * c + i, d * load(gates + mine) + load(level + mine));
        }
    return 0;
}
