"""The history of a repository: grows by commits, and is looked at from one of them."""

from __future__ import annotations

from riskml.errors import UsageError
from riskml.history.log import Log
from riskml.history.view import View
from riskml.history.visible import NOTHING


class History(Log):
    """A fold over commits. ``append`` adds one; ``view`` shows what was known at one."""

    def view(self, base: str | None) -> View:
        """Show what is known at ``base``, the commit that a change starts from; ``None`` is the parent of a root.

        Raises ``UsageError`` when the base was never appended, unless the history is incomplete and may well lack it.
        """
        if base is None or (base not in self.positions and not self.complete):
            return View(self, NOTHING)
        if base not in self.positions:
            raise UsageError("this commit was not mined", where="history", got=base, expected="a commit of the mined history")
        return View(self, self.seen(self.positions[base]))

