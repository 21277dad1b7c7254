"""Recurrent networks."""
import numpy as np

from .net import Net


def recurrent(kind, gates):
    """One step of two layers of 128, the state in and out: what a streaming program runs again and again."""

    def write(folder):
        n = Net(kind.lower() + "_step", (1, 64))
        x, outputs = n.op("Transpose", ["input"], 64, perm=[1, 0, 2]), []
        for width in (64, 128):
            states = [n.input(f"{s}_{width}", [1, "batch", 128]) for s in ("h", "c")[: 2 if kind == "LSTM" else 1]]
            w, r, b = n.weight((1, gates * 128, width), 0.1), n.weight((1, gates * 128, 128), 0.1), n.weight((1, 2 * gates * 128), 0.1)
            y = n.op(kind, [x, w, r, b, "", *states], 128, hidden_size=128, results=1 + len(states))
            outputs += n.more[y]
            x = n.op("Squeeze", [y, n.constant([1], np.int64)], 128)
        n.save(folder, [n.dense(x, 16), *outputs])

    return write


NETWORKS = {"lstm_step": recurrent("LSTM", 4), "gru_step": recurrent("GRU", 3)}
