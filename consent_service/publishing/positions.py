"""Where the fields of a site's folder stand: in which file, on which line."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from consent_service.core.errors import FieldError
from consent_service.publishing import strict_yaml
from consent_service.publishing.model import InvalidSiteError
from consent_service.publishing.strict_yaml import YamlError

FRONT_MATTER = re.compile(r"---\r?\n(.*?)\r?\n---\r?\n(.*)", re.DOTALL)
_PROBLEM = re.compile(r"(?P<file>[^:]+?)(?:: (?P<path>.*))?")


@dataclass(frozen=True, slots=True)
class Positions:
    """The line of each field, by file and by path such as `purposes.0.key`; the whole file is ``.

    Lines count from 1 in the file, those of front matter too.
    """

    files: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, files: Mapping[str, str]) -> "Positions":
        """Return the positions in texts of files by name."""
        return cls({name: _lines_of(name, text) for name, text in files.items()})

    def line(self, file: str, path: str = "") -> int | None:
        """Return the line of a field, else of the nearest one around it; None without the file."""
        lines = self.files.get(file)
        if lines is None:
            return None
        while path and path not in lines:
            path = path.rpartition(".")[0]
        return lines[path]

    def locate(self, problem: FieldError) -> FieldError:
        """Return a problem of `FILE` or `FILE: PATH` with the line behind the file's name."""
        found = _PROBLEM.fullmatch(problem.field)
        line = self.line(found["file"], found["path"] or "") if found else None
        if not found or line is None:
            return problem
        path = f": {found['path']}" if found["path"] else ""
        return FieldError(f"{found['file']}:{line}{path}", problem.message)


@contextmanager
def located(files: Mapping[str, str]) -> Iterator[None]:
    """Give each problem that is raised inside its line in the files."""
    try:
        yield
    except InvalidSiteError as error:
        positions = Positions.of(files)
        raise InvalidSiteError([positions.locate(each) for each in error.fields]) from error


def _lines_of(name: str, text: str) -> Mapping[str, int]:
    """Return the lines of a file; where it is no YAML, the whole is where reading failed."""
    matter = FRONT_MATTER.fullmatch(text)
    if not name.endswith(".yaml") and matter is None:
        return {"": 1}
    above = 1 if matter else 0
    try:
        lines = strict_yaml.lines(matter[1] if matter else text)
    except YamlError as error:
        return {"": error.line + above}
    return {path: line + above if path else 1 for path, line in lines.items()}
