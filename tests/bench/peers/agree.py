"""Whether answers agree. Reads [[runtime, variant, FILE.npy, layout], …] on stdin; the first TensorFlow's, or else the first
peer's, is what the others are held against. Prints {"tolerance", "differences": [[runtime, variant, difference], …]},
a difference being the largest one over the largest logit. Exits with 2 where the answers are no test: not finite, or
the same for every picture. An argument is the tolerance (1e-3)."""
import json
import sys

import numpy as np

TOLERANCE = float(sys.argv[1]) if len(sys.argv) > 1 else 1e-3
SPREAD = 1e-2  # of answers that are a test: their deviation over the largest; a third of it between two pictures


def channels_last(answer, layout):
    """Of one run: pictures too come in a runtime's own layout."""
    return answer.transpose(0, 1, 3, 4, 2) if answer.ndim == 5 and layout == "nchw" else answer


def main():
    answers = [(name, variant, channels_last(np.load(path), layout)) for name, variant, path, layout in
               json.load(sys.stdin)]
    peers = [a for a in answers if a[0] == "tensorflow"] or [a for a in answers if a[0] != "sluice"] or answers
    if not peers:
        print(json.dumps({"tolerance": TOLERANCE, "differences": []}))
        return 0
    reference = peers[0][2]
    largest = np.abs(reference).max()
    if not np.isfinite(largest) or reference.std() < SPREAD * largest:
        print(f"the answers have no spread (largest {largest:.3g}, deviation {reference.std():.3g})", file=sys.stderr)
        return 2
    rows = reference.reshape(reference.shape[0] * reference.shape[1], -1)
    if len(rows) > 1 and np.abs(rows[0] - rows[1]).max() < 0.3 * SPREAD * largest:
        print("the answers do not depend on the picture", file=sys.stderr)
        return 2
    differences = []
    for name, variant, answer in answers:
        right_size = answer.size == reference.size
        difference = np.abs(answer.reshape(reference.shape) - reference).max() / largest if right_size else np.inf
        differences.append([name, variant, float(np.nan_to_num(difference, nan=np.inf, posinf=1e30))])
    print(json.dumps({"tolerance": TOLERANCE, "differences": differences}))
    return 0


sys.exit(main())
