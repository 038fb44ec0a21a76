"""Markdown tables and the statistics in them."""
import statistics


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value, digits=3):
    """Three significant digits, without an exponent."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits - 1 if value < 10 else digits - 2}f}" if value >= 1 else f"{value:.3g}"


def quartiles(values):
    """(lower quartile, median, upper quartile); the only value thrice where there is one."""
    values = list(values)
    return tuple(statistics.quantiles(values, n=4)) if len(values) > 1 else (values[0],) * 3
