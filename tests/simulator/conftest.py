"""The fixtures that users of the package import, for our own tests too."""

from caiso_lmp.simulator.fixture import oasis_simulator, start_simulator

__all__ = ["oasis_simulator", "start_simulator"]
