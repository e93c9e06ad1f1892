"""What kind of file a path names: language, test, documentation, configuration, migration, sensitive area and more.

The default map is a set of naming customs, language by language. A repository may add to it or take away from it with a mapping
(see ``from_mapping``), which belongs to the *base* of a change, so that no change can edit its own judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from riskml.errors import PolicyError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Suffix -> language. Languages in DATA hold no behaviour of their own; LAYOUT means something by its indentation.
LANGUAGES: Mapping[str, str] = MappingProxyType({
    suffix: language for language, suffixes in {
        "java": "java jsp", "scala": "scala sc", "kotlin": "kt kts", "groovy": "groovy gvy gradle",
        "clojure": "clj cljs cljc", "python": "py pyx pyi", "javascript": "js jsx mjs cjs", "typescript": "ts tsx mts cts",
        "go": "go", "rust": "rs", "c": "c h", "c++": "cc cpp cxx c++ hh hpp hxx inl cu", "c#": "cs", "f#": "fs fsx",
        "visual basic": "vb", "ruby": "rb rake", "php": "php phtml", "swift": "swift", "objective-c": "m mm",
        "perl": "pl pm", "shell": "sh bash zsh ksh fish", "powershell": "ps1 psm1", "batch": "bat cmd",
        "sql": "sql pls ddl hql q psql", "r": "r", "lua": "lua", "haskell": "hs lhs", "elixir": "ex exs",
        "erlang": "erl hrl", "dart": "dart", "julia": "jl", "ocaml": "ml mli", "nim": "nim", "zig": "zig",
        "solidity": "sol", "fortran": "f f90 f95", "assembly": "s asm", "antlr": "g g4", "protobuf": "proto",
        "thrift": "thrift", "graphql": "graphql graphqls gql", "avro": "avsc avdl avpr", "terraform": "tf tfvars hcl",
        "vue": "vue", "svelte": "svelte", "template": "html htm xhtml ftl vm jinja j2 erb hbs mustache tmpl ejs tpl",
        "stylesheet": "css scss sass less", "starlark": "bzl star", "cmake": "cmake", "make": "mk mak",
        "xml": "xml xsd xsl xslt wsdl", "json": "json json5 jsonc", "yaml": "yaml yml", "toml": "toml",
        "properties": "properties ini cfg conf env plist", "markdown": "md markdown mdx",
        "prose": "rst txt adoc asciidoc tex textile org pod rtf",
    }.items() for suffix in suffixes.split()
})
DATA = frozenset({"xml", "json", "yaml", "toml", "properties", "markdown", "prose", "avro"})
LAYOUT = frozenset({"python", "yaml", "make", "haskell", "f#", "nim", "starlark", "cmake", "markdown", "prose"})
AREAS: Mapping[str, frozenset[str]] = MappingProxyType({
    "auth": _words("""
        auth authn authz authenticate authentication authenticator authorization authorizer authorize login logout oauth
        oauth2 oidc openid saml sso jwt password passwords passwd credential credentials kerberos sasl ldap security
    """),
    "payment": _words("""
        payment payments billing invoice invoices invoicing charge charges refund refunds payout payouts ledger checkout
    """),
    "crypto": _words("""
        crypto cryptography encrypt encryption encryptor decrypt decryption cipher ciphers tls ssl x509 keystore truststore
        certificate certificates hmac secret secrets vault
    """),
    "permissions": _words("permission permissions acl acls rbac privilege privileges role roles sudo sudoers"),
})
CLASSES = ("test", "docs", "config", "ci", "build", "infrastructure", "migration", "manifest", "lock", "api", "generated",
           "vendored", "sensitive")


@dataclass(frozen=True, slots=True)
class PathClass:
    """What a path is by its name. ``source``: code whose behaviour ships, so neither test nor documentation nor generated."""

    language: str | None = None
    source: bool = False
    test: bool = False
    docs: bool = False
    config: bool = False
    ci: bool = False
    build: bool = False
    infrastructure: bool = False
    migration: bool = False
    manifest: bool = False
    lock: bool = False
    api: bool = False
    generated: bool = False
    vendored: bool = False
    sensitive: tuple[str, ...] = ()
    directory: str = ""
    subsystem: str = ""


@dataclass(frozen=True, eq=False)  # compared by identity, so that it may key a cache
class PathMap:
    """The default customs, plus globs that put paths into a class, globs that take them out, and suffixes of languages."""

    put: Mapping[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    take: Mapping[str, tuple[re.Pattern[str], ...]] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=lambda: LANGUAGES)

    def classify(self, path: str) -> PathClass:
        """Classify one path (cached).

        >>> kind = DEFAULT.classify("src/main/java/org/acme/auth/Login.java")
        >>> kind.language, kind.source, kind.sensitive, kind.directory, kind.subsystem
        ('java', True, ('auth',), 'src/main/java/org/acme/auth', 'src')
        >>> DEFAULT.classify("src/test/java/org/acme/LoginTest.java").test
        True
        """
        return _classify(self, path)

    def classify_move(self, old: str, new: str) -> PathClass:
        """Classify a file under both its names, so that moving it takes it out of no sensitive area, nor into the tests.

        What raises attention counts if either name has it, what lowers it only if both do.

        >>> DEFAULT.classify_move("auth/login.py", "tests/login.py").sensitive
        ('auth',)
        """
        return _classify(self, new) if old == new else _classify_move(self, old, new)


DEFAULT = PathMap()


def from_mapping(mapping: object, *, where: str = "paths") -> PathMap:
    """Build a map from parsed YAML: class names to lists of globs, and ``languages`` from suffixes to names.

    Globs read as in ``.gitignore``: ``*`` stays within a folder, ``**`` does not, a glob without a slash fits the last part of
    a path, one that ends in a slash fits all below a folder. A leading ``!`` takes paths out of the class, and wins.

    >>> custom = from_mapping({"sensitive": ["engine/**"], "test": ["qa/", "!qa/tool.py"], "languages": {".jav": "java"}})
    >>> custom.classify("engine/a.go").sensitive, custom.classify("qa/x.py").test, custom.classify("qa/tool.py").test
    (('named',), True, False)

    Raises PolicyError for a key, a glob or a language that is not one.
    """
    if not isinstance(mapping, Mapping):
        raise PolicyError("a path map must be a mapping", where=where, got=mapping, expected="class names with lists of globs")
    put: dict[str, tuple[re.Pattern[str], ...]] = {}
    take: dict[str, tuple[re.Pattern[str], ...]] = {}
    languages = LANGUAGES
    for key, value in mapping.items():
        place = f"{where}.{key}"
        if key == "languages":
            languages = MappingProxyType({**LANGUAGES, **_suffixes(value, place)})
        elif key in CLASSES:
            globs = _globs(value, place)
            put[key] = tuple(_compile(glob) for glob in globs if not glob.startswith("!"))
            take[key] = tuple(_compile(glob[1:]) for glob in globs if glob.startswith("!"))
        else:
            legal = ", ".join(("languages", *CLASSES))
            raise PolicyError("unknown class of paths", where=place, got=key, expected=f"one of: {legal}")
    return PathMap(MappingProxyType(put), MappingProxyType(take), languages)


def _globs(value: object, where: str) -> list[str]:
    if not isinstance(value, list):
        raise PolicyError("not a list of globs", where=where, got=value, expected='a list such as ["billing/**"]')
    for index, glob in enumerate(value):
        if not isinstance(glob, str) or not glob.removeprefix("!").strip("/") or "\n" in glob or len(glob) > 500:
            raise PolicyError("not a glob", where=f"{where}[{index}]", got=glob, expected="a path pattern such as billing/**")
    return value


def _suffixes(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise PolicyError("not a mapping of suffixes", where=where, got=value, expected='a mapping such as {".jsp": java}')
    known = ", ".join(sorted(set(LANGUAGES.values())))
    for suffix, language in value.items():
        if not isinstance(suffix, str) or not re.fullmatch(r"\.?[\w+-]{1,20}", suffix):
            raise PolicyError("not a file suffix", where=where, got=suffix, expected="a suffix such as .jsp")
        if language not in LANGUAGES.values():
            raise PolicyError("unknown language", where=f"{where}.{suffix}", got=language, expected=f"one of: {known}")
    return {suffix.lstrip(".").lower(): language for suffix, language in value.items()}


def _compile(glob: str) -> re.Pattern[str]:
    body = glob.strip("/")
    out = "" if "/" in glob.rstrip("/") else "(?:.*/)?"
    for part in re.split(r"(\*\*/|/\*\*|\*+|\?)", body):
        plain = ".*" if part.startswith("**") else re.escape(part)
        out += {"**/": "(?:.*/)?", "/**": "/.*", "?": "[^/]", "*": "[^/]*"}.get(part, plain)
    return re.compile(out + ("/.*" if glob.endswith("/") else "(?:/.*)?"), re.DOTALL)


@lru_cache(maxsize=1 << 17)
def _classify(pathmap: PathMap, path: str) -> PathClass:
    directory, _, name = path.rpartition("/")
    parts = frozenset(part.lower() for part in directory.split("/"))
    lowered = name.lower()
    stem, _, suffix = lowered.rpartition(".")
    language = pathmap.languages.get(suffix if stem else "") or _NAMED.get(lowered) or _NAMED.get(lowered.partition(".")[0])
    behaves = language is not None and language not in DATA
    flags = _customs(path, directory, parts, name, language, behaves)
    for key, globs in pathmap.put.items():
        flags[key] = flags[key] or any(glob.fullmatch(path) for glob in globs)
    for key, globs in pathmap.take.items():
        flags[key] = flags[key] and not any(glob.fullmatch(path) for glob in globs)
    areas = _areas(path) if not flags["docs"] else ()
    sensitive = (areas or ("named",)) if flags.pop("sensitive") else ()
    idle = flags["test"] or flags["docs"] or flags["generated"] or flags["vendored"]
    return PathClass(language, behaves and not idle, **flags, sensitive=sensitive, directory=directory,
                     subsystem=path.partition("/")[0] if directory else "")


@lru_cache(maxsize=1 << 14)
def _classify_move(pathmap: PathMap, old: str, new: str) -> PathClass:
    a, b = _classify(pathmap, old), _classify(pathmap, new)
    return replace(
        b, source=a.source or b.source, test=a.test and b.test, docs=a.docs and b.docs, generated=a.generated and b.generated,
        vendored=a.vendored and b.vendored, lock=a.lock and b.lock, config=a.config or b.config, ci=a.ci or b.ci,
        build=a.build or b.build, infrastructure=a.infrastructure or b.infrastructure, migration=a.migration or b.migration,
        manifest=a.manifest or b.manifest, api=a.api or b.api, sensitive=tuple(dict.fromkeys(a.sensitive + b.sensitive)))


def _customs(path: str, directory: str, parts: frozenset[str], name: str, language: str | None, behaves: bool,
             ) -> dict[str, bool]:
    # One line a class: the order matters, because some classes leave out what an earlier one took.
    lowered = name.lower()
    top = directory.partition("/")[0].lower()
    test = bool(parts & _TEST_FOLDERS) or _TEST_NAME.search(name) is not None or _TEST_FOLDER.search(directory) is not None \
        or (behaves and bool(parts & _SPEC_FOLDERS) and language in _SPEC_LANGUAGES)
    lock = lowered in _LOCKS
    manifest = not lock and (lowered in _MANIFESTS or _MANIFEST.fullmatch(lowered) is not None)
    ci = lowered in _CI_NAMES or bool(parts & _CI_FOLDERS) or _CI.search(path) is not None
    infrastructure = not test and (_INFRA_NAME.fullmatch(lowered) is not None or (not behaves and bool(parts & _INFRA_FOLDERS)))
    build = not manifest and (lowered in _BUILDS or language in ("make", "cmake", "starlark"))
    docs = not (manifest or lock or build or ci) and (
        language in ("markdown", "prose") or _DOC_NAME.fullmatch(lowered) is not None or top in _DOC_FOLDERS
        or (not behaves and bool(parts & _DOC_FOLDERS)))
    migration = not test and not docs and (
        (bool(parts & _MIGRATION_FOLDERS) and (behaves or language in ("xml", "yaml", "json")) and lowered != "__init__.py")
        or ("alembic" in parts and "versions" in parts) or _MIGRATION.fullmatch(lowered) is not None)
    generated = lock or bool(parts & _GENERATED_FOLDERS) or _GENERATED.search(lowered) is not None
    vendored = bool(parts & _VENDORED_FOLDERS)
    config = not (test or docs or manifest or lock or ci or infrastructure or generated or vendored) and (
        language in ("yaml", "toml", "properties") or lowered in _CONFIG_NAMES
        or (language in ("json", "xml") and (bool(parts & _CONFIG_FOLDERS) or _CONFIG_NAME.search(lowered) is not None)))
    api = not (test or docs or vendored) and (
        language in ("protobuf", "thrift", "graphql", "avro") or _API_NAME.search(lowered) is not None
        or (behaves and bool(parts & _API_FOLDERS)))
    sensitive = not (test or docs or vendored) and (behaves or config or api or migration) and bool(_areas(path))
    return {"test": test, "docs": docs and not test, "config": config, "ci": ci, "build": build,
            "infrastructure": infrastructure, "migration": migration, "manifest": manifest, "lock": lock, "api": api,
            "generated": generated, "vendored": vendored, "sensitive": sensitive}


def _areas(path: str) -> tuple[str, ...]:
    words = {word.lower() for word in _WORD.findall(path)}
    return tuple(area for area, names in AREAS.items() if words & names)


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+\d*")
_NAMED = {"dockerfile": "docker", "containerfile": "docker", "makefile": "make", "gnumakefile": "make", "jenkinsfile": "groovy",
          "rakefile": "ruby", "gemfile": "ruby", "vagrantfile": "ruby", "podfile": "ruby", "build": "starlark",
          "workspace": "starlark", "cmakelists": "cmake"}

_TEST_FOLDERS = _words("""
    test tests __tests__ __mocks__ __snapshots__ testdata test-data test_data testcases testsuite testsuites testlib unittest
    unittests integration-test integration-tests integration_test integration_tests functional-tests system-tests e2e fixtures
