"""The notebooks as pages, with the outputs that are committed in them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_STYLE: Final = re.compile(r"<style>.*?</style>", re.DOTALL)


def notebook_files(folder: Path) -> Iterator[tuple[str, str | bytes]]:
    """Give a page per notebook and its pictures, each as (place in the site, content)."""
    for path in sorted(folder.glob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        parts: list[str] = []
        for number, cell in enumerate(cells):
            source = "".join(cell["source"])
            if cell["cell_type"] != "code":
                parts.append(source)
                continue
            parts.append(f"```python\n{source}\n```")
            for output in cell["outputs"]:
                text, picture = _shown(output, f"{path.stem}-{number}.png")
                parts.append(text)
                if picture:
                    yield f"notebooks/{path.stem}-{number}.png", picture
        yield f"notebooks/{path.stem}.md", "\n\n".join(parts) + "\n"


def _shown(output: dict[str, Any], picture_name: str) -> tuple[str, bytes]:
    """Write one output: a picture, a table, or text."""
    told = output.get("data", {})
    if "image/png" in told:
        return f"![what the cell above draws]({picture_name})", base64.b64decode("".join(told["image/png"]))
    if "text/html" in told:
        return _STYLE.sub("", "".join(told["text/html"])).replace("\n", ""), b""
    text = "".join(output.get("text", told.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```", b""
