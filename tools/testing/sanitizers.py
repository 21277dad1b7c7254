"""The engine's unit tests in builds with sanitizers; with --full the compiler's as well."""
import re

import builds
import unit
from counts import Counts


def run(root, build, arguments):
    total = Counts()
    for preset in ("asan-runtime", "tsan", *(("asan",) if arguments.full else ())):
        # A test's name in these builds does not say which one it is, so a filter names the preset.
        if arguments.filter and not re.search(arguments.filter, preset):
            continue
        if not builds.build(root, preset, arguments.jobs):
            print(f"the build of {preset} failed")
            total.failed += 1
            continue
        print(f"-- {preset}", flush=True)
        total.add(unit.run(root, builds.folder(root, preset), everything(arguments)))
    return total


def everything(arguments):
    """Slow tests would take hours under sanitizers."""
    return type(arguments)(**{**vars(arguments), "filter": "", "full": False})
