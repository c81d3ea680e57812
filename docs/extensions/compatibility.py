"""PyTorch's names compared with the package as it is: `{{ compatibility }}`."""

from tables import DOCS, table

import mytorch


def compatibility():
    """A table of counts, then every name of PyTorch by module: here, different (docs/differences.txt),
    absent.
    """
    different, counts, details = differences(), {}, []
    known = {f"{module}.{name}" for module, names in sections().items() for name in names}
    if unknown := sorted(set(different) - known):
        raise ValueError(f"docs/differences.txt: not in torch_names.txt: {', '.join(unknown)}")
    for module, names in sections().items():
        owner = found(module)
        odd = [name for name in names if f"{module}.{name}" in different]
        if missing := [name for name in odd if not hasattr(owner, name)]:
            raise ValueError(f"docs/differences.txt: {module} of mytorch has no {', '.join(missing)}")
        same = [name for name in names if hasattr(owner, name) and name not in odd]
        absent = [name for name in names if not hasattr(owner, name)]
        counts[f"[`{module}`](#{module.lower().replace('.', '')})"] = len(same), len(odd), len(absent)
        details.append(f"## {module}")
        details += [f"**Here** ({len(same)}): {listed(same)}"] * bool(same)
        details += [f"**Different** ({len(odd)}):"] * bool(odd)
        details += ["\n".join(f"* `{name}`: {different[f'{module}.{name}']}" for name in odd)] * bool(odd)
        details += [f"**Absent** ({len(absent)}): {listed(absent)}"] * bool(absent)
    counts["**all**"] = tuple(map(sum, zip(*counts.values())))
    rows = [[label, *map(str, n), f"{1 - n[2] / sum(n):.0%}"] for label, n in counts.items()]
    return "\n\n".join(
        [table(["module", "here", "different", "absent", "here or different"], rows), *details]
    )


def sections():
    """{module: names} of torch_names.txt, which has a line [module] before the names of each."""
    lines = (DOCS / "torch_names.txt").read_text().splitlines()
    blocks = "\n".join(line for line in lines if not line.startswith("#")).split("[")[1:]
    return {block.split("]")[0]: block.split("]")[1].split() for block in blocks}


def differences():
    """{name: sentence} of lines ``name, name: sentence``."""
    lines = (DOCS / "differences.txt").read_text().splitlines()
    pairs = [line.split(": ", 1) for line in lines if line and not line.startswith("#")]
    return {name: sentence for names, sentence in pairs for name in names.split(", ")}


def found(module):
    """What mytorch has under the name of a module or class of torch; None if there is none."""
    owner = mytorch
    for part in module.split(".")[1:]:
        owner = getattr(owner, part, None)
    return owner


def listed(names):
    return " ".join(f"`{name}`" for name in names)
