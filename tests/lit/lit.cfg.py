"""The lit suite: IR through dlc-opt and dlc, checked by FileCheck. Needs lit.site.cfg.py, which CMake writes."""
import os

import lit.formats

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.build_root

# Every command runs with 4 GiB of address space and 60 seconds of processor time.
LIMIT = "prlimit --as=4294967296 --cpu=60 "
tools = config.dlc_tools_folder
config.substitutions += [
    (r"\bdlc-opt\b", LIMIT + os.path.join(tools, "dlc-opt", "dlc-opt")),
    (r"%dlc\b", LIMIT + os.path.join(tools, "dlc", "dlc")),
    (r"\bFileCheck\b", "FileCheck-22 --dump-input=never"),
    (r"\bnot\b", "not-22"),
    (r"%examples\b", os.path.join(config.dlc_source_root, "examples")),
]
