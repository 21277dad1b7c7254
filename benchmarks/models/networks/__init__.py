"""Networks with random weights, a module per family. NETWORKS: name -> function that writes it into a folder."""
from . import classic, detection, light, mobile, quantised, recurrent, transformers

# Quantised forms come last: they are made from files that the others have written.
NETWORKS = {**classic.NETWORKS, **mobile.NETWORKS, **detection.NETWORKS, **transformers.NETWORKS, **recurrent.NETWORKS,
            **light.NETWORKS, **quantised.NETWORKS}
