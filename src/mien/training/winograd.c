// Convolutions of 3x3 and 4x4 by Winograd's minimal filtering (Lavin & Gray 2016, arXiv 1509.09308) on tiles of 8x8:
// F(6x6, 3x3) multiplies 64 times where the direct sum multiplies 324 times, F(5x5, 4x4) 64 times for 400.
// Arrays are channels last, float32. The points are 0, 1, -1, 2, -2, 1/2, -1/2 and infinity.
//
// m is the side of what a tile gives (6 or 5), r = 9 - m the side of the filter; p counts the 64 products of a tile.
#include "lanes.h"
#include <stdlib.h>
#include <string.h>

#define SPLAT(a) ((v8){a, a, a, a, a, a, a, a})
#define PANEL 16           // output channels of one inner product of matrices
#define POINTS 64
#define SKEW 16            // floats between matrices: their rows would fall into the same cache lines otherwise
#define EACH(i, count) _Pragma("GCC unroll 8") for (int i = 0; i < (count); i++)

typedef struct {
    long n, h, w, c;       // what is read
    long oh, ow, k;        // what is written
    long top, left;        // padding
    long m;                // side of a tile's result
} Shape;

static int tiles_down(const Shape *s) { return (s->oh + s->m - 1) / s->m; }
static int tiles_across(const Shape *s) { return (s->ow + s->m - 1) / s->m; }

// ---- eight values of a line, step floats apart in v8 units ----

ALWAYS void to_points(v8 *d, int step) {                       // B^T d
    v8 d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    v8 d4 = d[4 * step], d5 = d[5 * step], d6 = d[6 * step], d7 = d[7 * step];
    v8 a = d2 + d6 - 4.25f * d4, b = d1 + d5 - 4.25f * d3;
    v8 e = 0.25f * d2 + d6 - 1.25f * d4, f = 0.5f * d1 - 2.5f * d3 + 2.0f * d5;
    v8 g = 4.0f * d2 + d6 - 5.0f * d4, h = 2.0f * d1 - 2.5f * d3 + 0.5f * d5;
    d[0] = d0 - d6 + 5.25f * (d4 - d2);
    d[step] = a + b, d[2 * step] = a - b;
    d[3 * step] = e + f, d[4 * step] = e - f;
    d[5 * step] = g + h, d[6 * step] = g - h;
    d[7 * step] = d7 - d1 + 5.25f * (d3 - d5);
}

ALWAYS void from_points(v8 *p, int step, int m) {               // A^T p
    v8 a = p[step] + p[2 * step], b = p[step] - p[2 * step];
    v8 c = p[3 * step] + p[4 * step], d = p[3 * step] - p[4 * step];
    v8 e = p[5 * step] + p[6 * step], f = p[5 * step] - p[6 * step], last = p[7 * step];
    p[0] = p[0] + a + c + e;
    p[step] = b + 2.0f * d + 0.5f * f;
    p[2 * step] = a + 4.0f * c + 0.25f * e;
    p[3 * step] = b + 8.0f * d + 0.125f * f;
    p[4 * step] = a + 16.0f * c + 0.0625f * e;
    if (m == 6) p[5 * step] = b + 32.0f * d + 0.03125f * f + last;
    else p[4 * step] += last;
}

ALWAYS void gradient_to_points(v8 *g, int step, int m) {        // A g
    v8 zero = {0}, g5 = m == 6 ? g[5 * step] : zero;
    v8 g0 = g[0], g1 = g[step], g2 = g[2 * step], g3 = g[3 * step], g4 = g[4 * step];
    v8 a = g0 + g2 + g4, b = g1 + g3 + g5;
    v8 c = g0 + 4.0f * g2 + 16.0f * g4, d = 2.0f * g1 + 8.0f * g3 + 32.0f * g5;
    v8 e = g0 + 0.25f * g2 + 0.0625f * g4, f = 0.5f * g1 + 0.125f * g3 + 0.03125f * g5;
    g[step] = a + b, g[2 * step] = a - b;
    g[3 * step] = c + d, g[4 * step] = c - d;
    g[5 * step] = e + f, g[6 * step] = e - f;
    g[7 * step] = m == 6 ? g5 : g4;
}

ALWAYS void filter_to_points(const v8 *w, int from, v8 *u, int step, int r) {   // G w
    v8 zero = {0}, w0 = w[0], w1 = w[from], w2 = w[2 * from], w3 = r == 4 ? w[3 * from] : zero;
    v8 a = (-2.0f / 9) * (w0 + w2), b = (-2.0f / 9) * (w1 + w3);
    v8 c = (1.0f / 90) * (w0 + 4.0f * w2), d = (1.0f / 45) * (w1 + 4.0f * w3);
    v8 e = (32.0f / 45) * (w0 + 0.25f * w2), f = (16.0f / 45) * (w1 + 0.25f * w3);
    u[0] = w0;
    u[step] = a + b, u[2 * step] = a - b;
    u[3 * step] = c + d, u[4 * step] = c - d;
    u[5 * step] = e + f, u[6 * step] = e - f;
    u[7 * step] = r == 4 ? w3 : w2;
}

