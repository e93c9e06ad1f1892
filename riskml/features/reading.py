"""The files of a change and their changed lines, read once: sizes, kinds of files, and the words of the code.

Reading is lexical and knows no grammar: a line counts as a comment by how it starts,
a word by its letters. That is what works
alike in every language, and costs microseconds.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import compress
from operator import sub

from riskml.change import Change, FileDiff
from riskml.features.vocabulary import KNOWN
from riskml.pathmap import PathClass, PathMap

CAP = 256 * 1024
"""Bytes of code that are read per change and side; what lies behind, in the order of paths, is counted in lines only."""
TAB = 4
"""Columns that a tab, or one level of indentation, stands for."""

_SLASHES = (b"//", b"/*", b"*/", b"* ", b"**")
_HASHES = (b"#",)
_COMMENT: dict[str | None, tuple[bytes, ...]] = {
    **dict.fromkeys(("python", "ruby", "shell", "perl", "r", "elixir", "julia", "make", "cmake", "starlark", "docker",
                     "powershell", "yaml", "toml", "properties", "nim", "graphql"), _HASHES),
    **dict.fromkeys(("sql", "lua", "haskell"), (b"--", b"/*", b"*/", b"* ")),
    **dict.fromkeys(("xml", "template", "markdown"), (b"<!--", b"-->")),
    **dict.fromkeys(("php", "terraform"), (*_SLASHES, *_HASHES)),
    **dict.fromkeys(("json", "prose"), ()),
    "clojure": (b";",), "erlang": (b"%",), "batch": (b"REM ", b"rem ", b"::"), "ocaml": (b"(*", b"*)"),
    "visual basic": (b"'",),
}
# Letters in lower case, digits, underscores and all that is not ASCII make words; the rest parts them.
_LETTERS = bytes(code + 32 if 65 <= code <= 90 else code if chr(code).isalnum() or code == 95 or code >= 128 else 32
               for code in range(256))


def comment_marks(language: str | None) -> tuple[bytes, ...]:
    """How a line of comment starts in a language; the slashes of C where nothing better is known."""
    return _COMMENT.get(language, _SLASHES)


class Code:
    r"""One side, added or removed, of the source code of a change.

    ``rows`` counts all lines, ``lines`` are those of code, stripped: neither blank nor, by how they start, a comment.
    ``indents`` are their depths in columns, and ``words`` tells how often each word of the vocabulary stands there.

    >>> code = Code([(b"int x; // here\n\n  // gone\n   * gone\n\tif (x) y();\n", "java")])
    >>> code.rows, code.lines, code.indents, code.words[b"if"]
    (5, [b'int x; // here', b'if (x) y();'], [0, 4], 1)
    """

    def __init__(self, texts: list[tuple[bytes, str | None]]) -> None:
        self.raw = b"".join([text for text, _ in texts])
        self.rows = 0
        self.lines: list[bytes] = []
        self.indents: list[int] = []
        sides: dict[tuple[bytes, ...], list[bytes]] = {}
        for text, language in texts:
            sides.setdefault(comment_marks(language), []).append(text if text.endswith(b"\n") else text + b"\n")
        for marks, parts in sides.items():
            text = b"".join(parts)
            rows = (text.expandtabs(TAB) if b"\t" in text else text).splitlines()
            lines = list(map(bytes.lstrip, rows))
            firsts = frozenset([mark[0] for mark in marks])  # asked first, because few lines are comments
            code = [line and (line[0] not in firsts or not (line.startswith(marks) or line == b"*")) for line in lines]
            self.rows += len(rows)
            self.indents += compress(map(sub, map(len, rows), map(len, lines)), code)
            self.lines += compress(lines, code)
        self.text = b"\n".join(self.lines)
        self.words = Counter(filter(KNOWN.__contains__, self.text.translate(_LETTERS).split()))

    def count(self, words: frozenset[bytes]) -> int:
        """How often any of the words of the vocabulary stands in the code."""
        return sum([times for word, times in self.words.items() if word in words])


class Reading:
    """A change's files with their sizes and kinds; lists run in the order of ``change.files``."""

    def __init__(self, change: Change, paths: PathMap) -> None:
        self.files: tuple[FileDiff, ...] = change.files
        self.kinds: list[PathClass] = [paths.classify_move(diff.old_path, diff.path) for diff in change.files]
        self.added: list[int] = []
        self.deleted: list[int] = []
        self.hunks = 0
        for diff in change.files:
            added = deleted = 0
            for _, old, _, new in diff.hunks:
                added += new
                deleted += old
            self.added.append(added)
            self.deleted.append(deleted)
            self.hunks += len(diff.hunks)
        self.la = sum(self.added)
        self.ld = sum(self.deleted)

    @cached_property
    def added_code(self) -> Code:
        """The source code that was added, up to ``CAP`` bytes."""
        return Code(self._source([diff.added for diff in self.files]))

    @cached_property
    def removed_code(self) -> Code:
        """The source code that was removed, up to ``CAP`` bytes."""
        return Code(self._source([diff.removed for diff in self.files]))

    def _source(self, sides: list[bytes]) -> list[tuple[bytes, str | None]]:
        texts = [(diff.path, text, kind.language) for diff, text, kind in zip(self.files, sides, self.kinds, strict=True)
                 if text and kind.source]
        if sum([len(text) for _, text, _ in texts]) > CAP:
            texts.sort()
            room = CAP
            for index, (path, text, language) in enumerate(texts):
                texts[index] = (path, text[:room], language)
                room -= min(room, len(text))
        return [(text, language) for _, text, language in texts]