""")
_TEST_FOLDER = re.compile(r"(?:^|/)(?:[a-z]+Test|testFixtures)(?:/|$)")  # androidTest, jvmTest of Gradle
_SPEC_FOLDERS = _words("spec specs")
_SPEC_LANGUAGES = _words("ruby javascript typescript")
_TEST_NAME = re.compile(
    r"^test_[^/]*\.py$|^conftest\.py$|(?:_test|_tests|_spec|_unittest)\.[a-z]+$|\.(?:test|spec|e2e|cy)\.[a-z]+$"
    r"|(?:[a-z0-9](?:Tests?|TestCase|TestBase|TestSuite|ITCase|IT|Specs?|Suite)|Abstract\w*Test)"
    r"\.(?:java|scala|kt|groovy|cs|swift|php|m|fs)$"
    r"|^Test[A-Z]\w*\.(?:java|scala|kt|groovy|cs|swift|php|js|py)$|\.q\.out$")
_DOC_FOLDERS = _words("doc docs documentation javadoc man website site")
_DOC_NAME = re.compile(r"(?:readme|license|licence|copying|notice|changes|changelog|history|news|authors|contributors|"
                       r"contributing|code_of_conduct|security|maintainers)(?:[-.].*)?|.*\.[1-8]")
_CONFIG_FOLDERS = _words("conf config configs configuration settings etc")
_CONFIG_NAME = re.compile(r"config|settings|log4j|logback|-site\.xml$|-default\.xml$")
_CONFIG_NAMES = _words(".editorconfig .gitattributes .gitignore .gitmodules .dockerignore .npmrc .nvmrc")
_CI_FOLDERS = _words(".circleci .buildkite .teamcity .semaphore .woodpecker .tekton")
_CI_NAMES = _words("""
    .travis.yml .gitlab-ci.yml appveyor.yml .appveyor.yml .drone.yml bitbucket-pipelines.yml cloudbuild.yaml .cirrus.yml
    codeowners dependabot.yml renovate.json
