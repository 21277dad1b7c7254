"""Networks with random weights, a module per family. NETWORKS: name -> function that writes it into a folder."""
from . import classic, detection, half, light, mobile, quantised, recurrent, transformers

# 16-bit and quantised forms come last: they are made from files that the others have written.
NETWORKS = {**classic.NETWORKS, **mobile.NETWORKS, **detection.NETWORKS, **transformers.NETWORKS, **recurrent.NETWORKS,
            **light.NETWORKS, **half.NETWORKS, **quantised.NETWORKS}
