"""Tables from text, npy, npz, Parquet and pipes: the numbers, the names, and the place of what is wrong."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mien.data._kept as kept_module
import mien.data._numpy_table as numpy_module
import mien.data._parquet_table as parquet_module
import mien.data._text_table as text_module
from mien.core.errors import ConfigError, DataError, MissingExtra
from mien.core.rows import Rows
from mien.data.tables import holds_faces, read

X = np.random.default_rng(0).normal(size=(50, 3)) * 10.0 ** np.array([-8, 0, 8])


def values(rows: Rows) -> np.ndarray:
    return np.concatenate([block.values for block in rows.blocks()])


def labels(rows: Rows) -> list[str]:
    return [name for block in rows.blocks() for name in block.labels or ()]


def written(folder: Path, text: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def of_text(folder: Path, text: str | bytes, **choices: Any) -> Rows:
    return read(written(folder, text), **choices)


@pytest.fixture(params=["kept", "streamed", "streamed by Arrow"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Small files are parsed once; large ones in chunks, by Arrow where it is installed."""
    if request.param != "kept":
        monkeypatch.setattr(text_module, "_SMALL", -1)
        monkeypatch.setattr(text_module, "_CHUNK", 40)
    if request.param == "streamed":
        monkeypatch.setattr(text_module, "_arrow_csv", lambda: None)
    return str(request.param)


# ---- text: numbers, names, labels


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", ["", "a{0}b{0}c\n", "\ufeffa{0}b{0}c\n"])
def test_numbers_come_back_to_the_last_bit(
    tmp_path: Path, way: str, delimiter: str, end: str, header: str
) -> None:
    text = header.format(delimiter) + "\n".join(delimiter.join(map(repr, row)) for row in X.tolist()) + "\n"
    rows = of_text(tmp_path, text.replace("\n", end))
    assert (values(rows) == X).all()
    assert (values(rows) == X).all()  # a second pass
    assert rows.columns == (("a", "b", "c") if header else ("column 1", "column 2", "column 3"))


@pytest.mark.parametrize(
    ("text", "columns", "names"),
    [
        ("1,2\n3,4\n", ("column 1", "column 2"), []),
        ("x,y\n1,2\n3,4", ("x", "y"), []),
        ("name,x,y\np,1,2\nq,3,4\n", ("x", "y"), ["p", "q"]),
        ("p,1,2\nq,3,4\n", ("column 2", "column 3"), ["p", "q"]),
        (",0,1\n0,1,2\n1,3,4\n", ("0", "1"), ["0", "1"]),  # pandas.DataFrame.to_csv
        ('"","x","y"\n"1",1,2\n"2",3,4\n', ("x", "y"), ["1", "2"]),  # R's write.csv
        ("year,2019,2020\n1,1,2\n2,3,4", ("year", "2019", "2020"), []),
        ("# x,y\n1,2\n3,4\n", ("x", "y"), []),  # numpy.savetxt
        ('"a, b",y\n1,2\n3,4\n', ("a, b", "y"), []),
        ('n,x,y\n"Doe, J",1,2\n"Roe ""R""",3,4\n', ("x", "y"), ["Doe, J", 'Roe "R"']),
        ("\n\nx,y\n\n1,2\n \n3,4\n\n", ("x", "y"), []),
        ("x\n1\n3\n", ("x",), []),
        (" x , y \n 1 , 2 \n 3 , 4 \n", ("x", "y"), []),
    ],
)
def test_headers_and_labels(
    tmp_path: Path, way: str, text: str, columns: tuple[str, ...], names: list[str]
) -> None:
    rows = of_text(tmp_path, text)
    assert rows.columns == columns
    assert values(rows)[:, -2:].tolist() == ([[1], [3]] if columns == ("x",) else [[1, 2], [3, 4]])
    assert labels(rows) == names


