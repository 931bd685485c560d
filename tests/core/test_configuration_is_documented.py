"""docs/configuration.md names every variable that is read, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READERS = [*sorted((ROOT / "portal" / "settings").glob("*.py")), ROOT / "portal" / "env.py"]
SANDBOX = ROOT / "apps" / "sandbox" / "settings.py"
# Read by Django itself, before any settings.
BY_DJANGO = {"DJANGO_SETTINGS_MODULE"}


def variables_read_in(path: Path) -> set[str]:
    """The names that a module hands to `env_…` functions or to `os.environ.get`."""
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    readers = [call for call in calls if re.match(r"env_\w+$|os\.environ\.get$", ast.unparse(call.func))]
    names = [call.args[0] for call in readers if call.args]
    return {name.value for name in names if isinstance(name, ast.Constant) and isinstance(name.value, str)}


def variables_read_by_run() -> set[str]:
    return set(re.findall(r"\$\{([A-Z_]+):-", (ROOT / "run").read_text(encoding="utf-8")))


def variables_documented() -> set[str]:
    """The first cells of the tables."""
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE))


def test_every_variable_that_is_read_is_documented_and_no_other():
    read = set().union(*map(variables_read_in, [*READERS, SANDBOX])) | variables_read_by_run() | BY_DJANGO

    assert variables_documented() == read


def test_the_test_sees_the_variables():
    assert {"PORTAL_URL", "CORIPO_RECORD_URL", "LEASE_SECONDS"} <= variables_read_in(ROOT / "portal/settings/base.py")
    assert variables_read_in(SANDBOX) == {"SANDBOX_URL", "SANDBOX_TLS_URL", "SANDBOX_DATA"}
    assert variables_read_by_run() == {"PYTHON", "PORTAL_VENV", "PORTAL_DATA", "SANDBOX_DATA"}
