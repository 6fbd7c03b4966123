"""Web pages that need no network: the charts, their data and the libraries that draw them, in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import jinja2
import vl_convert
from markupsafe import Markup

from caiso_lmp.charts.theme import VEGA_LITE

_SAFE_IN_SCRIPT: Final = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_EMBEDDED: Final = """
window.drawCharts = (specs) => Promise.all(Object.entries(specs).map(([id, spec]) => vegaEmbed(
  document.getElementById(id), spec,
  { renderer: "svg", actions: { export: true, source: false, compiled: false, editor: false } },
))).then(() => { document.documentElement.dataset.drawn = String(Object.keys(specs).length); });
"""


def render_page(template: str, specs: Mapping[str, dict[str, Any]], **values: Any) -> str:  # noqa: ANN401 - of a template
    """Fill a template of this package.

    Args:
        template: Name of the file in ``templates``.
        specs: Vega-Lite specifications by the id of the element in which each is drawn.
        values: What else the template shows; text is escaped.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("caiso_lmp.charts"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        specs=Markup(_script_text(json.dumps(specs))),  # noqa: S704 - escaped for a script element
        libraries=Markup(_libraries()),  # noqa: S704 - our own script and the libraries it calls
        **values,
    )


def _script_text(text: str) -> str:
    """Escape what could end a script element; JSON reads it as the same text."""
    return "".join(_SAFE_IN_SCRIPT.get(character, character) for character in text)


@cache
def _libraries() -> str:
    """Bundle Vega, Vega-Lite and Vega-Embed, which vl-convert carries."""
    return vl_convert.javascript_bundle(_EMBEDDED, vl_version=VEGA_LITE).replace("</script", "<\\/script")
