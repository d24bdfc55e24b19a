"""The growth of a run as a picture: the host's memory and the consents done, over time, for each number of consents."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.watch import MEBIBYTE, Sample
from tests.browser.chromium import MISSING, find_chromium, running_chromium

WIDTH, HEIGHT = 960, 620
LEFT, RIGHT = 80, 850
LINES = 4
# Told apart without colours too: by their names at their ends, and by their lengths.
COLOURS = ("#b45309", "#0f766e", "#1d4ed8", "#7e22ce")
STYLE = (
    "text{font:14px sans-serif;fill:#1f2937}.title{font-weight:bold;font-size:16px}"
    ".grid{stroke:#d1d5db}.half{stroke:#6b7280;stroke-dasharray:2 4}"
    ".ceiling{stroke:#6b7280;stroke-dasharray:8 5;stroke-width:2}polyline{fill:none;stroke-width:2.5}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One run: how many consents, and what was seen while it lasted."""

    consents: int
    samples: Sequence[Sample]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """A plot of one quantity over the seconds of the longest run; both scales begin at zero."""

    title: str
    top: float
    bottom: float
    seconds: float
    most: float

    def x(self, seconds: float) -> float:
        return LEFT + (RIGHT - LEFT) * seconds / self.seconds

    def y(self, value: float) -> float:
        return self.bottom - (self.bottom - self.top) * value / self.most

    def frame(self) -> Iterator[str]:
        yield f'<text class="title" x="{LEFT}" y="{self.top - 14}">{self.title}</text>'
        for step in range(LINES + 1):
            value, seconds = self.most * step / LINES, self.seconds * step / LINES
            x, y = self.x(seconds), self.y(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
            yield f'<text x="{LEFT - 10}" y="{y + 5}" text-anchor="end">{value:,.0f}</text>'
            yield f'<text x="{x}" y="{self.bottom + 22}" text-anchor="middle">{seconds:,.0f} s</text>'

    def line(self, points: Sequence[tuple[float, float]], colour: str, name: str) -> Iterator[str]:
        drawn = " ".join(f"{self.x(seconds):.1f},{self.y(value):.1f}" for seconds, value in points)
        x, y = self.x(points[-1][0]), self.y(points[-1][1])
        yield f'<polyline points="{drawn}" stroke="{colour}"/><circle cx="{x}" cy="{y}" r="4" fill="{colour}"/>'
        yield f'<text x="{x + 9}" y="{y + 5}" style="fill:{colour}">{name}</text>'


def draw(growths: Sequence[Growth], file: Path, *, ceiling: float) -> None:
    """Write the picture (PNG); `ceiling` is how many consents a second the vault lets through. Needs Chromium."""
    chromium = find_chromium()
    if chromium is None:
        raise SystemExit(MISSING)
    with running_chromium(chromium) as browser:
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=1.5)
        page.set_content(f'<body style="margin:0;background:white">{_picture(growths, ceiling)}</body>')
        page.screenshot(path=file)


def _picture(growths: Sequence[Growth], ceiling: float) -> str:
    longest = max(growths, key=lambda growth: growth.samples[-1].seconds)
    seconds = _round(longest.samples[-1].seconds)
    resident = max(sample.resident for growth in growths for sample in growth.samples) / MEBIBYTE
    memory = _Panel(
        title="Memory of the host's process on a store day, MiB, by number of consents",
        top=50,
        bottom=270,
        seconds=seconds,
        most=_round(1.2 * resident),
    )
    done = _Panel(
        title="Consents stored; dashed: what the vault's limit lets through",
        top=350,
        bottom=570,
        seconds=seconds,
        most=_round(longest.consents),
    )
    parts = [*memory.frame(), *done.frame(), *_half(memory, longest), *_ceiling(done, ceiling)]
    for growth, colour in zip(growths, COLOURS, strict=False):
        sizes = [(sample.seconds, sample.resident / MEBIBYTE) for sample in growth.samples]
        parts += memory.line(sizes, colour, f"{growth.consents:,}")
        if growth is longest:
            counts = [(sample.seconds, float(sample.done)) for sample in growth.samples]
            parts += done.line(counts, colour, f"{growth.consents:,}")
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
    return f"{opening}<style>{STYLE}</style>{''.join(parts)}</svg>"


def _half(panel: _Panel, growth: Growth) -> Iterator[str]:
    """Where half of the longest run's consents are done."""
    x = panel.x(next(sample.seconds for sample in growth.samples if 2 * sample.done >= growth.consents))
    yield f'<line class="half" x1="{x}" x2="{x}" y1="{panel.top}" y2="{panel.bottom}"/>'
    yield f'<text x="{x + 6}" y="{panel.bottom - 8}">half of {growth.consents:,} done</text>'


def _ceiling(panel: _Panel, ceiling: float) -> Iterator[str]:
    seconds = min(panel.seconds, panel.most / ceiling)
    x, y = panel.x(seconds), panel.y(seconds * ceiling)
    yield f'<line class="ceiling" x1="{LEFT}" y1="{panel.bottom}" x2="{x}" y2="{y}"/>'


def _round(number: float) -> float:
    """The next larger number that is a multiple of a power of ten by 1, 2, 4 or 8."""
    power = math.pow(10, math.floor(math.log10(number)))
    return next(step * power for step in (1, 1.2, 1.6, 2, 4, 6, 8, 10) if step * power >= number)
