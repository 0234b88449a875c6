"""libroadrunner on the SBML that the package exports: loaded once, then one patient's numbers
after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ligandose.kinetics.description import ModelDescription
from ligandose.kinetics.sbml import export_sbml
from ligandose.kinetics.solve import Dose, Phase


class RoadRunnerPeer:
    """A loaded model.

    Args:
        atol: (n,) absolute tolerances, groups one after the other, pools in their order.
        labelled: labelled fraction of each dose (hot and cold), or None (reduced).
    """

    def __init__(
        self,
        description: ModelDescription,
        phases: Sequence[Phase],
        doses: Sequence[Dose],
        *,
        rtol: float,
        atol: np.ndarray,
        into: str,
        decay_per_s: float,
        labelled: Sequence[float] | None = None,
    ) -> None:
        import roadrunner

        model = export_sbml(
            description,
            phases,
            doses,
            into=into,
            hot_and_cold=labelled is not None,
            decay_per_s=decay_per_s,
            labelled_fraction=labelled,
        )
        roadrunner.Logger.setLevel(roadrunner.Logger.LOG_ERROR)
        self.runner = roadrunner.RoadRunner(model.text)
        groups = list(dict.fromkeys(group for _, group in model.species))
        columns = [model.species[p.name, g] for g in groups for p in description.pools]
        self.runner.timeCourseSelections = ["time", *columns]
        order = [columns.index(s) for s in self.runner.model.getFloatingSpeciesIds()]
        self.runner.integrator.setValue("relative_tolerance", float(rtol))
        self.runner.integrator.setValue("absolute_tolerance", [float(atol[i]) for i in order])
        self.runner.integrator.setValue("maximum_num_steps", 1_000_000)
        self._find_symbols(model.symbols, description)

    def _find_symbols(self, symbols: Mapping[str, str], description: ModelDescription) -> None:
        compartments = list(self.runner.model.getCompartmentIds())
        parameters = list(self.runner.model.getGlobalParameterIds())
        here = [(name, symbols[name]) for name in description.parameters]
        self.volumes = [(n, compartments.index(s)) for n, s in here if s in compartments]
        self.others = [(n, parameters.index(s)) for n, s in here if s in parameters]

    def integrate(
        self, phases: Sequence[Phase], doses: Sequence[Dose], *, patient: int, time_s: np.ndarray
    ) -> np.ndarray:
        """Return (times, species) amounts of a patient; one phase, doses as exported."""
        values = phases[0].parameters
        runner = self.runner
        runner.resetAll()
        runner.model.setCompartmentVolumes(
            [i for _, i in self.volumes], [float(values[n][patient]) for n, _ in self.volumes]
        )
        runner.model.setGlobalParameterValues(
            [i for _, i in self.others], [float(values[n][patient]) for n, _ in self.others]
        )
        return np.asarray(runner.simulate(times=[0.0, *time_s]))[1:, 1:]