""")
_CI = re.compile(r"(?:^|/)\.(?:github/(?:workflows|actions)|gitlab/ci)/|(?:^|/)(?:jenkinsfile|azure-pipelines)[^/]*$",
                 re.IGNORECASE)
_BUILDS = _words("""
    makefile gnumakefile cmakelists.txt configure.ac configure.in meson.build build.xml tox.ini noxfile.py rakefile
    gulpfile.js gruntfile.js webpack.config.js vite.config.ts gradlew mvnw
""")
_INFRA_FOLDERS = _words("""
    terraform ansible playbooks helm charts k8s kubernetes kustomize manifests deploy deployment deployments infra
    infrastructure cloudformation pulumi
""")
_INFRA_NAME = re.compile(
    r"(?:.*\.)?(?:dockerfile|containerfile)(?:\..*)?|(?:docker-)?compose[^/]*\.ya?ml|.*\.(?:tf|tfvars|hcl|bicep|nomad)|chart\.ya?ml|"
    r"kustomization\.ya?ml|serverless\.ya?ml|skaffold\.ya?ml|vagrantfile|procfile|nginx\.conf|haproxy\.cfg|.*\.service")
_MIGRATION_FOLDERS = _words("migrations migrate flyway liquibase")
_MIGRATION = re.compile(r"[vru]\d[\d._]*__.*\.(?:sql|java|kt)|upgrade-.*\.sql|(?:db\.)?changelog[^/]*\.(?:xml|ya?ml|sql)")
_MANIFESTS = _words("""
    pom.xml build.gradle build.gradle.kts settings.gradle dependencies.gradle gradle.properties libs.versions.toml build.sbt
    plugins.sbt dependencies.scala ivy.xml package.json bower.json pyproject.toml setup.py setup.cfg pipfile environment.yml
    cargo.toml go.mod gemfile composer.json packages.config directory.packages.props mix.exs pubspec.yaml package.swift
    podfile cartfile workspace module.bazel conanfile.txt conanfile.py vcpkg.json deno.json rebar.config project.clj deps.edn
