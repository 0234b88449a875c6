"""Bad input to the biology of cells is refused with the name of the argument."""

import numpy as np
import pytest

from ligandose import effect
from ligandose.errors import InputError, UnknownNameError

LQ = {"alpha_per_Gy": 0.2, "alpha_beta_Gy": 10.0}
KROGH = {
    "capillary_radius_um": 8.0, "tissue_radius_um": 50.0, "capillary_mmHg": 40.0,
    "consumption_mmHg_s": 22.0, "diffusion_um2_s": 2000.0,
}  # fmt: skip
CLONES = {
    "interval_s": 1.0, "doubling_time_s": 1.0, "density": [1.0, 2.0], "alpha_per_Gy": [0.1, 0.1],
}  # fmt: skip
PAYLOAD = {"length_um": 20.0, "leaving_fraction": 0.5, "cell_volume_um3": 2000.0}
FLOW = {
    "tumour_dose_rate_Gy_s": 1e-4, "decay_rate_per_s": 1e-6, "tumour_flow_L_s": 1e-4,
    "tumour_blood_L": 0.01, "blood_volume_L": 5.0, "alpha_per_Gy": 0.6,
}  # fmt: skip
COURSE = CLONES | {
    "cycles": 2, "self_dose_Gy": 1.0, "cross_dose_Gy": 1.0, "quadratic_factor": 0.1,
    "alpha_beta_Gy": 10.0,
}  # fmt: skip

