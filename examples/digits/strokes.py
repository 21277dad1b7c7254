"""Digits drawn as pen strokes, with numpy.

Every digit has a few styles; a style is a list of strokes; a stroke is a list of control points in the unit square (x to
the right, y down), joined by a Catmull-Rom spline. Corners are where one stroke ends and the next begins.
"""
import numpy as np

SIZE = 28
SAMPLES = 13  # points along each stroke

OVAL = [(0.5, 0.0), (0.15, 0.18), (0.05, 0.5), (0.15, 0.82), (0.5, 1.0), (0.85, 0.82), (0.95, 0.5), (0.85, 0.18),
        (0.5, 0.0)]

STYLES = {
    0: [
        [OVAL],
        [[(0.5, 0.0), (0.25, 0.15), (0.2, 0.5), (0.28, 0.85), (0.5, 1.0), (0.72, 0.85), (0.8, 0.5), (0.72, 0.15),
          (0.45, 0.02)]],
        [[(0.65, 0.02), (0.2, 0.2), (0.05, 0.6), (0.3, 0.97), (0.7, 0.85), (0.95, 0.4), (0.8, 0.08), (0.5, 0.08)]],
    ],
    1: [
        [[(0.5, 0.0), (0.5, 0.5), (0.5, 1.0)]],
        [[(0.3, 0.2), (0.45, 0.1), (0.55, 0.0)], [(0.55, 0.0), (0.54, 0.5), (0.52, 1.0)]],
        [[(0.25, 0.25), (0.4, 0.15), (0.55, 0.0)], [(0.55, 0.0), (0.55, 0.5), (0.55, 1.0)], [(0.25, 1.0), (0.85, 1.0)]],
        [[(0.65, 0.0), (0.5, 0.5), (0.38, 1.0)]],
    ],
    2: [
        [[(0.1, 0.25), (0.25, 0.05), (0.55, 0.0), (0.85, 0.15), (0.8, 0.45), (0.45, 0.75), (0.05, 1.0)],
         [(0.05, 1.0), (0.5, 0.98), (0.95, 1.0)]],
        [[(0.08, 0.2), (0.4, 0.0), (0.8, 0.12), (0.75, 0.5), (0.35, 0.85), (0.1, 0.95), (0.08, 0.82), (0.3, 0.82),
          (0.6, 0.97), (0.95, 0.92)]],
        [[(0.1, 0.1), (0.5, 0.0), (0.9, 0.2), (0.7, 0.5)], [(0.7, 0.5), (0.4, 0.72), (0.08, 1.0)],
         [(0.08, 1.0), (0.92, 1.0)]],
    ],
    3: [
        [[(0.1, 0.12), (0.45, 0.0), (0.82, 0.12), (0.8, 0.36), (0.42, 0.48)],
         [(0.42, 0.48), (0.85, 0.58), (0.9, 0.85), (0.5, 1.0), (0.08, 0.88)]],
        [[(0.12, 0.02), (0.85, 0.02)], [(0.85, 0.02), (0.65, 0.22), (0.42, 0.42)],
         [(0.42, 0.42), (0.8, 0.5), (0.9, 0.78), (0.55, 1.0), (0.1, 0.9)]],
        [[(0.15, 0.05), (0.6, 0.02), (0.85, 0.2), (0.6, 0.42), (0.35, 0.48), (0.65, 0.52), (0.92, 0.72), (0.65, 0.97),
          (0.1, 0.95)]],
    ],
    4: [
        [[(0.6, 0.0), (0.3, 0.35), (0.05, 0.68)], [(0.05, 0.68), (0.95, 0.68)], [(0.68, 0.0), (0.68, 1.0)]],
        [[(0.15, 0.02), (0.1, 0.3), (0.1, 0.52)], [(0.1, 0.52), (0.5, 0.53), (0.9, 0.5)],
         [(0.8, 0.05), (0.76, 0.5), (0.72, 1.0)]],
        [[(0.25, 0.0), (0.15, 0.35), (0.12, 0.6)], [(0.12, 0.6), (0.95, 0.56)], [(0.62, 0.3), (0.6, 0.65), (0.58, 1.0)]],
    ],
    5: [
        [[(0.85, 0.02), (0.2, 0.02)], [(0.2, 0.02), (0.18, 0.25), (0.15, 0.45)],
         [(0.15, 0.45), (0.5, 0.36), (0.88, 0.52), (0.88, 0.82), (0.5, 1.0), (0.08, 0.9)]],
        [[(0.25, 0.05), (0.2, 0.25), (0.15, 0.42)],
         [(0.15, 0.42), (0.6, 0.42), (0.85, 0.65), (0.7, 0.92), (0.3, 1.0), (0.05, 0.9)], [(0.25, 0.05), (0.9, 0.0)]],
        [[(0.9, 0.0), (0.55, 0.04), (0.3, 0.08), (0.2, 0.3), (0.3, 0.42), (0.7, 0.52), (0.85, 0.78), (0.5, 0.98),
          (0.1, 0.9)]],
    ],
    6: [
        [[(0.75, 0.02), (0.35, 0.2), (0.1, 0.6), (0.25, 0.95), (0.65, 0.98), (0.9, 0.75), (0.7, 0.5), (0.35, 0.52),
          (0.12, 0.72)]],
        [[(0.55, 0.0), (0.3, 0.3), (0.15, 0.65), (0.35, 0.98), (0.7, 0.95), (0.82, 0.7), (0.6, 0.55), (0.3, 0.65),
          (0.2, 0.8)]],
        [[(0.85, 0.12), (0.55, 0.0), (0.2, 0.2), (0.08, 0.6), (0.25, 0.95), (0.65, 0.98), (0.9, 0.72), (0.6, 0.48),
          (0.2, 0.58), (0.1, 0.7)]],
    ],
    7: [
        [[(0.08, 0.03), (0.92, 0.03)], [(0.92, 0.03), (0.6, 0.5), (0.4, 1.0)]],
        [[(0.1, 0.15), (0.12, 0.02)], [(0.12, 0.02), (0.9, 0.02)], [(0.9, 0.02), (0.6, 0.45), (0.48, 1.0)]],
        [[(0.08, 0.03), (0.9, 0.03)], [(0.9, 0.03), (0.6, 0.5), (0.38, 1.0)], [(0.25, 0.5), (0.82, 0.5)]],
        [[(0.05, 0.1), (0.5, 0.03), (0.85, 0.05), (0.75, 0.4), (0.6, 1.0)]],
    ],
    8: [
        [[(0.5, 0.46), (0.18, 0.34), (0.2, 0.1), (0.5, 0.0), (0.8, 0.1), (0.82, 0.34), (0.5, 0.46)],
         [(0.5, 0.46), (0.1, 0.62), (0.12, 0.88), (0.5, 1.0), (0.88, 0.88), (0.9, 0.62), (0.5, 0.46)]],
        [[(0.8, 0.12), (0.5, 0.0), (0.2, 0.15), (0.35, 0.4), (0.7, 0.6), (0.88, 0.82), (0.5, 1.0), (0.12, 0.84),
          (0.3, 0.6), (0.65, 0.4), (0.8, 0.15)]],
        [[(0.75, 0.05), (0.35, 0.05), (0.22, 0.25), (0.5, 0.48), (0.75, 0.72), (0.55, 0.98), (0.22, 0.85), (0.4, 0.55),
          (0.7, 0.32), (0.75, 0.05)]],
    ],
    9: [
        [[(0.85, 0.25), (0.6, 0.02), (0.2, 0.1), (0.12, 0.38), (0.45, 0.55), (0.85, 0.3)],
         [(0.85, 0.25), (0.82, 0.6), (0.75, 1.0)]],
        [[(0.82, 0.22), (0.5, 0.0), (0.18, 0.2), (0.35, 0.5), (0.75, 0.42), (0.85, 0.2)],
         [(0.85, 0.2), (0.88, 0.6), (0.65, 0.95), (0.2, 0.98)]],
        [[(0.8, 0.1), (0.35, 0.05), (0.15, 0.3), (0.45, 0.48), (0.8, 0.12), (0.72, 0.5), (0.55, 1.0)]],
    ],
}


