#!/usr/bin/env python3
"""Prints the polynomial coefficients of Coefficients.h.

Each polynomial is the weighted minimax fit of a function on an interval (Remez's exchange algorithm on a dense Chebyshev
grid; E. W. Cheney, "Introduction to Approximation Theory", 1966). Coefficients are rounded to the format one at a time,
lowest power first, and the others are fitted again to what is left, as in Brisebarre and Chevillard, "Efficient
polynomial L-infinity approximations", ARITH 2007. Needs mpmath. Usage: minimax.py [name ...]
"""
import sys
from mpmath import mp, mpf, matrix, lu_solve, cos, pi, sqrt, log, exp, erf, erfc, asinh, atanh, acosh
import mpmath as m

mp.dps = 45


def round_to(x, bits):
    """x rounded to `bits` of mantissa, to nearest."""
    if x == 0:
        return mpf(0)
    scale = mpf(2) ** (bits - 1 - int(m.floor(log(abs(x), 2))))
    return m.nint(x * scale) / scale


def alternating(errors, count):
    """Indices of `count` extrema with alternating signs, the largest ones."""
    runs, best = [], 0
    for i in range(1, len(errors) + 1):
        if i == len(errors) or (errors[i] > 0) != (errors[best] > 0):
            runs.append(best)
            best = i
        elif abs(errors[i]) > abs(errors[best]):
            best = i
    while len(runs) > count:
        if len(runs) == count + 1:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        else:
            k = min(range(len(runs) - 1), key=lambda i: max(abs(errors[runs[i]]), abs(errors[runs[i + 1]])))
            del runs[k:k + 2]
    return runs


def remez(xs, targets, weights, powers):
    """Coefficients of the given powers that minimise max |w (t - p(x))| on the grid, and that maximum."""
    n = len(powers)
    table = [[w * x ** p for p in powers] for x, w in zip(xs, weights)]
    goal = [w * t for w, t in zip(weights, targets)]
    points = [round((1 - float(cos(pi * i / n))) / 2 * (len(xs) - 1)) for i in range(n + 1)]
    for _ in range(30):
        a = matrix(n + 1, n + 1)
        b = matrix(n + 1, 1)
        for row, k in enumerate(points):
            for col in range(n):
                a[row, col] = table[k][col]
            a[row, n] = (-1) ** row
            b[row] = goal[k]
        solution = lu_solve(a, b)
        c = [solution[i] for i in range(n)]
        errors = [g - sum(ci * ti for ci, ti in zip(c, row)) for g, row in zip(goal, table)]
        worst = max(abs(e) for e in errors)
        if worst <= abs(solution[n]) * mpf('1.001'):
            break
        chosen = alternating(errors, n + 1)
        if len(chosen) < n + 1:
            break
        points = chosen
    return c, worst


def fit(f, weight, low, high, degree, bits):
    """Rounded coefficients c[0..degree] of the fit, and the largest weighted error."""
    count = 24 * (degree + 2)
    xs = [(mpf(low) + high) / 2 - (mpf(high) - low) / 2 * cos(pi * i / count) for i in range(count + 1)]
    xs = [x if x != 0 else mpf(10) ** -9 for x in xs]
    targets, weights = [f(x) for x in xs], [weight(x) for x in xs]
    fixed = []
    for p in range(degree + 1):
        # Powers from 1 up are no Chebyshev system around 0, unless the weight hides it.
        if p == 0 or low >= 0 or weight(mpf(0)) == 0:
            c, _ = remez(xs, targets, weights, list(range(p, degree + 1)))
        else:
            c = c[1:]
        fixed.append(round_to(c[0], bits))
        targets = [t - fixed[-1] * x ** p for t, x in zip(targets, xs)]
    return fixed, max(abs(w * t) for w, t in zip(weights, targets))


def odd(f):
    """f(x) = x + x^3 P(x^2): the target P, and its weight for the relative error of f."""
    def target(z):
        x = sqrt(z)
        return (f(x) / x - 1) / z

    def weight(z):
        x = sqrt(z)
        return x * z / f(x)
    return target, weight


def erf_exponent(x):
    return -log(erfc(x))


def erfc_tail(k):
    """t = (x - k) / (x + k) -> exp(x^2) erfc(x) (1 + 2x)."""
    def target(t):
        if t >= 1 - mpf(10) ** -6:
            return 2 / sqrt(pi)
        x = k * (1 + t) / (1 - t)
        return exp(x * x) * erfc(x) * (1 + 2 * x)
    return target, lambda t: 1 / target(t)


