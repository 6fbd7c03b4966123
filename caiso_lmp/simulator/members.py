"""Prices → the members of the zip in which their version, era and service have them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import polars as pl

from caiso_lmp.market import Component, Market
from caiso_lmp.simulator.answer import answer_stem, group_hour
from caiso_lmp.simulator.question import Question
from caiso_lmp.simulator.render import (
    Form,
    group_member_stem,
    member_name,
    render_csv,
    render_xml,
    split_members,
)
from caiso_lmp.trading_time import trade_date_of

Members = list[tuple[str, bytes]]

_NEWEST: Final = {Market.DAM: 12, Market.HASP: 3, Market.FMM: 3, Market.RTD: 3}
"""Versions from which files of all nodes have a member per component. RUC has one component.

Source: recorded file listings; real-time versions 1 and 2 and PRC_LMP version 1 have one member.
"""


def price_members(question: Question, prices: pl.DataFrame, form: Form, made_at: datetime) -> Members:
    """Render the members of a price answer."""
    stem = _member_stem(question, form, made_at)
    if question.as_xml:
        return [(member_name(stem, extension="xml"), render_xml(prices, form, made_at, "m:"))]
    if _is_split(question, form):
        return split_members(prices, form, stem)
    return [(member_name(stem, _only(form) if question.is_group else None), render_csv(prices, form))]


def _member_stem(question: Question, form: Form, made_at: datetime) -> str:
    if not question.is_group:
        return answer_stem(question, made_at)
    report, day = form.market.report, trade_date_of(question.start)
    return group_member_stem(report, day, question.version, group_hour(question))


def _is_split(question: Question, form: Form) -> bool:
    """Tell whether each component has a member of its own."""
    if not question.for_all_nodes or form.market is Market.RUC:
        return False
    day_ahead_group = question.is_group and form.market is Market.DAM  # source: the recorded group file of version 1
    return day_ahead_group or form.version >= _NEWEST[form.market]


def _only(form: Form) -> Component | None:
    """Give the component of a report that has one."""
    return form.published[0] if len(form.published) == 1 else None
