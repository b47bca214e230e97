"""Shapes of the timeline as CSS masks, which take the colour of the page, pure."""

from collections.abc import Sequence
from urllib.parse import quote

Points = Sequence[tuple[float, float]]
"""Places from the left and from above; the height is 100."""
STROKE = "fill='none' stroke='#000' stroke-width='2' stroke-linejoin='round' vector-effect='non-scaling-stroke'"


def line(points: Points) -> str:
    """Return the path of a line."""
    return f"M{_joined(points)}"


def polygon(points: Points) -> str:
    """Return the path of an area."""
    return f"M{_joined(points)}Z"


def area(points: Points) -> str:
    """Return the path of the area below a line."""
    return f"M{points[0][0]:g} 100L{_joined(points)}L{points[-1][0]:g} 100Z"


def _joined(points: Points) -> str:
    return "L".join(f"{x:g} {y:g}" for x, y in points)


def mask(path: str, width: int, *, dashed: bool | None = None) -> str:
    """Return a path as a CSS mask: filled, or stroked where it is said whether dashed."""
    look = "fill='#000'" if dashed is None else STROKE + (" stroke-dasharray='5 4'" if dashed else "")
    box = f"viewBox='0 0 {width} 100' preserveAspectRatio='none'"
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' {box}><path d='{path}' {look}/></svg>"
    return f'url("data:image/svg+xml,{quote(svg, safe=" =:/")}")'
