"""What goes wrong through no fault of mien's: one clear line, exit code 2 on the command line."""


class MienError(Exception):
    """Something the user can mend; the message names the input, what was expected and the way out."""


class DataError(MienError):
    """A data set that cannot be read as it is: missing, corrupt, or not in the format that it claims."""


class RunError(MienError):
    """A run directory that cannot be used as asked: missing, in use, of another format, or not writable."""


class ConfigError(MienError):
    """A choice that makes no sense: an unknown name, a number out of range, two options that exclude each other."""


class MissingExtra(MienError):
    """An optional package that is not installed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}, which is not installed: pip install 'mien[{extra}]'")


class MissingInput(MienError):
    """Something that a diagnostic needs and a run or the data lacks; its section says so in place of an answer."""