@pytest.mark.parametrize("header", ["a,b,kind\n", ""])
def test_columns_and_labels_can_be_named(tmp_path: Path, way: str, header: str) -> None:
    text = header + "1,2,p\n3,4,q\n"
    by_number = of_text(tmp_path, text, labels="3")
    assert values(by_number).tolist() == [[1, 2], [3, 4]]
    assert labels(by_number) == ["p", "q"]
    assert values(of_text(tmp_path, text, columns=["2", "1"])).tolist() == [[2, 1], [4, 3]]
    if header:
        named = of_text(tmp_path, text, columns=["b"], labels="kind")
        assert named.columns == ("b",)
        assert values(named).tolist() == [[2], [4]]
        assert labels(named) == ["p", "q"]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"columns": ["z"]}, r"t\.csv: has no column 'z'; it has a, b \(or a number from 1 to 2\)"),
        ({"labels": "3"}, "has no column '3'"),
        ({"columns": ["a"], "labels": "a"}, "column a cannot be both"),
    ],
)
def test_columns_that_are_not_there(tmp_path: Path, choices: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        of_text(tmp_path, "a,b\n1,2\n", **choices)


# ---- text: what is wrong, and where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"t\.csv: is empty$"),
        ("\n \n", r"t\.csv: is empty$"),
        ("x,y\n", r"t\.csv: has a header, but no row below it"),
        ("1,2\n3,abc\n", r"t\.csv, line 2, column 2: expected a number, got 'abc'; .*--labels.*--columns"),
        ("x,y\n1,2\n3,abc\n", r"line 3, column 2 \(y\): expected a number, got 'abc'"),
        ("x,y\n\n\n1,2\n\n3,abc\n", r"line 6, column 2 \(y\)"),
        ("1,abc,3\n1,2,3\n", r"line 1, column 2: expected a number, or a header with a name in every column"),
        ("x,y\n1,2\n3,\n", r"line 3, column 2 \(y\): expected a number, the field is empty"),
        ("x,y\n1,nan\n3,4\n", r"line 2, column 2 \(y\): expected a finite number, got nan"),
        ("x,y\n1,2\n-inf,4\n", r"line 3, column 1 \(x\): expected a finite number, got -inf"),
        ("1,2\n3,1e999\n", r"line 2, column 2: expected a finite number, got 1e999"),
        ("x,y\n1,2\n3,4,5\n", r"line 3: expected 2 columns, as in the first row, got 3"),
        ("x,y,z\n1,2,3\n3,4\n", r"line 3: expected 3 columns, as in the first row, got 2"),
        (
            "1,2,3\n" * 30 + "3,4\n" + "1,2,3\n" * 30,
            r"line 31: expected 3 columns, as in the first row, got 2",
        ),
        ("n,x\np,1\nq,2,3\n", r"line 3: expected 2 columns, as in the first row, got 3"),
        ("n,x,y\np,1,2\nq,2,no\n", r"line 3, column 3 \(y\): expected a number, got 'no'"),
        ("x,y\n1,2\n1_000,3\n", r"line 3, column 1 \(x\): expected a number, got '1_000'"),
        ("x,y\n1,2\n1 2,3\n", r"line 3, column 1 \(x\): expected a number, got '1 2'"),
        ("1;2,5\n3;4,5\n", r"line 1, column 2: .* got '2,5'"),
        (b"x,y\n1,2\n3,\xff\n", r"line 3: expected numbers as UTF-8 text"),
        ('1,2\n3,"4\n', r"line 2"),
    ],
)
def test_one_line_with_the_place(tmp_path: Path, way: str, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as raised:
        values(of_text(tmp_path, text))
    assert "\n" not in str(raised.value)


def test_the_place_is_right_far_into_a_large_file(tmp_path: Path, way: str) -> None:
    lines = ["x,y"] + [f"{row},{row / 7}" for row in range(1000)]
    lines[876] = "4,oops"
    with pytest.raises(DataError, match=r"line 877, column 2 \(y\): expected a number, got 'oops'"):
        values(of_text(tmp_path, "\n".join(lines)))


def test_arrow_parses_large_files_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    text = "n,x,y\n" + "".join(f"r{row},{np.pi * row!r},{row / 7!r}\n" for row in range(3000))
    expected = of_text(tmp_path, text)
    parsed = []
    by_arrow = text_module._parsed_by_arrow
    monkeypatch.setattr(
        text_module, "_parsed_by_arrow", lambda *given: parsed.append(by_arrow(*given)) or parsed[-1]
    )
    monkeypatch.setattr(text_module, "_SMALL", -1)
    monkeypatch.setattr(text_module, "_CHUNK", 5000)
    streamed = of_text(tmp_path, text)
    assert (values(streamed) == values(expected)).all()
    assert labels(streamed) == labels(expected)
    assert len(parsed) > 20
    assert all(parsed)


@pytest.mark.parametrize(("name", "message"), [("absent.csv", "no such file"), (".", "expected a file")])
def test_paths_that_are_no_file(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path / name)


# ---- npy and npz


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_module, "_BLOCK_BYTES", 100)


