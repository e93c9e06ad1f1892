"""What a repository knew before a change: a log of commits in one order, and what can be seen of it from one of them.

``History`` is a fold: ``append`` adds the facts of one commit. A ``View`` is what the ancestors of one commit did and nothing
else, so a feature cannot see the future, nor a branch that was not merged yet. What a view says depends on the set of
ancestors alone: a history mined in one go, grown in steps, or full of foreign branches gives the same answers.

**Time.** Committer times run backwards when clocks are wrong or commits are rebased, so every window uses the *settled* time
of a commit: the largest committer time among itself and its ancestors. Commits are appended in the order of ``ordered``
(settled time, generation, id), which has parents before children and never steps back in time. So a window of days is a
range of positions, and a count is a binary search in a sorted list, however old or hot the file is.

**Identity.** A file keeps its past through renames. A path is bound to a file by the commit that adds or renames it, and
looked up through the latest binding among the visible commits. A deleted path stays bound, so that a file that comes back
finds its past. A path whose file was renamed away is free, and who adds it later starts a new file. Branches that add the
same path independently (a cherry-pick) speak of one file.
"""

from riskml.history.fold import History
from riskml.history.order import Header, ordered
from riskml.history.past import AuthorPast, FilePast, RepositoryPast
from riskml.history.reported import Repairs, ReportedPast
from riskml.history.view import View

__all__ = ["AuthorPast", "FilePast", "Header", "History", "Repairs", "ReportedPast", "RepositoryPast", "View", "ordered"]
