"""Ratios -> a chart as SVG: a row a program, a dot an engine, run time over native's on a logarithmic axis."""
import math
from xml.sax.saxutils import escape

LEFT, WIDTH, ROW, TOP = 165, 640, 20, 74
COLOURS = ["#c2185b", "#f57c00", "#00897b", "#3949ab", "#1e88e5", "#6d4c41", "#7cb342", "#8e24aa", "#546e7a", "#fdd835"]


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {extra}>{escape(words)}</text>'


def chart(title, rows, engines):
    """rows: (label, {engine: ratio or None}), the first one the means"""
    ratios = [r for _, row in rows for r in row.values() if r] or [1.0]
    low, high = math.log(min(0.8, *ratios, 1.0)), math.log(max(2.0, *ratios) * 1.1)

    def place(value):
        return LEFT + WIDTH * (math.log(value) - low) / (high - low)

    bottom = TOP + ROW * len(rows) + 8
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 40}" height="{bottom + 46}" '
             'font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>',
             text(12, 22, title, extra='font-size="15" font-weight="bold"')]
    for i, engine in enumerate(engines):
        x, y = 18 + i % 6 * 134, 42 + i // 6 * 16
        parts.append(f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{COLOURS[i % len(COLOURS)]}"/>')
        mean = rows[0][1].get(engine)
        parts.append(text(x + 9, y, f"{engine} {mean:.1f}" if mean else engine))
    for tick in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000):
        if low <= math.log(tick) <= high:
            x = place(tick)
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{bottom}" '
                         f'stroke="{"#888" if tick == 1 else "#ddd"}"/>')
            parts.append(text(x, bottom + 16, f"{tick:g}", "middle"))
    parts.append(text(LEFT + WIDTH / 2, bottom + 36, "run time, native clang -O3 = 1 (less is better)", "middle"))
    for i, (label, row) in enumerate(rows):
        y = TOP + ROW * i + ROW / 2
        bold = 'font-weight="bold"' if i == 0 else ""
        parts.append(text(LEFT - 10, y + 4, label, "end", bold))
        parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y}" y2="{y}" stroke="#eee"/>')
        for k, engine in enumerate(engines):
            if row.get(engine):
                parts.append(f'<circle cx="{place(row[engine]):.1f}" cy="{y}" r="{6 if i == 0 else 4}" '
                             f'fill="{COLOURS[k % len(COLOURS)]}" fill-opacity="0.85">'
                             f"<title>{escape(f'{label}, {engine}: {row[engine]:.2f}')}</title></circle>")
    return "\n".join([*parts, "</svg>", ""])
