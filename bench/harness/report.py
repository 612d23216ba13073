"""Measurements -> a table as text, JSON, and a chart.

measured[program][engine] is a list of CPU times in nanoseconds. All ratios are of medians, to native.
"""
import json
import math
import os
import platform
import statistics
import time
from pathlib import Path

from .build import SIMD
from .chart import chart


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


def means(measured, engines, simd=False):
    """engine -> (mean ratio to native, programs counted), of the programs without or with SIMD"""
    result = {}
    for engine in engines:
        counted = [program for program in measured if program.endswith(SIMD) == simd]
        ratios = [r for r in (ratio(measured, program, engine) for program in counted) if r]
        result[engine] = (geometric_mean(ratios), len(ratios))
    return result


def table(measured, engines):
    others = [engine for engine in engines if engine != "native"]
    width = max(14, *(len(name) + 2 for name in others)) if others else 14
    column = max(16, *(len(program) + 1 for program in measured)) if measured else 16
    lines = [f"{'':{column}}{'native':>14}" + "".join(f"{name:>{width}}" for name in others)]
    for program, times in measured.items():
        native = times.get("native")
        cell = f"{statistics.median(native) / 1e6:.1f} ms ±{spread(native):.0f}%" if native else "-"
        line = f"{program:{column}}{cell:>14}"
        for engine in others:
            r = ratio(measured, program, engine)
            cell = f"{r:.2f} ±{spread(times[engine]):.0f}%" if r else "-"
            line += f"{cell:>{width}}"
        lines.append(line)
    for label, simd in (("geometric mean", False), ("  with SIMD", True)):
        total = sum(program.endswith(SIMD) == simd for program in measured)
        average = means(measured, others, simd)
        line = f"{label:{column}}{'1.00':>14}"
        for engine in others:
            mean, count = average[engine]
            cell = "-" if mean is None else f"{mean:.2f}" + ("" if count == total else f" ({count})")
            line += f"{cell:>{width}}"
        if total:
            lines.append(line)
    return "\n".join(lines)


def machine():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {"cpu": names[0] if names else platform.machine(), "cores": os.cpu_count(), "load": os.getloadavg()[0],
            "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def save(folder, measured, engines, what, faults):
    """results.json, table.txt and chart.svg"""
    folder.mkdir(parents=True, exist_ok=True)
    others = [engine for engine in engines if engine != "native"]
    average, average_simd = means(measured, others), means(measured, others, True)
    (folder / "results.json").write_text(json.dumps({
        "machine": machine(),
        "engines": what,
        "cpu_ns": measured,
        "geometric_mean": {engine: mean for engine, (mean, _) in average.items()},
        "geometric_mean_simd": {engine: mean for engine, (mean, _) in average_simd.items()},
        "programs_counted": {engine: count for engine, (_, count) in average.items()},
        "faults": faults,
    }, indent=1) + "\n")
    (folder / "table.txt").write_text(table(measured, engines) + "\n")
    rows = [("geometric mean", {engine: mean for engine, (mean, _) in average.items()})]
    if any(mean for mean, _ in average_simd.values()):
        rows.append(("with SIMD", {engine: mean for engine, (mean, _) in average_simd.items()}))
    rows += [(program, {engine: ratio(measured, program, engine) for engine in others}) for program in measured]
    title = f"{len(measured)} programs, {time.strftime('%Y-%m-%d')}"
    (folder / "chart.svg").write_text(chart(title, rows, others))
