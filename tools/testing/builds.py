"""Configures and builds presets, each in build/<preset>."""
import os
import subprocess


def folder(root, preset):
    return os.path.join(root, "build", preset)


def build(root, preset, jobs, targets=()):
    """True when both steps succeeded."""
    command = ["cmake", "--build", "--preset", preset, "--parallel", str(jobs)]
    for step in (["cmake", "--preset", preset], command + (["--target", *targets] if targets else [])):
        print("+ " + " ".join(step), flush=True)
        if subprocess.run(step, cwd=root).returncode != 0:
            return False
    return True
