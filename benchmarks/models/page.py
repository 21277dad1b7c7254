"""docs/benchmarks.md and its charts, from what is in results.json."""
import math
import os

import chart
from rows import OURS, case, is_wrong, ratio, sizes

MB = 1e6
INTRO = """# Benchmarks

Written by [benchmarks/models/report.py](../benchmarks/models/report.py); the numbers are in
[results.json](../benchmarks/models/results.json). Networks that [generate.py](../benchmarks/models/generate.py) makes
have random weights. Times are milliseconds a run: medians over rounds in which the engines take turns, each in a
process of its own that is bound to as many processors as there are threads. A ratio is dlc's time over another
engine's: below 1, dlc is faster. The best of the others counts. Other engines get the network with all sizes fixed;
dlc compiles it for any sizes, except where it says specialised. The error is the largest difference from what most
others compute, ONNX Runtime without optimisations among them, as a fraction of the outputs' peak. OpenVINO computes
f32 and f16 networks in f32 (left to itself it takes bf16, which rounds more than they say) and others in what it
prefers; ncnn has its 16-bit storage off for f32 networks. dlc, and for networks below 0.3 ms ONNX Runtime and OpenVINO
too, are called through their C interfaces; ncnn through Python, which costs it some microseconds."""
COSTS = """## What else it costs

Compile time is the whole `dlc compile` with all processors. Loading is from the file to an engine that is ready to run;
of the others it contains their own compilation. The first run comes after it. Growth is by how much a process grew from
before loading to its peak, after one run. The program is the model as an executable (`--emit=exe`) that runs once; its
limit is 1.1 x (weights + planned memory + inputs) + 8 MB. What is beyond that, and artifacts beyond 1.5 times their
model, are bold. One thread."""
MISSING = """## What other engines can't run

An engine that can't convert or load a network, or whose outputs differ by far, is left out of the comparison."""


def number(value, digits=3):
    return "-" if value is None else f"{value:.{digits}f}"


def mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def table(header, lines):
    align = ["---"] + [" --: " if i > 1 else " --- " for i in range(1, len(header))]
    return ["| " + " | ".join(header) + " |", "|" + "|".join(align) + "|", *("| " + " | ".join(cells) + " |" for cells in lines)]


def summary(machine, rows):
    peaks = sorted(row["peak_gflops"] for row in rows if row["threads"] == 1 and "peak_gflops" in row)
    lines = [f"* Processor: {machine['processor']}, {machine['cores']} cores, {machine['system']}"]
    if peaks:
        lines.append(f"* Peak of one core in f32: {peaks[len(peaks) // 2]:.0f} GFLOP/s (median of all rounds)")
    lines.append("* Engines: " + ", ".join(f"{name} {version}" for name, version in machine["engines"].items()))
    for threads in sorted({row["threads"] for row in rows}):
        found = [ratio(row) for row in rows if row["threads"] == threads and ratio(row)]
        if found:
            lines.append(f"* {threads} thread{'s' if threads > 1 else ''}: geometric mean of the ratios {mean(found):.2f}; worst "
                         f"{max(found):.2f}; above 1 for {sum(each > 1 for each in found)} of {len(found)}")
    return lines


def speed_cells(row, peers):
    mine = row["engines"][OURS].get("ms")
    cells = [row["model"] + ("" if row["precision"] == "f32" else f" ({row['precision']})"), sizes(row), str(row["threads"]), number(mine)]
    for peer in peers:
        each = row["engines"].get(peer, {})
        theirs = each.get("ms") if "reason" not in each else None
        cells.append(f"{theirs:.3f} ({mine / theirs:.2f})" if mine and theirs else number(theirs))
    found = ratio(row)
    done = f"{row['gflop'] / mine * 1e3:.0f}" if mine and row.get("gflop") else "-"
    error = row["engines"][OURS].get("error")
    return [*cells, f"**{found:.2f}**" if found else "-", done, ("**wrong:** " if is_wrong(row) else "") + (f"{error:.1e}" if error is not None else "-")]


def bold(words, when):
    return f"**{words}**" if when else words


