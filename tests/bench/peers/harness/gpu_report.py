"""The report of compare_gpu.py: a row for each network, task, batch and precision."""
import statistics

from . import machine
from .table import markdown, number, quartiles

GOALS = {"inference": 1.1, "training": 1.0}  # times compiled PyTorch
MOST_IDLE = 0.05  # of a training step


def cells_of(data):
    found = {tuple(key.split("/")[1:4]) for key in data if key.startswith("tried/")}
    return sorted(found, key=lambda cell: (cell[0], int(cell[1]), cell[2] != "tf32"))


def rounds_of(data, cell):
    prefix = f"round/{'/'.join(cell)}/"
    return [value for key, value in data.items() if key.startswith(prefix)]


def ratio(rounds, peer):
    """"1.20 (1.18–1.22)", and its median: the peer's time over ours, round by round."""
    values = [r[peer] / r["sluice"] for r in rounds if peer in r and "sluice" in r]
    if not values:
        return "–", None
    low, middle, high = quartiles(values)
    return f"{middle:.2f} ({low:.2f}–{high:.2f})", middle


def row(data, cell):
    rounds = rounds_of(data, cell)
    names = [name for name in ("sluice", "eager", "compile", "compile_graphs") if rounds and name in rounds[0]]
    medians = {name: statistics.median(r[name] for r in rounds) for name in names}
    compiled = next((name for name in names if name.startswith("compile")), None)
    text, middle = ratio(rounds, compiled)
    tried = data.get(f"tried/{'/'.join(cell)}/sluice", {})
    idle = None
    if cell[0] == "training" and "device_busy_ms" in tried and "sluice" in medians:
        idle = max(0.0, 1 - tried["device_busy_ms"] / medians["sluice"])
    reached = "–"
    if middle is not None:
        reached = "yes" if middle >= GOALS[cell[0]] and (idle is None or idle < MOST_IDLE) else "no"
    name = f"{number(medians[compiled])} ({compiled})" if compiled else "–"
    return [data["network"], cell[0], cell[1], cell[2], number(medians.get("sluice")), number(medians.get("eager")), name,
            ratio(rounds, "eager")[0], text, "–" if idle is None else f"{100 * idle:.0f} %", reached]


def failures(results):
    lines = []
    for data in results:
        for key, value in sorted(data.items()):
            if key.startswith(("tried/", "agreed/")) and isinstance(value, dict) and "error" in value:
                lines.append(f"* {data['network']}, {key.split('/', 1)[1]}: {value['error']}")
    return "\n".join(lines)


def report(results):
    head = ["network", "task", "batch", "precision", "Sluice, ms", "PyTorch eager, ms", "PyTorch compiled, ms",
            "eager / Sluice", "compiled / Sluice", "GPU idle", "goal reached"]
    rows = [row(data, cell) for data in results for cell in cells_of(data)]
    counts = [len(rounds_of(data, cell)) for data in results for cell in cells_of(data)]
    versions = {value["version"] for data in results for key, value in data.items()
                if key.startswith("tried/") and "version" in value}
    about = results[0]["machine"]
    parts = [f"{about['gpu']}; {machine.text(about)}", f"Sluice {results[0]['commit']}, PyTorch {', '.join(sorted(versions))}; "
             f"{min(counts, default=0)} to {max(counts, default=0)} rounds, medians, ratios with quartiles.",
             markdown(head, rows),
             "A run begins with pictures in the host's memory and ends with logits, or the loss, there. PyTorch: channels "
             "last, cudnn.benchmark, page-locked pictures; bf16 in inference by weights in bfloat16, in training by autocast; "
             "compiled: torch.compile, with CUDA graphs (compile_graphs) where that is faster. The GPU is idle for what a "
             "step takes beyond the time in which, traced, some kernel of it runs.",
             f"Goals: {GOALS['inference']} times compiled PyTorch in inference, {GOALS['training']} in training, the GPU idle for "
             f"less than {100 * MOST_IDLE:.0f} % of a training step."]
    missing = failures(results)
    return "\n\n".join(parts + (["Missing:\n\n" + missing] if missing else []))
