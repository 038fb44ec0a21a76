"""What the numbers were measured on."""
import os
import platform

SETS = (("avx512_bf16", "AVX512_BF16"), ("avx512_vnni", "AVX512_VNNI"), ("avx512f", "AVX-512F"), ("avx2", "AVX2"),
        ("fma", "FMA"))


def describe():
    """{"cpu", "cores", "instruction_sets", "system"}."""
    with open("/proc/cpuinfo") as info:
        facts = dict(line.strip().split("\t: ", 1) for line in info if "\t: " in line)
        facts = {key.strip(): value for key, value in facts.items()}
    flags = facts.get("flags", "").split()
    name = f"{facts.get('model name', platform.machine())} (family {facts.get('cpu family', '?')})"
    return {"cpu": name, "cores": os.cpu_count(), "instruction_sets": [n for flag, n in SETS if flag in flags],
            "system": platform.platform()}


def text(machine):
    return f"{machine['cpu']}, {machine['cores']} cores, {', '.join(machine['instruction_sets'])}; {machine['system']}"
