"""What kind of file a path names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import PolicyError
from riskml.pathmap import CLASSES, DEFAULT, from_mapping

EXAMPLES = [
    ("src/main/java/org/acme/Foo.java", "source"), ("lib/foo.py", "source"), ("Foo.scala", "source"), ("web/app.tsx",
    "source"),
    ("src/test/java/org/acme/Foo.java", "test"), ("tests/test_x.py", "test"), ("pkg/x_test.go", "test"), ("a/b.spec.ts",
    "test"),
    ("core/src/x/KafkaTest.scala", "test"), ("app/src/androidTest/X.kt", "test"), ("spec/models/user_spec.rb", "test"),
    ("README.md", "docs"), ("docs/index.html", "docs"), ("docs/conf.py", "docs"), ("LICENSE", "docs"), ("a/notes.txt",
    "docs"),
    ("conf/server.properties", "config"), ("etc/app.yaml", "config"), ("src/main/resources/log4j2.xml", "config"),
    (".github/workflows/ci.yml", "ci"), (".gitlab-ci.yml", "ci"), ("Jenkinsfile", "ci"), (".circleci/config.yml", "ci"),
    ("Makefile", "build"), ("CMakeLists.txt", "build"), ("tools/BUILD", "build"),
    ("Dockerfile", "infrastructure"), ("infra/main.tf", "infrastructure"), ("charts/app/values.yaml", "infrastructure"),
    ("docker-compose.yml", "infrastructure"), ("k8s/deploy.yaml", "infrastructure"),
    ("app/migrations/0001_initial.py", "migration"), ("db/migrate/20200101_x.rb", "migration"),
    ("src/main/resources/db/V2__add_users.sql", "migration"), ("alembic/versions/ab12.py", "migration"),
    ("pom.xml", "manifest"), ("package.json", "manifest"), ("requirements-dev.txt", "manifest"), ("go.mod", "manifest"),
    ("a/Foo.csproj", "manifest"), ("build.gradle", "manifest"),
    ("package-lock.json", "lock"), ("go.sum", "lock"), ("Cargo.lock", "lock"),
    ("proto/a.proto", "api"), ("openapi.yaml", "api"), ("org/acme/api/Foo.java", "api"), ("include/x.h", "api"),
    ("web/jquery.min.js", "generated"), ("gen-java/Foo.java", "generated"), ("x_pb2.py", "generated"), ("yarn.lock",
    "generated"),
    ("vendor/github.com/x/y.go", "vendored"), ("third_party/z.c", "vendored"),
    ("auth/login.py", "sensitive"), ("org/acme/security/JwtToken.java", "sensitive"), ("billing/charge.py", "sensitive"),
    ("lib/AesCipher.java", "sensitive"), ("src/AclManager.scala", "sensitive"), ("conf/ssl.properties", "sensitive"),
]
DENIALS = [
    ("tests/test_x.py", "source"), ("docs/conf.py", "source"), ("vendor/a.go", "source"), ("a.json", "source"),
    ("src/contest/Latest.java", "test"), ("lib/attestation.py", "test"), ("org/acme/doc/Foo.java", "docs"),
    ("requirements.txt", "docs"), ("CMakeLists.txt", "docs"), ("pom.xml", "config"), ("tests/auth/test_login.py",
    "sensitive"),
    ("docs/security.md", "sensitive"), ("lib/author.py", "sensitive"), ("lib/charger.py", "sensitive"),
    ("src/java/migrations/notes.md", "migration"), ("app/migrations/__init__.py", "migration"), ("src/deploy/Deploy.java",
                                                                                                 "infrastructure"),
]


@pytest.mark.parametrize(("path", "kind"), EXAMPLES)
def test_customs_are_known(path: str, kind: str) -> None:
    """Each class has its customs of naming, in many languages."""
    assert getattr(DEFAULT.classify(path), kind)


@pytest.mark.parametrize(("path", "kind"), DENIALS)
def test_customs_are_not_stretched(path: str, kind: str) -> None:
    """What only looks alike is left out, and classes that lower attention win over those that raise it."""
    assert not getattr(DEFAULT.classify(path), kind)


@pytest.mark.parametrize(("path", "language"), [
    ("a.java", "java"), ("A.SCALA", "scala"), ("x/Dockerfile", "docker"), ("Makefile", "make"), (".gitignore", None), ("a",
    None),
    ("a.unknown", None), ("Dockerfile.dev", "docker"), ("x.tar.gz", None), ("a.h", "c"),
])
def test_languages_go_by_suffix_or_name(path: str, language: str | None) -> None:
    """A hidden file has no suffix, and an unknown suffix is no language."""
    assert DEFAULT.classify(path).language == language


def test_folders_are_those_of_the_path() -> None:
    """The subsystem is the top folder; files of the root share one of their own."""
    deep, root = DEFAULT.classify("a/b/c.py"), DEFAULT.classify("c.py")

    assert (deep.directory, deep.subsystem, root.directory, root.subsystem) == ("a/b", "a", "", "")


def test_moving_hides_nothing() -> None:
    """A file that leaves a sensitive area or enters the tests is still taken for what it was."""
    moved = DEFAULT.classify_move("auth/login.py", "tests/login.py")

    assert moved.sensitive == ("auth",)
    assert not moved.test
    assert moved.source


def test_a_repository_puts_paths_in_and_takes_them_out() -> None:
    """Globs read as in .gitignore, and a taken-out path stays out."""
    custom = from_mapping({
        "sensitive": ["engine/**", "*.rules"], "test": ["qa/", "!qa/tool.py"], "vendored": ["/lib/*/copy.c"],
        "docs": ["!docs/api/**"],
        "languages": {".jav": "java"},
    })

    assert custom.classify("engine/x/y.c").sensitive == ("named",)
    assert custom.classify("deep/down/fire.rules").sensitive == ("named",)
    assert custom.classify("qa/a/b.py").test
    assert not custom.classify("qa/tool.py").test
    assert custom.classify("qa/tool.py").source
    assert custom.classify("lib/a/copy.c").vendored
    assert not custom.classify("lib/a/b/copy.c").vendored
    assert not custom.classify("x/lib/a/copy.c").vendored
    assert not custom.classify("docs/api/a.py").docs
    assert custom.classify("a.jav").language == "java"


def test_an_override_does_not_leak() -> None:
    """The default customs stay as they are beside a custom map."""
    from_mapping({"test": ["**"]})

    assert not DEFAULT.classify("a.py").test


@pytest.mark.parametrize(("mapping", "words"), [
    ([], "must be a mapping at paths: got []"),
    ({"tests": ["x"]}, "unknown class of paths at paths.tests: got 'tests'; expected one of: languages, test, docs"),
    ({"test": "x"}, "not a list of globs at paths.test: got 'x'"),
    ({"test": ["ok", 3]}, "not a glob at paths.test[1]: got 3"),
    ({"test": ["!"]}, "not a glob at paths.test[0]: got '!'"),
    ({"languages": {".x": "klingon"}}, "unknown language at paths.languages..x: got 'klingon'; expected one of: antlr"),
    ({"languages": {"a/b": "java"}}, "not a file suffix at paths.languages: got 'a/b'"),
    ({"languages": ["java"]}, "not a mapping of suffixes at paths.languages"),
])
def test_a_bad_map_is_refused_in_four_parts(mapping: object, words: str) -> None:
    """The refusal names the key, the value and the legal ones."""
    with pytest.raises(PolicyError) as refused:
        from_mapping(mapping)

    assert words in str(refused.value)


@given(st.text(max_size=60), st.text(max_size=60))
def test_every_path_has_a_class(old: str, new: str) -> None:
    """No path, however odd, fails; a move keeps what either name raises."""
    kind, before = DEFAULT.classify_move(old, new), DEFAULT.classify(old)

    assert set(before.sensitive) <= set(kind.sensitive)
    assert kind.directory == new.rpartition("/")[0]


def test_classes_name_fields() -> None:
    """Every class that a repository may override is a field of the record."""
    assert all(hasattr(DEFAULT.classify("a"), name) for name in CLASSES)
