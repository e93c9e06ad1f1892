"""The command line is documented, and starts fast."""

import subprocess
import sys

from riskml.cli.main import COMMANDS, build_parser


def test_every_verb_has_a_module_with_help() -> None:
    """Each verb of the table can be built and explains itself."""
    parser = build_parser(tuple(COMMANDS))
    text = parser.format_help()

    assert all(verb in text for verb in COMMANDS)


def test_help_imports_nothing_heavy() -> None:
    """``riskml --help`` loads none of the libraries that take long to import."""
    heavy = {"numpy", "git", "pandas", "lightgbm", "sqlalchemy", "fastapi", "mlflow", "httpx", "yaml", "pyarrow", "sklearn"}
    code = "import sys; from riskml.cli.main import main; main([]); print(','.join(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert heavy & set(done.stderr.strip().split(",")) == set()