def spline(points, samples):
    """Catmull-Rom through points [n, k, 2] at `samples` places: [n, samples, 2]."""
    k = points.shape[1]
    padded = np.concatenate([2 * points[:, :1] - points[:, 1:2], points, 2 * points[:, -1:] - points[:, -2:-1]], axis=1)
    position = np.linspace(0, k - 1, samples)
    index = np.minimum(position.astype(int), k - 2)
    t = (position - index).astype(np.float32)[None, :, None]
    a, b, c, d = (padded[:, index + offset] for offset in range(4))
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def transform(points, random):
    """Random rotation, slant, size and place: unit square -> pixels, for points [n, m, 2]."""
    n = len(points)
    angle = random.normal(0, 0.10, n)
    slant = random.normal(0.08, 0.18, n)
    height = random.uniform(15, 22, n)
    width = height * random.uniform(0.5, 0.95, n)
    x, y = (points[:, :, 0] - 0.5) * width[:, None], (points[:, :, 1] - 0.5) * height[:, None]
    x = x - slant[:, None] * y
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    shift = np.clip(random.normal(0, 1.2, (n, 2)), -3, 3) + (SIZE - 1) / 2
    return np.stack([cos * x - sin * y + shift[:, :1], sin * x + cos * y + shift[:, 1:]], axis=2).astype(np.float32)


