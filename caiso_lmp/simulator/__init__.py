"""An OASIS on loopback: made prices or recorded files, its rules and limits, faults on demand."""

from caiso_lmp.simulator.clock import Clock
from caiso_lmp.simulator.corrections import Correction
from caiso_lmp.simulator.faults import Fault, FaultSettings
from caiso_lmp.simulator.prices import made_nodes, made_prices
from caiso_lmp.simulator.request_log import LoggedRequest
from caiso_lmp.simulator.settings import AllNodesWindow, ColdGroups, PublicationTimes, SimulatorSettings
from caiso_lmp.simulator.simulator import Simulator

__all__ = [
    "AllNodesWindow",
    "Clock",
    "ColdGroups",
    "Correction",
    "Fault",
    "FaultSettings",
    "LoggedRequest",
    "PublicationTimes",
    "Simulator",
    "SimulatorSettings",
    "made_nodes",
    "made_prices",
]
