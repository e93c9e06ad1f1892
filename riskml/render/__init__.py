"""From records to text: one target a file. Renders, and applies nothing.

``render(plan, target)`` gives what a deploy tool reads, or refuses with a code, a path and a target that can. ``OUTPUTS`` turns
a decision, as the service answers it, into something for people and for CI.
"""

from riskml.render.table import OUTPUTS, RENDERERS, Option, options, render, show

__all__ = ["OUTPUTS", "RENDERERS", "Option", "options", "render", "show"]
