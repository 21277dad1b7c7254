"""Rows of results.json, as plain dictionaries, and what follows from them. Needs nothing but Python.

A row is one network at one set of sizes on some threads: model, sizes, specialised, precision, threads, engines (by name:
ms and min_ms of a run, error, load_ms, first_ms, grown_bytes, or the reason why there are none), peak_gflops and gflop (of
dlc's run), costs (that don't depend on threads); or, when dlc can't compile it, failure.
"""
OURS = "dlc"
# An engine that differs by more, as a fraction of the outputs' peak, computes something else: it is not counted as the best.
TOLERANCE = {"f32": 1e-2, "f64": 1e-2, "f16": 5e-2, "bf16": 1e-1, "int8": 0.5}


def case(row):
    """What identifies the network and its sizes."""
    return row["model"], tuple(row["sizes"].items()), row["specialised"]


def sizes(row):
    words = ", ".join(f"{name} {size}" for name, size in row["sizes"].items()) or "batch 1"
    return words + (" (specialised)" if row["specialised"] else "")


def is_wrong(row):
    """Whether dlc's outputs differ from the others' by far."""
    error = row["engines"][OURS].get("error")
    return error is not None and error > TOLERANCE[row["precision"]]


def best_peer(row):
    """Name and time of the fastest other engine whose outputs are right; (None, None) if there is none."""
    times = {name: each["ms"] for name, each in row["engines"].items() if name != OURS and "ms" in each and "reason" not in each}
    return min(times.items(), key=lambda item: item[1]) if times else (None, None)


def ratio(row):
    """dlc's time over the best other engine's; None if either is missing."""
    mine, best = row["engines"][OURS].get("ms"), best_peer(row)[1]
    return mine / best if mine and best else None


def loops(row):
    """dlc's time in units of the peak loop, so that it can be compared between states of a machine: what the peak would
    have computed meanwhile, in GFLOP."""
    return row["engines"][OURS]["ms"] * row["peak_gflops"] / 1e3


def slower(before, after, tolerance):
    """How many rows of `after` could be compared with those of `before`, and a line for each that became slower by more
    than the tolerance (0.1: a tenth) or that can't be run any more."""
    measured = lambda row: "failure" not in row and "peak_gflops" in row
    old = {(case(row), row["threads"]): row for row in before if measured(row)}
    compared, lines = 0, []
    for row in after:
        name = f"{row['model']}, {sizes(row)}"
        if not measured(row):
            if any(key[0] == case(row) for key in old):
                lines.append(f"{name}: can't be run any more: {row.get('failure') or row['engines'][OURS].get('reason', '')}")
        elif (case(row), row["threads"]) in old:
            compared += 1
            change = loops(row) / loops(old[case(row), row["threads"]])
            if change > 1 + tolerance:
                lines.append(f"{name}, {row['threads']} threads: {change:.2f} times what it was")
    return compared, lines
