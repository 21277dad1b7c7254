"""Bar charts as SVG."""
from xml.sax.saxutils import escape

ROW, LABEL, PLOT, MARGIN, TOP = 18, 250, 520, 70, 64
GOOD, BAD, GRID, TEXT = "#2f7d4f", "#b5442e", "#d5d5d5", "#222222"


def text(x, y, words, anchor="start", size=12, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
            f'fill="{TEXT}">{escape(words)}</text>')


def bars(title, subtitle, values, ticks):
    """Horizontal bars of (label, value), green up to 1 and red above it, over grid lines at `ticks`."""
    end = max(ticks[-1], *(value for _, value in values)) if values else ticks[-1]
    place = lambda value: LABEL + PLOT * value / end
    height, width = TOP + ROW * len(values) + 12, LABEL + PLOT + MARGIN
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
             'font-family="sans-serif">', '<rect width="100%" height="100%" fill="#ffffff"/>',
             text(10, 20, title, size=15, weight="bold"), text(10, 38, subtitle)]
    for tick in ticks:
        line = f'x1="{place(tick):.1f}" x2="{place(tick):.1f}" y1="{TOP - 4}" y2="{height - 8}"'
        parts.append(f'<line {line} stroke="{TEXT if tick == 1 else GRID}" stroke-width="1"/>')
        parts.append(text(place(tick), TOP - 8, f"{tick:g}", "middle", 11))
    for index, (label, value) in enumerate(values):
        y = TOP + ROW * index
        parts.append(f'<rect x="{LABEL}" y="{y + 3}" width="{PLOT * value / end:.1f}" height="{ROW - 6}" fill="{GOOD if value <= 1 else BAD}"/>')
        parts.append(text(LABEL - 6, y + 13, label, "end", 11))
        parts.append(text(place(value) + 4, y + 13, f"{value:.2f}", size=11))
    return "\n".join([*parts, "</svg>"]) + "\n"
