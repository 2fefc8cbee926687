"""What a study that was cut off may have left: drafts of files, and files that cannot be read whole.

A file appears under its name only when it is whole, so a study that is killed leaves drafts at most. A disk that fails
can still spoil what was whole: every page carries a checksum, and what does not agree with it is made again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def mend(folder: Path, expected: Iterable[Path]) -> list[Path]:
    """Remove drafts, and those of the expected files that cannot be read whole; returns the latter, to be remade."""
    for draft in (*folder.glob("*/scenario=*/.part-*"), *folder.glob(".*.[0-9]*"), *folder.glob("scenarios/.*")):
        draft.unlink(missing_ok=True)
    spoiled = [path for path in expected if path.exists() and not whole(path)]
    for path in spoiled:
        path.unlink()
    return spoiled


def whole(path: Path) -> bool:
    """Whether a Parquet file can be read from end to end and agrees with its checksums."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches():
                pass
    except (OSError, ValueError, pa.ArrowException):
        return False
    return True
