"""onnxruntime sessions as mien opens them, for detectors and for networks of expressions."""

from pathlib import Path
from typing import Any

from mien.core.errors import ConfigError, DataError
from mien.core.onnx_file import LARGEST


def onnx_content(path: Path) -> bytes:
    """The bytes of an ONNX file; DataError where it cannot be read or is too large to be looked at."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise DataError(f"{path}: expected at most {LARGEST:,} bytes, got {size:,}")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); expected an ONNX file") from error


def open_session(content: bytes, threads: int = 0) -> Any:
    """A session on the processor, safe to share between threads; the content has passed read_onnx.

    Raises DataError where onnxruntime refuses it, ConfigError where onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise ConfigError(
            "this needs onnxruntime, which is not installed: pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # fatal only: what goes wrong is raised as well
    # threads wait by spinning within a call only: between calls they would take the cores from reading and detecting
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own classes share no base
        raise DataError(f"onnxruntime refuses it ({str(error).splitlines()[0]})") from error