ALWAYS void filter_from_points(v8 *u, int step, int r) {        // G^T u
    v8 a = u[step] + u[2 * step], b = u[step] - u[2 * step];
    v8 c = u[3 * step] + u[4 * step], d = u[3 * step] - u[4 * step];
    v8 e = u[5 * step] + u[6 * step], f = u[5 * step] - u[6 * step], last = u[7 * step];
    u[0] = u[0] - (2.0f / 9) * a + (1.0f / 90) * c + (32.0f / 45) * e;
    u[step] = (-2.0f / 9) * b + (1.0f / 45) * d + (16.0f / 45) * f;
    u[2 * step] = (-2.0f / 9) * a + (2.0f / 45) * c + (8.0f / 45) * e;
    if (r == 4) u[3 * step] = (-2.0f / 9) * b + (4.0f / 45) * d + (4.0f / 45) * f + last;
    else u[2 * step] += last;
}

// ---- matrices ----

// rows x 16 of  out = (add ? out : 0) + a b;  a: element (i, t) at i * a_row + t * a_step;  b: (t, 16) at t * b_step
#define INNER(ROWS)                                                                                                  \
    ALWAYS void inner_##ROWS(const float *a, long a_row, long a_step, const float *b, long b_step, float *out,       \
                             long out_row, int depth, int add) {                                                     \
        v8 sum[ROWS][2];                                                                                             \
        _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++)                                                       \
            for (int j = 0; j < 2; j++) sum[i][j] = add ? load(out + i * out_row + j * LANES) : (v8){0};             \
        for (int t = 0; t < depth; t++, a += a_step, b += b_step) {                                                  \
            v8 b0 = load(b), b1 = load(b + LANES);                                                                   \
            _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++) {                                                 \
                v8 x = SPLAT(a[i * a_row]);                                                                            \
                sum[i][0] += x * b0, sum[i][1] += x * b1;                                                            \
            }                                                                                                        \
        }                                                                                                            \
        _Pragma("GCC unroll 8") for (int i = 0; i < ROWS; i++)                                                       \
            for (int j = 0; j < 2; j++) store(out + i * out_row + j * LANES, sum[i][j]);                             \
    }
INNER(1) INNER(2) INNER(3) INNER(4) INNER(5) INNER(6)

ALWAYS void product(const float *a, long a_row, long a_step, const float *b, long b_step, float *out, long out_row,
                    int rows, int depth, int add) {
    while (rows > 0) {
        int take = rows % 6 == 0 ? 6 : rows % 6 == 2 && rows > 6 ? 4 : rows % 6;
        switch (take) {
            case 6: inner_6(a, a_row, a_step, b, b_step, out, out_row, depth, add); break;
            case 5: inner_5(a, a_row, a_step, b, b_step, out, out_row, depth, add); break;
            case 4: inner_4(a, a_row, a_step, b, b_step, out, out_row, depth, add); break;
            case 3: inner_3(a, a_row, a_step, b, b_step, out, out_row, depth, add); break;
            case 2: inner_2(a, a_row, a_step, b, b_step, out, out_row, depth, add); break;
            default: inner_1(a, a_row, a_step, b, b_step, out, out_row, depth, add);
        }
        rows -= take, a += take * a_row, out += take * out_row;
    }
}

static __attribute__((noinline)) void times_filters(const float *a, int c, const float *u, float *out, int k, int rows) {
    for (int panel = 0; panel < k / PANEL; panel++)
        product(a, c, 1, u + (long)panel * c * PANEL, PANEL, out + panel * PANEL, k, rows, c, 0);
}

static __attribute__((noinline)) void add_outer(const float *v, int c, const float *z, int k, float *out, int tiles) {
    for (int panel = 0; panel < k / PANEL; panel++)
        product(v, 1, c, z + (long)panel * tiles * PANEL, PANEL, out + panel * PANEL, k, c, tiles, 1);
}

// ---- tiles ----

// Where a tile's columns and rows lie in an array (h, w, c), for any eight channels; beyond its border they are zero.
typedef struct {
    const float *start;
    long row, columns[8];  // floats from one row to the next; from the start to each column
    mask8 kept[8];         // of each column
    int top, bottom;       // rows outside of these are zero
} Window;

