"""What every bench returns and prints: gates (correctness), figures and ratios."""

import sys

import msgspec

__all__ = ["Report", "show"]


class Report(msgspec.Struct):
    """A bench whose gate is false has no speed: it exits with 1."""

    gates: dict[str, bool] = {}
    figures: dict[str, float] = {}
    ratios: dict[str, float] = {}
    notes: list[str] = []
    """What a reader must know to understand a number, and what could not be measured."""

    @property
    def passed(self) -> bool:
        return bool(self.gates) and all(self.gates.values())


def show(name: str, report: Report, *, as_json: bool) -> None:
    """Print one JSON object, or a table for people."""
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    print(f"{name}")
    for gate, passed in report.gates.items():
        print(f"  gate   {gate:<40} {'ok' if passed else 'FAILED'}")
    for key, value in report.figures.items():
        print(f"  figure {key:<40} {value:,.2f}")
    for key, value in report.ratios.items():
        print(f"  ratio  {key:<40} {value:,.2f}")
    for note in report.notes:
        print(f"  note   {note}")
