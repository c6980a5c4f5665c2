"""The tables that hold made-up faces against real ones."""

from __future__ import annotations

from benchmarks.difficulty import QUANTILES
from benchmarks.figures import Found, table


def hardness(found: Found) -> str:
    """Real and made-up faces side by side."""
    real, made = found["real"], found["made"]
    rows = _distances(real, made)
    rows += [
        (what, f"{real[key]:.{digits}f}", f"{made[key]:.{digits}f}")
        for what, key, digits in (
            ("relative contrast, median", "contrast", 2),
            ("1-NN right", "1-NN", 4),
            ("5-NN right", "5-NN", 4),
        )
    ]
    rows += _recalls(real, made)
    title = (
        f"{found['faces']:,} faces of {found['people']} people, each with the same number of "
        f"faces; the made-up ones are the mean of {found['seeds']} draws:"
    )
    return f"{title}\n\n{table(('', 'real', 'made-up'), rows)}"


def strangers(found: Found) -> str:
    """Strangers asked of real and of made-up people."""
    rows = _distances(found["real"], found["made"])
    rows += _recalls(found["real"], found["made"])
    title = f"{found['people']:,} strangers asked of them, real of real and made-up of made-up:"
    return f"{title}\n\n{table(('', 'real', 'made-up'), rows)}"


def people_apart(found: Found) -> str:
    """Real and made-up people with one face each."""
    rows = _distances(found["real"], found["made"])
    rows += _recalls(found["real"], found["made"])
    title = f"{found['people']:,} other people with one face each, as a gallery has many:"
    return f"{title}\n\n{table(('', 'real', 'made-up'), rows)}"


def _distances(real: Found, made: Found) -> list[tuple[str, str, str]]:
    said = ", ".join(f"{100 * one:.0f}" for one in QUANTILES)
    rows = [
        (
            f"distance to neighbour {rank}, quantiles {said} %",
            _series(real["distance"][rank], 3),
            _series(made["distance"][rank], 3),
        )
        for rank in real["distance"]
    ]
    if "dimension" not in real:
        return rows
    dimensions = (_series(real["dimension"], 1), _series(made["dimension"], 1))
    return [*rows, ("local intrinsic dimension, the same quantiles", *dimensions)]


def _recalls(real: Found, made: Found) -> list[tuple[str, str, str]]:
    return [
        (f"HNSW recall@5 at ef {ef}", f"{real['recall'][ef]:.3f}", f"{made['recall'][ef]:.3f}")
        for ef in real["recall"]
    ]


def _series(values: list[float], digits: int) -> str:
    return " ".join(f"{one:.{digits}f}" for one in values)
