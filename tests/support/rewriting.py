"""Rewrites the assertions of test files once: workers that collect the same files at the same time would each do it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.assertion import rewrite


def rewrite_once(config: pytest.Config) -> None:
    """Write what pytest keeps of each test file that is to be run beside it, in two processes."""
    if sys.dont_write_bytecode:
        return
    files = sorted({file for argument in config.args for file in _files(Path(argument.split("::")[0]))})
    child = os.fork()
    try:
        for file in files[bool(child) :: 2]:
            _rewrite(file, config)
    finally:
        if not child:
            os._exit(0)
        os.waitpid(child, 0)


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from path.rglob("test_*.py")
        yield from path.rglob("conftest.py")
    elif path.is_file():
        yield path


def _rewrite(file: Path, config: pytest.Config) -> None:
    kept = rewrite.get_cache_dir(file.absolute()) / (file.stem + rewrite.PYC_TAIL)
    if rewrite._read_pyc(file, kept) is None:
        kept.parent.mkdir(exist_ok=True)
        source_hash, code = rewrite._rewrite_test(file.absolute(), config)
        rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, source_hash, kept)