@pytest.mark.usefixtures("_small_blocks")
@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "u1", "<i8", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("save", ["npy", "npz", "compressed"])
def test_arrays_of_every_kind(tmp_path: Path, dtype: str, order: Any, save: str) -> None:
    x = np.array(np.abs(X) % 100, dtype=dtype, order=order)
    path = tmp_path / ("t.npy" if save == "npy" else "t.npz")
    {"npy": np.save, "npz": np.savez, "compressed": np.savez_compressed}[save](path, x)
    for _ in range(2):
        rows = read(path)
        assert rows.count == 50
        assert (values(rows) == x).all()
    assert (values(read(path, columns=["3", "1"])) == x[:, [2, 0]]).all()


def test_one_of_several_arrays(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez(path, a=X, b=X[:, :2], names=np.array(["p", "q"]))
    with pytest.raises(
        DataError, match=r"expected one array .* a float64 \(50, 3\), b .*; choose with --array"
    ):
        read(path)
    assert (values(read(path, array="b")) == X[:, :2]).all()
    with pytest.raises(ConfigError, match="has no array 'c'; it has a float64"):
        read(path, array="c")
    with pytest.raises(DataError, match=r"t\.npz\[names\]: expected an array of numbers \(n, d\), got <U1"):
        read(path, array="names")


@pytest.mark.parametrize(
    "array",
    [np.zeros(3), np.zeros((2, 2, 2)), np.array([["a"]]), np.ones((2, 2), dtype=complex), np.zeros(())],
)
def test_arrays_that_are_no_table(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "t.npy", array)
    with pytest.raises(DataError, match=r"expected an array of numbers \(n, d\), got"):
        read(tmp_path / "t.npy")


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "t.npy", np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="expected an array of numbers"):
        read(tmp_path / "t.npy")


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_file_that_ends_too_early(tmp_path: Path, order: Any) -> None:
    path = tmp_path / "t.npy"
    np.save(path, np.array(X, order=order))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match="ends after row 0 or soon; it promises 50 rows"):
        values(read(path))
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DataError, match="expected a whole NumPy array"):
        read(path)


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    np.savez_compressed(path, X)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"expected a whole NumPy archive"):
        values(read(path))
    path.write_bytes(content[:100])
    with pytest.raises(DataError, match="expected a whole NumPy archive"):
        read(path)