def normal_tail(k):
    """t = x / (x + k) -> exp(x^2 / 2) erfc(x sqrt(1/2)) (x + k)."""
    def target(t):
        x = k * t / (1 - t)
        return exp(x * x / 2) * erfc(x / sqrt(mpf(2))) * (x + k)
    return target, lambda t: 1 / target(t)


def one(_):
    return mpf(1)


R = log(2) / 2 * mpf('1.002')
Q = pi / 4 * mpf('1.002')
S = sqrt(mpf(2))
SPECS = {
    # name: ((target, weight), low, high, degree for f32, degree for f64)
    'exp': ((lambda r: (m.expm1(r) / r - 1) / r, lambda r: r * r / exp(r)), -R, R, 4, None),
    'expm1': ((lambda r: (m.expm1(r) / r - 1) / r, lambda r: r * r / m.expm1(r) if r else mpf(0)), -R, R, 5, 10),
    'log': ((lambda f: ((m.log1p(f) / f - 1) / f + mpf(1) / 2) / f, lambda f: f ** 3 / m.log1p(f) if f else mpf(0)),
            1 / S - 1, S - 1, 7, None),
    'atanhLog': ((lambda s: (2 * atanh(sqrt(s)) / sqrt(s) - 2) / s, lambda s: sqrt(s) * s / atanh(sqrt(s)) / 2),
                 0, mpf('0.02945'), None, 6),
    'powAtanh': ((lambda s: (atanh(sqrt(s)) / sqrt(s) - 1) / s, lambda s: s), 0, mpf('0.02945'), 3, None),
    'powAtanhTail': ((lambda s: ((atanh(sqrt(s)) / sqrt(s) - 1) / s - mpf(1) / 3) / s, lambda s: s * s),
                     0, mpf('0.02945'), None, 8),
    'sin': (odd(m.sin), 0, Q ** 2, 3, 6),
    'cos': ((lambda z: ((cos(sqrt(z)) - 1) / z + mpf(1) / 2) / z, lambda z: z * z / cos(sqrt(z))), 0, Q ** 2, 2, 5),
    'tan': (odd(m.tan), 0, Q ** 2, 6, 15),
    'atan': (odd(m.atan), 0, 1, 8, 19),
    'asin': (odd(m.asin), 0, mpf('0.25'), 4, 12),
    'sinh': (odd(m.sinh), 0, 1, 3, 7),
    'tanh': (odd(m.tanh), 0, mpf('0.55') ** 2, 4, 11),
    'asinh': (odd(asinh), 0, 1, 8, 20),
    'atanh': (odd(atanh), 0, mpf('0.25'), 5, 13),
    'acosh': ((lambda t: (acosh(1 + t) / sqrt(2 * t) - 1) / t, lambda t: t), 0, 1, 6, 16),
    'cbrt': ((lambda x: x ** (-mpf(1) / 3), lambda x: x ** (mpf(1) / 3)), 1, 8, 5, 5),
    'erfExponent': ((lambda x: erf_exponent(x) / x - 1, lambda x: x * erfc(x) / erf(x)), 0, mpf('3.95'), 10, None),
    'erfCentre': ((lambda z: (erf(sqrt(z)) / sqrt(z) - 1), lambda z: sqrt(z) / erf(sqrt(z))), 0, 1, None, 12),
    'nearErf': ((lambda z: erf(sqrt(z)) / sqrt(z), lambda z: sqrt(z) / erf(sqrt(z))), 0, mpf('3.12') ** 2, 9, None),
    'nearExp': ((lambda r: 2 * exp(r), lambda r: exp(-r) / 2), -R, R, 4, None),
    'normalTail': (normal_tail(mpf('2.75')), 0, mpf('14.5') / mpf('17.25'), 10, None),
    'erfcTail': (None, -1, None, 11, 23),
}


def main():
    for name in sys.argv[1:] or SPECS:
        functions, low, high, *degrees = SPECS[name]
        for bits, degree in zip((24, 53), degrees):
            if degree is None:
                continue
            f, l, h = functions, low, high
            if name == 'erfcTail':
                # Here the first coefficient loses little by rounding.
                k, last = (mpf('1.94140625'), mpf('10.1')) if bits == 24 else (mpf('3.8125'), mpf('27.4'))
                f, h = erfc_tail(k), (last - k) / (last + k)
            c, error = fit(*f, l, h, degree, bits)
            print(f'/// Error 2^{float(log(error, 2)):.1f}.')
            text = ', '.join(float(x).hex().replace('0000000p', 'p') for x in c)
            print(f'inline constexpr double {name}F{32 if bits == 24 else 64}[] = {{{text}}};', flush=True)


if __name__ == '__main__':
    main()
