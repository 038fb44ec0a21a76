"""The report of compare_inference.py: one row for each network, batch and number of threads."""
import statistics

import runtimes

from . import machine
from .table import markdown, number


def rounds(data, batch, threads, name):
    """(the variant that took part, its counted measurements); (None, []) where none answered."""
    variant = dict(data.get(f"chosen/{batch}/{threads}", [])).get(name)
    prefix = f"measured/{batch}/{threads}/{name}/{variant}/"
    found = [value for key, value in data.items() if key.startswith(prefix) and not key.endswith("/0")]
    return variant, [entry for entry in found if "error" not in entry]


def median(entries, field):
    return statistics.median(entry[field] for entry in entries) if entries else None


def cells(data):
    found = [key.split("/")[1:] for key in data if key.startswith("chosen/")]
    return sorted(found, key=lambda cell: (int(cell[0]), int(cell[1])))


def names_in(results):
    known = ("sluice", *runtimes.PEERS)
    return [name for name in known if any(name in data["settings"] for data in results)]


def speed_table(results):
    names = names_in(results)
    rows = []
    for data in results:
        for batch, threads in cells(data):
            times = {name: median(rounds(data, batch, threads, name)[1], "median_ms") for name in names}
            peers = {name: time for name, time in times.items() if name != "sluice" and time}
            best = min(peers, key=peers.get) if peers else None
            ratio = f"{peers[best] / times['sluice']:.2f}" if best and times.get("sluice") else "–"
            cell = [f"**{number(times[n])}**" if n == best else number(times[n]) for n in names]
            rows.append([data["network"], batch, threads, *cell, ratio])
    return markdown(["network", "batch", "threads", *(runtimes.find(n).NAME for n in names), "fastest peer / Sluice"], rows)


def start_table(results):
    names = names_in(results)
    rows = []
    for data in results:
        for batch, threads in cells(data):
            if batch != "1":
                continue
            entries = {name: rounds(data, batch, threads, name)[1] for name in names}
            cell = [f"{number(median(e, 'first_answer_s'))} s, {number(median(e, 'peak_mib'))} MiB" if e else "–"
                    for e in entries.values()]
            rows.append([data["network"], threads, *cell])
    return markdown(["network", "threads", *(runtimes.find(n).NAME for n in names)], rows)


def settings(results):
    """A line for each runtime: version, settings, and which of them took part."""
    lines = []
    for name in names_in(results):
        versions, used = set(), {}
        for data in results:
            for batch, threads in cells(data):
                variant, entries = rounds(data, batch, threads, name)
                versions.update(entry["version"] for entry in entries if "version" in entry)
                if variant:
                    used[variant] = used.get(variant, 0) + 1
        took_part = ", ".join(f"{variant} {count}×" for variant, count in sorted(used.items()))
        version = " ".join(sorted(versions)) or ", ".join(sorted({d["commit"] for d in results}))
        chosen = f" Took part: {took_part}." if len(runtimes.find(name).VARIANTS) > 1 and used else ""
        text = next(data["settings"][name] for data in results if name in data["settings"])
        lines.append(f"* {runtimes.find(name).NAME} {version}: {text}.{chosen}")
    return "\n".join(lines)


def failures(results):
    """What is missing from the table, and why."""
    seen = {}
    for data in results:
        for key, entry in data.items():
            if key.startswith("measured/") and "error" in entry:
                _, batch, threads, name, variant, _ = key.split("/")
                what = f"{data['network']}, {runtimes.find(name).NAME} ({variant}): {entry['error']}"
                seen.setdefault(what, []).append(f"{batch}/{threads}")
    return "\n".join(f"* {what} [batch/threads {', '.join(sorted(set(where)))}]" for what, where in sorted(seen.items()))


def text(results):
    counts = [len(rounds(data, *cell, name)[1]) for data in results for cell in cells(data)
              for name in names_in(results) if rounds(data, *cell, name)[1]]
    worst = max((entry.get("difference", 0) for data in results for key, entry in data.items()
                 if key.startswith("measured/") and "error" not in entry), default=0)
    parts = [f"CPU: {machine.text(results[0]['machine'])}",
             f"Milliseconds a run, medians of {min(counts, default=0)} processes. Answers agree: the largest difference is "
             f"{worst:.1g} of the largest logit.", speed_table(results),
             "From the start of the process to the first answer, and peak memory:", start_table(results),
             settings(results)]
    missing = failures(results)
    return "\n\n".join(parts + (["Missing:\n\n" + missing] if missing else []))