def test_a_zip_file_without_arrays(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("a.txt", "1,2")
    with pytest.raises(DataError):
        read(tmp_path / "t.zip")


# ---- Parquet


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(parquet_module, "_BATCH_NUMBERS", 20)
    frame = pd.DataFrame({"name": [f"p{i}" for i in range(50)], "x": X[:, 0], "y": np.arange(50)})
    frame.to_parquet(tmp_path / "t.parquet")
    rows = read(tmp_path / "t.parquet")
    assert rows.columns == ("x", "y")
    assert rows.count == 50
    assert (values(rows) == frame[["x", "y"]].to_numpy()).all()
    assert labels(rows) == frame["name"].tolist()
    assert (values(read(tmp_path / "t.parquet", columns=["y"])) == frame[["y"]].to_numpy()).all()
    frame.set_index("name").to_parquet(tmp_path / "i.parquet")  # pandas stores the index last
    assert read(tmp_path / "i.parquet").columns == ("x", "y")
    assert labels(read(tmp_path / "i.parquet")) == frame["name"].tolist()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (["a", "b"], r"column k: expected numbers, got .*string"),
        ([1.5, None], r"row 2, column k: .* is missing"),
    ],
)
def test_parquet_columns_that_are_no_numbers(tmp_path: Path, column: list[Any], message: str) -> None:
    pytest.importorskip("pyarrow")
    pd.DataFrame({"x": [1.0, 2.0], "k": column}).astype({"x": float}).to_parquet(tmp_path / "t.parquet")
    if "missing" in message:  # pandas writes NaN as null
        assert pd.read_parquet(tmp_path / "t.parquet")["k"].isna().any()
    with pytest.raises(DataError, match=message):
        values(read(tmp_path / "t.parquet"))


def test_a_damaged_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match="expected a whole Parquet file"):
        read(written(tmp_path, b"PAR1 and then nothing", "t.parquet"))


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"reading Parquet needs pyarrow.*mien\[lab\]"):
        read(written(tmp_path, b"PAR1", "t.parquet"))


# ---- standard input


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> Rows:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
    return read("-")


def npy_bytes(x: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, x)
    return file.getvalue()


@pytest.mark.parametrize("x", [X, np.asfortranarray(X), X.astype(np.float32)])
def test_a_piped_array(monkeypatch: pytest.MonkeyPatch, x: np.ndarray) -> None:
    rows = piped(monkeypatch, npy_bytes(x))
    assert rows.again
    assert (values(rows) == x).all()


def test_a_short_pipe_is_kept_and_can_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = piped(monkeypatch, b"n,x,y\np,1,2\nq,3,4\n")
    assert rows.again
    for _ in range(2):
        assert values(rows).tolist() == [[1, 2], [3, 4]]
        assert labels(rows) == ["p", "q"]


def test_a_long_pipe_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_module, "_MOST_BYTES", 300)
    monkeypatch.setattr(numpy_module, "_BLOCK_BYTES", 100)
    rows = piped(monkeypatch, npy_bytes(X))
    assert not rows.again
    assert (values(rows) == X).all()


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"PAR1rest"])
def test_what_cannot_be_piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    with pytest.raises(DataError, match=r"standard input: .* give the path"):
        piped(monkeypatch, content)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "standard input: is empty"), (b"1,2\n3,x\n", "standard input, line 2, column 2: .* got 'x'")],
)
def test_a_pipe_with_a_fault(monkeypatch: pytest.MonkeyPatch, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        piped(monkeypatch, content)


# ---- faces or numbers


def test_what_holds_faces(tmp_path: Path) -> None:
    assert holds_faces("drawn")
    assert holds_faces("drawn:70")
    assert holds_faces(tmp_path)
    assert holds_faces(written(tmp_path, "emotion,pixels,Usage\n0,1 2 3 4,Training\n", "f.csv"))
    assert not holds_faces(written(tmp_path, "emotion,x\n0,1\n"))
    assert not holds_faces("-")
    assert not holds_faces(tmp_path / "absent.csv")
    np.savez(tmp_path / "faces.npz", images=np.zeros((1, 2, 2), np.uint8), labels=np.zeros(1, int))
    np.savez(tmp_path / "table.npz", images=np.zeros((2, 2)))
    assert holds_faces(tmp_path / "faces.npz")
    assert not holds_faces(tmp_path / "table.npz")


def test_reading_text_imports_neither_pyarrow_nor_torch(tmp_path: Path) -> None:
    path = written(tmp_path, "1,2\n3,4\n")
    code = (
        "import sys; from mien.data.tables import read; "
        f"list(read({str(path)!r}).blocks()); print({{'pyarrow', 'torch', 'PIL'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