def distances(lines):
    """The distance of every pixel to the nearest of the segments [n, strokes, samples, 2]: [n, SIZE, SIZE]."""
    axis = np.arange(SIZE, dtype=np.float32)
    px, py = axis[None, None, :], axis[None, :, None]
    nearest = np.full((len(lines), SIZE, SIZE), 1e9, np.float32)
    for stroke in range(lines.shape[1]):
        for i in range(lines.shape[2] - 1):
            start, end = lines[:, stroke, i], lines[:, stroke, i + 1]
            delta = end - start
            length = np.maximum((delta**2).sum(axis=1), 1e-6)
            ax, ay = start[:, 0, None, None], start[:, 1, None, None]
            dx, dy = delta[:, 0, None, None], delta[:, 1, None, None]
            along = np.clip(((px - ax) * dx + (py - ay) * dy) / length[:, None, None], 0, 1)
            nearest = np.minimum(nearest, (px - ax - along * dx) ** 2 + (py - ay - along * dy) ** 2)
    return np.sqrt(nearest)


def draw_style(strokes, count, random):
    """`count` images of one style: [count, SIZE, SIZE], ink 1 on paper 0."""
    controls = [np.asarray(stroke, np.float32) for stroke in strokes]
    wobble = random.uniform(0.01, 0.05, (count, 1, 1)).astype(np.float32)
    lines = []
    for control in controls:
        noise = random.standard_normal((count,) + control.shape).astype(np.float32) * wobble
        lines.append(spline(control[None] + noise, SAMPLES))
    points = transform(np.concatenate(lines, axis=1), random).reshape(count, len(strokes), SAMPLES, 2)
    thickness = random.uniform(0.7, 2.0, (count, 1, 1)).astype(np.float32)
    softness = random.uniform(0.6, 1.4, (count, 1, 1)).astype(np.float32)
    return np.clip((thickness - distances(points)) / softness + 0.5, 0, 1)


def add_noise(images, random):
    """Uneven ink, background noise and specks."""
    n = len(images)
    ink = random.uniform(0.7, 1.0, (n, 1, 1)).astype(np.float32)
    level = random.uniform(0.0, 0.12, (n, 1, 1)).astype(np.float32)
    noisy = images * ink + random.standard_normal(images.shape).astype(np.float32) * level
    specks = random.random(images.shape) < random.uniform(0, 0.01, (n, 1, 1))
    return np.clip(np.where(specks, 1 - noisy, noisy), 0, 1).astype(np.float32)


def draw_digits(count, seed):
    """Noisy images [count, 1, SIZE, SIZE] in [0, 1] and labels [count], shuffled; every style is as frequent within its
    digit."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % 10)
    style_draw = random.random(count)
    images = np.empty((count, SIZE, SIZE), np.float32)
    for digit, styles in STYLES.items():
        for i, style in enumerate(styles):
            chosen = np.flatnonzero((labels == digit) & ((style_draw * len(styles)).astype(int) == i))
            if len(chosen):
                images[chosen] = draw_style(style, len(chosen), random)
    return add_noise(images, random)[:, None], labels
