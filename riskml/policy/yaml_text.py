"""YAML text to plain values, strictly: no duplicate keys, no anchors, no objects, no more than 256 KiB."""

from __future__ import annotations

import yaml

from riskml.errors import PolicyError

LIMIT_BYTES = 256 * 1024


class _Strict(yaml.SafeLoader):
    """SafeLoader that refuses what a reader of the file could overlook: a key given twice, an alias."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs leave it open
            raise yaml.constructor.ConstructorError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"the key {key.value!r} is given twice", key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read_yaml(text: str | bytes, *, name: str) -> object:
    """Parse one YAML document; ``PolicyError`` names the line and column of what cannot be read.

    >>> read_yaml("version: 1", name="policy.yaml")
    {'version': 1}
    """
    if len(text) > LIMIT_BYTES:
        raise PolicyError("too long", where=name, got=f"{len(text)} bytes", expected=f"at most {LIMIT_BYTES} bytes")
    try:
        return yaml.load(text, Loader=_Strict)  # noqa: S506 # a subclass of SafeLoader: builds no objects
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        raise PolicyError(e.problem or "not YAML", where=place, expected="a YAML document") from e
    except (yaml.YAMLError, ValueError, RecursionError) as e:  # reader errors; dates such as 2026-13-40; absurd nesting
        raise PolicyError("not YAML", where=name, got=str(e)[:200], expected="a YAML document") from e
