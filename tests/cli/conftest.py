"""Commands as a user runs them."""

import pytest

from mien.cli.main import main


@pytest.fixture
def mien(monkeypatch, capsys, tmp_path):
    """Run `mien WORDS` in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIEN_CACHE", str(tmp_path / "cache"))

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run
