"""Runs the fuzzers of tests/fuzz for a bounded time; one that finds something keeps its input in build/fuzz."""
import os
import re
import subprocess
import sys
import tempfile

import builds
from counts import Counts

# (fuzzer, preset that it is built in, the same with --full: there what it calls is instrumented)
FUZZERS = (("load", "asan-runtime", "asan-runtime"), ("import", "release", "asan"), ("readers", "release", "asan"))
SECONDS, SECONDS_FULL = 5, 120


def fuzz(root, name, preset, corpus, arguments):
    """True when the fuzzer was built and found nothing."""
    if not builds.build(root, preset, arguments.jobs, [f"dlc_fuzz_{name}"]):
        return False
    program = os.path.join(builds.folder(root, preset), "tests", "fuzz", f"dlc_fuzz_{name}")
    kept = os.path.join(root, "build", "fuzz") + os.sep
    os.makedirs(kept, exist_ok=True)
    seconds = SECONDS_FULL if arguments.full else SECONDS
    # Without edges to count, inputs that are kept and changed little are all the guidance there is.
    command = [program, f"-max_total_time={seconds}", "-seed=1", "-keep_seed=1", "-mutate_depth=3", "-timeout=20",
               "-rss_limit_mb=4096", "-malloc_limit_mb=1024", "-close_fd_mask=1", "-verbosity=0",
               f"-artifact_prefix={kept}{name}-", corpus]
    print("+ " + " ".join(command), flush=True)
    # Leaks: protobuf and LLVM keep tables for the process's life.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1"}
    result = subprocess.run(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace")
    if result.returncode != 0:
        print(result.stderr[-8000:], flush=True)
    return result.returncode == 0


def run(root, build, arguments):
    chosen = [each for each in FUZZERS if re.search(arguments.filter, f"fuzz_{each[0]}")]
    counts = Counts()
    with tempfile.TemporaryDirectory() as folder:
        if chosen:
            script = os.path.join(root, "tests", "fuzz", "make_corpus.py")
            subprocess.run([sys.executable, script, os.path.join(build, "tools", "dlc", "dlc"), folder], check=True)
        for name, preset, full in chosen:
            good = fuzz(root, name, full if arguments.full else preset, os.path.join(folder, name), arguments)
            counts.count("passed" if good else "failed")
    return counts