def program_memory(costs, memory, arena):
    """The program's peak memory and its limit, MB."""
    if not costs["rss_bytes"] or not memory:
        return "-"
    limit = 1.1 * (memory["weights"] + arena + costs["input_bytes"]) + 8 * MB
    return bold(f"{costs['rss_bytes'] / MB:.1f} of {limit / MB:.1f}", costs["rss_bytes"] > limit)


def cost_cells(row, peers):
    costs, memory = row["costs"], row["engines"][OURS].get("memory", {})
    arena = sum(memory.get(name, 0) for name in ("frames", "scratch", "variables", "outputs"))
    factor = costs["artifact_bytes"] / costs["model_bytes"]

    def each(field, unit=1):
        values = (row["engines"].get(name, {}).get(field) for name in [OURS, *peers])
        return " / ".join("-" if value is None else f"{value / unit:.1f}" for value in values)

    return [row["model"], sizes(row), f"{costs['compile_s']:.1f}", f"{costs['model_bytes'] / MB:.1f}", bold(f"{factor:.2f}", factor > 1.5),
            each("load_ms"), each("first_ms"), f"{arena / MB:.1f}", each("grown_bytes", MB), program_memory(costs, memory, arena)]


def reasons(rows):
    """Lines on what could not be run, each reason once."""
    found = {}
    for row in rows:
        for name, each in row["engines"].items():
            if "reason" in each:
                found.setdefault((name, row["model"]), each["reason"])
    clean = lambda reason: " ".join(reason.replace("|", "/").split())[:160]
    return [f"* {name}, {model}: {clean(reason)}" for (name, model), reason in sorted(found.items())]


def label(row, longest=36):
    """The row in a chart: with its sizes as long as there is room, else with numbers only."""
    if not row["sizes"]:
        return row["model"]
    words = f"{row['model']}, {sizes(row)}"
    if len(words) > longest:
        words = f"{row['model']}, {' x '.join(map(str, row['sizes'].values()))}" + (" (specialised)" if row["specialised"] else "")
    return words if len(words) <= longest else words[: longest - 3] + "..."


def charts(rows):
    """File name -> SVG, one per number of threads."""
    files = {}
    for threads in sorted({row["threads"] for row in rows}):
        chosen = [row for row in rows if row["threads"] == threads and ratio(row)]
        values = sorted(((label(row), ratio(row)) for row in chosen), key=lambda item: item[1])
        words = "1 thread" if threads == 1 else f"{threads} threads"
        files[f"benchmarks-{threads}.svg"] = chart.bars(f"dlc's time over the best other engine's, {words}", "below 1: dlc is faster", values,
                                                        [0, 0.25, 0.5, 0.75, 1])
    return files


def cost_table(rows, peers):
    """A line per network and sizes."""
    order = " / ".join([OURS, *peers])
    header = ["network", "sizes", "compile s", "model MB", "artifact / model", f"load ms: {order}", f"first run ms: {order}", "planned MB",
              f"growth MB: {order}", "program MB"]
    first = {case(row): row for row in reversed(rows) if "costs" in row}
    return table(header, [cost_cells(row, peers) for row in first.values()][::-1])


def page(results):
    """The text of docs/benchmarks.md."""
    failed = [row for row in results["rows"] if "failure" in row]
    rows = [row for row in results["rows"] if "failure" not in row]
    peers = [name for name in results["machine"]["engines"] if name != OURS]
    lines = [INTRO, "", *summary(results["machine"], rows), ""]
    lines += [f"![Ratios]({name})" for name in charts(rows)]
    header = ["network", "sizes", "threads", "dlc", *(f"{peer} (ratio)" for peer in peers), "ratio to best", "dlc GFLOP/s", "error"]
    lines += ["", "## Speed", "", *table(header, [speed_cells(row, peers) for row in rows])]
    if any("costs" in row for row in rows):
        lines += ["", COSTS, "", *cost_table(rows, peers)]
    if reasons(rows):
        lines += ["", MISSING, "", *reasons(rows)]
    if failed:
        lines += ["", "## What dlc can't compile", "", *(f"* {row['model']}: {' '.join(row['failure'].split())[:300]}" for row in failed)]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "bounds.md")) as file:
        return "\n".join(lines) + "\n\n" + file.read()