""")
_MANIFEST = re.compile(r"requirements[\w.-]*\.(?:txt|in)|constraints[\w.-]*\.txt|"
                       r".*\.(?:gemspec|csproj|fsproj|vbproj|cabal|rockspec|podspec)")
_LOCKS = _words("""
    package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lockb bun.lock cargo.lock go.sum gemfile.lock
    poetry.lock uv.lock pdm.lock pipfile.lock composer.lock gradle.lockfile pubspec.lock podfile.lock packages.lock.json
    mix.lock flake.lock deno.lock
""")
_API_FOLDERS = _words("api apis include")
_API_NAME = re.compile(r"^(?:openapi|swagger)[\w.-]*\.(?:ya?ml|json)$|\.(?:wsdl|xsd|raml|idl|avsc|avdl|d\.ts)$"
                       r"|^module-info\.java$")
_GENERATED_FOLDERS = _words("""
    generated gen-java gen-py gen-javabean gen-cpp gen-php gen-rb gen-perl gen-go src-gen __generated__ dist
""")
_GENERATED = re.compile(r"\.pb\.(?:go|cc|h)$|_pb2(?:_grpc)?\.pyi?$|\.min\.(?:js|css)$|\.bundle\.js$|\.generated\.|\.g\.dart$|"
                        r"\.designer\.cs$|\.snap$|\.map$")
_VENDORED_FOLDERS = _words("""
    vendor vendors vendored _vendor third_party third-party thirdparty node_modules bower_components extern externals
""")