ALWAYS Window window(const float *x, long h, long w, long c, long y, long left, int side) {
    Window seen = {x + y * w * c, w * c, {0}, {{0}}, y < 0 ? -y : 0, least(side, h - y)};
    for (int j = 0; j < side; j++) {
        long column = left + j, inside = column >= 0 && column < w;
        seen.columns[j] = inside ? column * c : 0;
        seen.kept[j] = (mask8){0} - (int)inside;
    }
    return seen;
}

// Eight channels of row i.
ALWAYS void take(v8 *line, const Window *seen, int i, int channel, int side) {
    int outside = i < seen->top || i >= seen->bottom;
    const float *from = seen->start + i * seen->row + channel;
    EACH(j, side) line[j] = outside ? (v8){0} : (v8)((mask8)load(from + seen->columns[j]) & seen->kept[j]);
}

typedef struct { int image, y, x; } Place;

ALWAYS Place place(const Shape *s, long tile) {
    int across = tiles_across(s), down = tiles_down(s);
    return (Place){tile / (across * down), tile / across % down * s->m, tile % across * s->m};
}

// Tile number `tile` of x at 64 points, all channels: point p of channel c at v[p * stride + c].
static void input_points(const Shape *s, const float *x, long tile, float *v, long stride) {
    Place at = place(s, tile), next = place(s, tile + 1);
    const float *image = x + at.image * s->h * s->w * s->c;
    Window seen = window(image, s->h, s->w, s->c, at.y - s->top, at.x - s->left, 8);
    const float *ahead = x + ((next.image * s->h + next.y - s->top) * s->w + next.x - s->left) * s->c;
    for (int c = 0; c < s->c; c += LANES) {
        v8 d[POINTS];
        for (int i = 0; i < 8; i++) {
            v8 line[8];
            take(line, &seen, i, c, 8);
            EACH(t, 4) __builtin_prefetch(ahead + i * seen.row + 8 * c + 16 * t);
            to_points(line, 1);
            EACH(j, 8) d[i * 8 + j] = line[j];
        }
        for (int j = 0; j < 8; j++) {
            v8 line[8];
            EACH(i, 8) line[i] = d[i * 8 + j];
            to_points(line, 1);
            EACH(i, 8) store(v + (i * 8 + j) * stride + c, line[i]);
        }
    }
}

// The gradient of a tile's result at 64 points; channel k at panel (k / 16) of `panel` floats, lane k % 16.
ALWAYS void gradient_points(const Shape *s, const float *g, long tile, float *z, long stride, long panel, int m) {
    Place at = place(s, tile);
    const float *image = g + at.image * s->oh * s->ow * s->k;
    Window seen = window(image, s->oh, s->ow, s->k, at.y, at.x, m);
    for (int k = 0; k < s->k; k += LANES) {
        v8 d[POINTS];
        float *to = z + k / PANEL * panel + k % PANEL;
        for (int i = 0; i < m; i++) {
            v8 line[8];
            take(line, &seen, i, k, m);
            gradient_to_points(line, 1, m);
            EACH(j, 8) d[i * 8 + j] = line[j];
        }
        for (int j = 0; j < 8; j++) {
            v8 line[8];
            EACH(i, m) line[i] = d[i * 8 + j];
            gradient_to_points(line, 1, m);
            EACH(i, 8) store(to + (i * 8 + j) * stride, line[i]);
        }
    }
}

ALWAYS void write_tile(const Shape *s, float *y, long tile, const float *products, long stride, int m) {
    Place at = place(s, tile);
    int down = least(m, s->oh - at.y), across = least(m, s->ow - at.x);
    float *image = y + ((long)(at.image * s->oh + at.y) * s->ow + at.x) * s->k;
    for (int k = 0; k < s->k; k += LANES) {
        v8 d[POINTS];
        for (int j = 0; j < 8; j++) {
            v8 line[8];
            EACH(i, 8) line[i] = load(products + (i * 8 + j) * stride + k);
            EACH(i, 8) __builtin_prefetch(products + (i * 8 + j) * stride + k + PANEL);
            from_points(line, 1, m);
            EACH(i, m) d[i * 8 + j] = line[i];
        }
        for (int i = 0; i < down; i++) {
            v8 line[8];
            EACH(j, 8) line[j] = d[i * 8 + j];
            from_points(line, 1, m);
            EACH(j, m) if (j < across) {
                store(image + ((long)i * s->ow + j) * s->k + k, line[j]);
                __builtin_prefetch(image + ((long)i * s->ow + j) * s->k + k + PANEL, 1);
            }
        }
    }
}

static float *room(long floats) { return aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64); }
static long filter_stride(long c, long k) { return c * k + SKEW; }

