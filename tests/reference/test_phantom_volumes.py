"""Shapes at their published size have the published volumes; fitted organs have ICRP-89 masses."""

from __future__ import annotations

import numpy as np
import pytest

from ligandose.hosts import phantom
from ligandose.hosts._shapes import region_of, regions_of
from ligandose.hosts.phantom_model import compile_shapes, read_shapes

# Volumes, cm3, that the authors state (source ornl-series-table), walls and contents together.
# "large intestine" is the sum of ascending, transverse, descending and sigmoid colon.
COLON = [f"{part}{end}" for part in ("large_intestine_right", "large_intestine_left", "rectum")
         for end in ("", "_contents")]  # fmt: skip
PUBLISHED = {
    "adult-male": {
        "bone_spine": 920, "brain": 1370, "bone_skull": 618, "bone_arm": 956, "adrenals": 15.7,
        "kidneys": 288, "lungs": 3380, "testes": 37.6, "bone_scapulae": 202, "urinary_bladder":
        248.3, "spleen": 176, "stomach": 402, "pancreas": 90.7, "bone_pelvis": 606,
        "bone_ribs": 694, "colon": 187.5 + 248 + 191.9 + 106, "thyroid": 19.9, "thymus": 20.1,
        "liver": 1830, "heart": 740, "small_intestine": 1060, "gallbladder": 63.7,
        "bone_clavicles": 54.7, "bone_facial": 305,
    },
    "adult-female": {
        "bone_spine": 707, "brain": 1350, "bone_skull": 508, "bone_arm": 731, "adrenals": 10.1,
        "kidneys": 238, "lungs": 2200, "uterus": 76, "bone_scapulae": 154, "urinary_bladder":
        188.5, "spleen": 119, "stomach": 300, "pancreas": 62.4, "bone_pelvis": 460,
        "bone_ribs": 531, "colon": 142.9 + 188.3 + 146.5 + 80.6, "thyroid": 11.9, "thymus": 27.3,
        "liver": 1350, "heart": 565, "small_intestine": 806, "gallbladder": 56,
        "bone_clavicles": 41.6, "bone_facial": 234,
    },
}  # fmt: skip
# The table's bladder of 245.7 cm3 (adult) does not follow from its own axes: 4/3 pi a b c = 248.3.
# Its adrenals of 10.01 cm3 (15 years) follow from the axes as 10.07: the axes have three digits.
POINTS = 300_000
ROUNDING = 0.006
"""Published volumes and lengths have three digits: half a unit of the third is up to 0.5 %."""


def members(region: str) -> list[str]:
    return COLON if region == "colon" else [region, f"{region}_contents"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_volumes_at_published_size(name: str) -> None:
    entries = read_shapes(name)
    regions = tuple(dict.fromkeys(e["region"] for e in entries))
    shapes, owners = compile_shapes(entries, regions, dict.fromkeys(regions, 1.0))
    for region, published in PUBLISHED[name].items():
        ids = [regions.index(m) for m in members(region) if m in regions]
        if region == "bone_skull":  # the pituitary lies within the brain
            ids = [regions.index("bone_skull")]
        if region == "brain":
            ids = [regions.index("brain"), regions.index("pituitary")]
        volume, sigma = _union_volume(shapes, owners, ids)
        assert volume == pytest.approx(published, rel=ROUNDING + 2 * sigma), region


def _union_volume(shapes: np.ndarray, owners: np.ndarray, ids: list[int]) -> tuple[float, float]:
    """Integrate what a set of regions owns by stratified points; return it and its error bound.

    The relative error of n independent points inside is 1 / sqrt(n); strata make it smaller.
    """
    boxes = shapes[np.isin(owners, ids), 1:7]
    low, high = boxes[:, ::2].min(axis=0), boxes[:, 1::2].max(axis=0)
    width = high - low
    step = (width.prod() / POINTS) ** (1 / 3)
    counts = np.maximum(1, np.round(width / step)).astype(int)
    rng = np.random.default_rng(3)
    cells = np.stack(np.meshgrid(*map(np.arange, counts), indexing="ij"), axis=-1).reshape(-1, 3)
    points = low + (cells + rng.random(cells.shape)) * width / counts
    found = np.empty(len(points), np.int32)
    regions_of(shapes, owners, points, found)
    inside = np.isin(found, ids)
    return float(width.prod() * inside.mean()), float(inside.sum() ** -0.5)


@pytest.mark.parametrize("name", PUBLISHED)
def test_shipped_volumes_are_those_of_the_shipped_shapes(name: str) -> None:
    """A second integration, other points: what phantom_regions.csv states."""
    model = phantom(name)
    for i, region in enumerate(model.regions):
        if region in ("skin", "soft_tissue"):
            continue  # thin or all over the body: tested by the sum of all regions
        volume, sigma = _union_volume(model.shapes, model.shape_region, [i])
        assert volume == pytest.approx(model.region_volume_cm3[i], rel=2e-3 + 2 * sigma), region


NOT_FITTED = {"lungs", "skin"}
"""Kept at their published size; the reasons stand in phantom_regions.csv."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_masses_are_those_of_icrp_89(name: str) -> None:
    model = phantom(name)
    for i, region in enumerate(model.regions):
        reference = model.region_reference_kg[i]
        if np.isnan(reference) or region in NOT_FITTED:
            continue
        assert model.region_mass_kg[i] == pytest.approx(reference, rel=5e-3), region


@pytest.mark.parametrize(("name", "skin_kg", "body_kg"), [
    ("adult-male", 3.3, 73.0), ("adult-female", 2.3, 60.0),
])  # fmt: skip
def test_body_and_skin_are_near_icrp_89(name: str, skin_kg: float, body_kg: float) -> None:
    """The report's skin of 0.2 or 0.17 cm and its stature of 174 and 164 cm are kept as they are.

    ICRP-89's adults are 176 and 163 cm tall, 73 and 60 kg; the woman is the report's
    15-year-old, whose limbs are slighter.
    """
    model = phantom(name)
    assert model.region_mass_kg[model.region_index("skin")] == pytest.approx(skin_kg, rel=0.11)
    assert model.region_mass_kg.sum() == pytest.approx(body_kg, rel=0.08)


@pytest.mark.parametrize("name", PUBLISHED)
def test_landmarks_lie_where_they_lie_in_a_person(name: str) -> None:
    """Liver right (x < 0), spleen and stomach left, spine behind, bladder in front."""
    model = phantom(name)

    def middle(region: str) -> np.ndarray:
        boxes = model.boxes_cm[model.shape_region == model.region_index(region)]
        return (boxes[:, ::2].min(axis=0) + boxes[:, 1::2].max(axis=0)) / 2

    liver = _mean_point(model, "liver")
    assert liver[0] < -2.0
    assert middle("spleen")[0] > 5.0
    assert middle("stomach")[0] > 5.0
    assert middle("bone_spine")[1] > 5.0
    assert middle("urinary_bladder")[1] < -4.0
    order = ["bone_leg", "urinary_bladder", "small_intestine", "liver", "heart", "thyroid", "brain"]
    heights = [middle(region)[2] for region in order]
    assert heights == sorted(heights)
    assert region_of(model.shapes, model.shape_region, 0.0, 0.0, 200.0) == -1


def _mean_point(model, region: str) -> np.ndarray:
    boxes = model.boxes_cm[model.shape_region == model.region_index(region)]
    rng = np.random.default_rng(7)
    low, high = boxes[:, ::2].min(axis=0), boxes[:, 1::2].max(axis=0)
    points = rng.uniform(low, high, (50_000, 3))
    return points[model.region_at(points) == model.region_index(region)].mean(axis=0)