CASES = {
    "negative dose": (lambda: effect.cell_log_survival(-1.0, 1.0, **LQ), "dose_low_Gy"),
    "negative Q": (lambda: effect.cell_log_survival(1.0, -1.0, **LQ), "quadratic_low_Gy2"),
    "α of 0": (
        lambda: effect.cell_log_survival(1.0, 1.0, alpha_per_Gy=0.0, alpha_beta_Gy=3.0),
        "alpha_per_Gy",
    ),
    "alphas without RBE": (
        lambda: effect.cell_log_survival(1.0, 1.0, **LQ, dose_alpha_Gy=[0.0, 1.0]),
        "rbe_max is missing",
    ),
    "OER below 1": (lambda: effect.cell_log_survival(1.0, 1.0, **LQ, oer_low=0.5), "oer_low"),
    "shapes": (lambda: effect.cell_log_survival([1.0] * 3, [1.0] * 2, **LQ), "broadcast"),
    "one axis of modes": (
        lambda: effect.mode_matrix_Gy2([1.0], [1.0], repair_rate_per_s=1.0),
        "amplitude_Gy_s has shape",
    ),
    "samples of one curve": (
        lambda: effect.sampled_mode_matrix_Gy2([0.0, 1.0], [1.0, 1.0], repair_rate_per_s=1.0),
        "dose_rate_Gy_s has shape",
    ),
    "weights of other modes": (
        lambda: effect.cell_quadratic_dose_Gy2([[1.0, 2.0]], [[1.0]]),
        "weight has shape",
    ),
    "indefinite matrix": (
        lambda: effect.cell_quadratic_dose_Gy2([[1.0, -1.0]], [[1.0, 5.0], [5.0, 1.0]]),
        "quadratic dose below 0",
    ),
    "survival per hit above 1": (lambda: effect.hit_log_survival(1.0, 1.5), "survival_per_hit"),
    "negative hits": (lambda: effect.zero_hit_fraction(-1.0), "mean_hits"),
    "no spectrum": (
        lambda: effect.single_hit_survival([1.0, 2.0], [0.0, 0.0], z0_Gy=1.0),
        "frequency sums to 0",
    ),
    "no cells": (lambda: effect.log_surviving_clonogens([]), "log_survival is empty"),
    "no clonogens": (lambda: effect.log_surviving_clonogens([-1.0], weight=[0.0]), "weight sums"),
    "unknown law": (
        lambda: effect.cell_log_tcp([-1.0], clonogens=1, statistics="binomial"),  # type: ignore
        "statistics 'binomial'",
    ),
    "a sample as each cell": (
        lambda: effect.cell_log_tcp([-1.0, -2.0], clonogens=1e6, statistics="each_cell"),
        "'each_cell' needs",
    ),
    "vessel wider than its tissue": (
        lambda: effect.vessel_tension_mmHg(1.0, **(KROGH | {"tissue_radius_um": 8.0})),
        "tissue_radius_um",
    ),
    "negative distance": (lambda: effect.vessel_tension_mmHg(-1.0, **KROGH), "distance_um"),
    "negative radius": (
        lambda: effect.anoxic_radius_um(-5.0, diffusion_limit_um=1.0),
        "spheroid_radius_um",
    ),
    "negative tension": (
        lambda: effect.oer_dose_factor(-1.0, oer_max=3.0, half_mmHg=3.0),
        "tension_mmHg",
    ),
    "OER max below 1": (
        lambda: effect.oer_dose_factor(1.0, oer_max=0.9, half_mmHg=3.0),
        "oer_max holds",
    ),
    "OER model": (
        lambda: effect.oer_max_of_let(1.0, model="linear"),  # type: ignore
        "model 'linear'",
    ),
    "low-LET OER": (lambda: effect.oer_max_of_let(1.0, low_let_oer=0.5), "low_let_oer"),
    "LET of a slow alpha": (lambda: effect.alpha_rbe_of_let(150.0), "let_keV_um spans"),
    "energy off the table": (lambda: effect.alpha_let_keV_um(1e4), "energy_MeV spans"),
    "fractions out of order": (
        lambda: effect.fractions_quadratic_dose_Gy2([1.0, 0.0], [1.0, 1.0], repair_rate_per_s=1.0),
        "time_s decreases",
    ),
    "fraction without time": (
        lambda: effect.fractions_quadratic_dose_Gy2([1.0], [1.0, 1.0], repair_rate_per_s=1.0),
        "dose_Gy has shape",
    ),
    "no exponentials": (
        lambda: effect.fraction_pairs_Gy2(
            1.0, 1.0, time_s=[0.0], dose_Gy=[1.0], repair_rate_per_s=1.0
        ),
        "last axis of exponentials",
    ),
    "fraction of 0 Gy": (
        lambda: effect.external_dose_of_bed_Gy(1.0, dose_per_fraction_Gy=0.0, alpha_beta_Gy=3.0),
        "dose_per_fraction_Gy",
    ),
    "more than all released": (
        lambda: effect.payload_per_cell(
            1.0, drug_to_antibody=4.0, released_fraction=1.5, cells_per_L=1e11
        ),
        "released_fraction",
    ),
    "overlapping cells": (
        lambda: effect.bystander_payload(np.zeros((2, 3)), [1.0, 1.0], **PAYLOAD),
        "at one place",
    ),
    "payload of other cells": (
        lambda: effect.bystander_payload(np.zeros((2, 3)), [1.0], **PAYLOAD),
        "payload",
    ),
    "box of two edges": (
        lambda: effect.bystander_payload(np.zeros((1, 3)), [1.0], **PAYLOAD, box_um=[30.0] * 2),
        "box_um",
    ),
    "Hill without power": (
        lambda: effect.payload_log_survival(1.0, model="hill", half_molecules=1.0),
        "needs hill and most_killed",
    ),
    "Hill that kills all": (
        lambda: effect.payload_log_survival(
            1.0, model="hill", half_molecules=1.0, hill=1.0, most_killed=1.0
        ),
        "most_killed",
    ),
    "kill model": (
        lambda: effect.payload_log_survival(1.0, model="step", half_molecules=1.0),  # type: ignore
        "model 'step'",
    ),
    "quantity": (
        lambda: effect.combination_factor(["olaparib"], "beta"),  # type: ignore
        "quantity 'beta'",
    ),
    "radiation": (
        lambda: effect.combination_factor(["olaparib"], "alpha", radiation="all"),  # type: ignore
        "radiation 'all'",
    ),
    "shares above 1": (
        lambda: effect.clone_selection([0.9, 0.9], [[-1.0, -1.0]], **CLONES),
        "fraction sums to 1.8",
    ),
    "survival above 1": (
        lambda: effect.clone_selection([0.5, 0.5], [[1.0, -1.0]], **CLONES),
        "log_survival holds 1",
    ),
    "clones without density": (
        lambda: effect.clone_selection([0.5, 0.5], [[-1.0, -1.0]], **(CLONES | {"density": [1.0]})),
        "density has shape",
    ),
    "no cycle": (
        lambda: effect.clone_course([0.5, 0.5], **(COURSE | {"cycles": 0})),
        "cycles is 0",
    ),
    "no target at all": (
        lambda: effect.clone_course([0.5, 0.5], **(COURSE | {"density": [0.0, 0.0]})),
        "mean density",
    ),
    "tumour with all blood": (
        lambda: effect.circulating_dose(0.1, **(FLOW | {"tumour_blood_L": 6.0})),
        "tumour_blood_L",
    ),
    "doses without cells": (lambda: effect.cell_dvh([]), "dose_Gy has shape"),
    "edges below the doses": (lambda: effect.cell_dvh([5.0], edge_Gy=[0.0, 1.0]), "edge_Gy spans"),
    "edges that decrease": (lambda: effect.cell_dvh([5.0], edge_Gy=[9.0, 1.0]), "increasing"),
    "class without name": (
        lambda: effect.cell_dvh_by_class([1.0], [3], names=["tumour"]),
        "kind spans",
    ),
    "class of other cells": (
        lambda: effect.cell_dvh_by_class([1.0], [0, 0], names=["tumour"]),
        "kind has shape",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_names_what_is_wrong(case):
    call, words = CASES[case]
    with pytest.raises(InputError) as caught:
        call()
    assert words in str(caught.value)


def test_an_unknown_row_of_the_table_suggests_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        effect.cell_finding("lymphocyte", "d11")
    assert "lymphocyte d10" in str(caught.value)