// ---- what is called from outside: 0, or 1 where memory is short ----

// Filters (r, r, c, k) at 64 points: u[p * filter_stride + panel * c * 16 + c * 16 + lane].
int filters(const float *w, float *u, long c, long k, long r) {
    long stride = filter_stride(c, k);
#pragma omp parallel for schedule(static)
    for (int panel = 0; panel < k / PANEL; panel++)
        for (int i = 0; i < c; i++)
            for (int half = 0; half < PANEL; half += LANES) {
                v8 each[16], lines[32], points[POINTS];
                for (int t = 0; t < r * r; t++) each[t] = load(w + ((long)t * c + i) * k + panel * PANEL + half);
                for (int t = 0; t < r; t++) filter_to_points(each + t, r, lines + t, 4, r);
                for (int t = 0; t < 8; t++) filter_to_points(lines + 4 * t, 1, points + 8 * t, 1, r);
                float *to = u + ((long)panel * c + i) * PANEL + half;
                for (int p = 0; p < POINTS; p++) store(to + p * stride, points[p]);
            }
    return 0;
}

// y = x convolved with filters at 64 points.
int convolve(const float *x, const float *u, float *y, const Shape *s, long block) {
    long tiles = s->n * tiles_down(s) * tiles_across(s), blocks = (tiles + block - 1) / block;
    long v_stride = block * s->c + SKEW, z_stride = block * s->k + SKEW, filter = filter_stride(s->c, s->k);
    int failed = 0;
#pragma omp parallel
    {
        float *v = room(POINTS * v_stride), *z = room(POINTS * z_stride);
        if (!v || !z) failed = 1;
#pragma omp barrier
#pragma omp for schedule(static)
        for (long at = 0; at < blocks; at++) {
            if (failed) continue;
            long first = at * tiles / blocks, count = (at + 1) * tiles / blocks - first;
            for (long t = 0; t < count; t++) input_points(s, x, first + t, v + t * s->c, v_stride);
            for (int p = 0; p < POINTS; p++)
                times_filters(v + p * v_stride, s->c, u + p * filter, z + p * z_stride, s->k, count);
            for (long t = 0; t < count; t++)
                if (s->m == 6) write_tile(s, y, first + t, z + t * s->k, z_stride, 6);
                else write_tile(s, y, first + t, z + t * s->k, z_stride, 5);
        }
        free(v), free(z);
    }
    return failed;
}

// The gradient (r, r, c, k) of the filters, from x and the gradient g of the result.
int filter_gradient(const float *x, const float *g, float *w, const Shape *s, long chunk) {
    long tiles = s->n * tiles_down(s) * tiles_across(s), filter = filter_stride(s->c, s->k);
    long v_stride = chunk * s->c + SKEW, z_stride = chunk * s->k + SKEW;
    float *v = room(POINTS * v_stride), *z = room(POINTS * z_stride), *u = room(POINTS * filter);
    int failed = !v || !z || !u, r = 9 - s->m;
    if (!failed) {
#pragma omp parallel
        {
#pragma omp for schedule(static)
            for (int p = 0; p < POINTS; p++) memset(u + p * filter, 0, sizeof(float) * s->c * s->k);
            for (long first = 0; first < tiles; first += chunk) {
                int count = first + chunk < tiles ? chunk : tiles - first;
#pragma omp for schedule(static)
                for (int t = 0; t < count; t++) {
                    input_points(s, x, first + t, v + (long)t * s->c, v_stride);
                    float *to = z + (long)t * PANEL;
                    if (s->m == 6) gradient_points(s, g, first + t, to, z_stride, (long)count * PANEL, 6);
                    else gradient_points(s, g, first + t, to, z_stride, (long)count * PANEL, 5);
                }
#pragma omp for schedule(static)
                for (int p = 0; p < POINTS; p++)
                    add_outer(v + p * v_stride, s->c, z + p * z_stride, s->k, u + p * filter, count);
            }
#pragma omp for schedule(static)
            for (int c = 0; c < s->c; c++)
                for (int k = 0; k < s->k; k += LANES) {
                    v8 d[POINTS];
                    for (int p = 0; p < POINTS; p++) d[p] = load(u + p * filter + (long)c * s->k + k);
                    for (int i = 0; i < 8; i++) filter_from_points(d + i, 8, r);
                    for (int i = 0; i < r; i++) filter_from_points(d + 8 * i, 1, r);
                    for (int i = 0; i < r * r; i++)
                        store(w + ((long)i * s->c + c) * s->k + k, d[i / r * 8 + i % r]);
                }
        }
    }
    free(v), free(z), free(u);
    return failed;
}
