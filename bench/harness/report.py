"""Measurements -> a table as text.

measured[program][engine] is a list of CPU times in nanoseconds. All ratios are of medians, to native.
"""
import math
import statistics


def spread(times):
    """Half the distance between the quartiles, in per cent of the median."""
    if len(times) < 3:
        return 0.0
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive")
    return 50 * (high - low) / middle


def ratio(measured, program, engine):
    times = measured[program]
    if not times.get(engine) or not times.get("native"):
        return None
    return statistics.median(times[engine]) / statistics.median(times["native"])


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def means(measured, engines):
    """engine -> (mean ratio to native, programs counted)"""
    result = {}
    for engine in engines:
        ratios = [r for r in (ratio(measured, program, engine) for program in measured) if r]
        result[engine] = (geometric_mean(ratios), len(ratios))
    return result


def table(measured, engines):
    others = [engine for engine in engines if engine != "native"]
    width = max(14, *(len(name) + 2 for name in others)) if others else 14
    lines = [f"{'':14}{'native':>14}" + "".join(f"{name:>{width}}" for name in others)]
    for program, times in measured.items():
        native = times.get("native")
        cell = f"{statistics.median(native) / 1e6:.1f} ms ±{spread(native):.0f}%" if native else "-"
        line = f"{program:14}{cell:>14}"
        for engine in others:
            r = ratio(measured, program, engine)
            cell = f"{r:.2f} ±{spread(times[engine]):.0f}%" if r else "-"
            line += f"{cell:>{width}}"
        lines.append(line)
    average = means(measured, others)
    line = f"{'geometric mean':14}{'1.00':>14}"
    for engine in others:
        mean, count = average[engine]
        cell = "-" if mean is None else f"{mean:.2f}" + ("" if count == len(measured) else f" ({count})")
        line += f"{cell:>{width}}"
    lines.append(line)
    return "\n".join(lines)
