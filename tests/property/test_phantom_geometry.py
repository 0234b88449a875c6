"""What holds for every stylized adult: organs in the body, nothing counted twice, symmetry."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ligandose.hosts import contains_jit as contains
from ligandose.hosts import phantom, phantoms

NAMES = ("adult-male", "adult-female")
BODY = ("soft_tissue", "skin")
PAIRS = (
    "kidneys", "adrenals", "salivary_glands", "lacrimal_glands", "bone_leg", "bone_arm",
    "bone_scapulae", "bone_clavicles",
)  # fmt: skip


def test_both_adults_are_there() -> None:
    assert phantoms() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_point_of_an_organ_is_outside_the_body(name: str) -> None:
    """Organs lie beneath the skin; a woman's breasts within its outer surface."""
    model = phantom(name)
    rng = np.random.default_rng(1)
    body = [i for i, r in enumerate(model.shape_region) if model.regions[r] in BODY]
    soft = [i for i, r in enumerate(model.shape_region) if model.regions[r] == "soft_tissue"]
    for i, owner in enumerate(model.shape_region):
        region = model.regions[owner]
        if region in BODY:
            continue
        box = model.boxes_cm[i]
        points = rng.uniform(box[::2], box[1::2], (4000, 3))
        inside = [p for p in points if contains(model.shapes, i, *p)]
        if region == "breasts" and name == "adult-female":
            assert all(any(contains(model.shapes, b, *p) for b in body) for p in inside)
        else:
            out = [p for p in inside if not any(contains(model.shapes, b, *p) for b in soft)]
            assert not out, (region, out[:2])


def test_volumes_of_the_regions_sum_to_the_closed_form_of_the_body() -> None:
    """Trunk, head with its dome, two legs, genitalia between them: nothing twice or lost."""
    trunk = math.pi * 20 * 10 * 70
    head = math.pi * 8 * 10 * (16.85 + 2 / 3 * 7.15)
    squares = 100 * 100 / 3  # integral of r^2 = (10 (1 + z / 100))^2 from -100 to 0
    legs = 2 * math.pi * squares * (1 - 0.2**3)
    genitalia = (2 - math.pi / 2) * squares * (1 - 0.952**3)  # 2 r^2 less two quarter discs
    body = phantom("adult-male").region_volume_cm3.sum()
    # Skin and soft tissue were integrated to 3e-4 and 2e-5 of their own volumes.
    assert body == pytest.approx(trunk + head + legs + genitalia, rel=5e-5)


@pytest.mark.parametrize("name", NAMES)
def test_voxels_of_large_regions_have_the_volume_of_the_region(name: str) -> None:
    model = phantom(name)
    labels, _ = model.label_map(3.0)
    voxels = np.bincount(labels.ravel(), minlength=len(model.regions) + 1)[1:] * 0.027
    large = (model.region_volume_cm3 > 1000) & (np.array(model.regions) != "skin")  # 2 mm thin
    # Faces that lie along the grid may add a layer: 3 mm of 20 cm (liver), 1.4 cm (a rib).
    np.testing.assert_allclose(voxels[large], model.region_volume_cm3[large], rtol=0.03)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("region", PAIRS)
def test_left_and_right_of_a_pair_are_mirror_images(name: str, region: str) -> None:
    model = phantom(name)
    mine = model.region_index(region)
    boxes = model.boxes_cm[model.shape_region == mine]
    low, high = boxes[:, ::2].min(axis=0), boxes[:, 1::2].max(axis=0)
    points = np.random.default_rng(2).uniform(low, high, (40_000, 3))
    here = model.region_at(points) == mine
    there = model.region_at(points * [-1.0, 1.0, 1.0]) == mine
    # What is mirrored may be covered by another organ on one side only (liver over the adrenal).
    assert np.mean(here != there) < 0.01 * max(here.mean(), 1e-9) + 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_walls_enclose_their_contents(name: str) -> None:
    """Going outwards from the middle of the contents one meets the wall before anything else."""
    model = phantom(name)
    for organ in ("stomach", "urinary_bladder"):
        contents, wall = (model.region_index(r) for r in (f"{organ}_contents", organ))
        box = model.boxes_cm[model.shape_region == contents][0]
        centre = (box[::2] + box[1::2]) / 2
        for direction in np.vstack([np.eye(3), -np.eye(3)]):
            line = centre + np.linspace(0, 12, 2400)[:, None] * direction
            found = model.region_at(line)
            change = found[np.flatnonzero(found != contents)[0]]
            assert change == wall


@pytest.mark.parametrize("name", NAMES)
def test_overlaps_that_priority_resolves_are_small(name: str) -> None:
    """No organ loses more than 3 % of its own shapes to organs that stand before it.

    The oesophagus may lose 8 %: its lower end meets the pancreas, which is larger by half (female)
    than in the report to have the ICRP-89 mass.

    Left out: what encloses others by construction (walls, cranium around brain, body), the small
    intestine around the colon, and lungs and bones, which give way to soft organs by design.
    """
    model = phantom(name)
    rng = np.random.default_rng(4)
    for region in ("liver", "kidneys", "spleen", "pancreas", "adrenals", "thymus", "thyroid",
                   "brain", "salivary_glands", "oesophagus"):  # fmt: skip
        mine = model.region_index(region)
        for i in np.flatnonzero(model.shape_region == mine):
            box = model.boxes_cm[i]
            points = rng.uniform(box[::2], box[1::2], (20_000, 3))
            inside = np.array([p for p in points if contains(model.shapes, i, *p)])
            lost = np.mean(model.region_at(inside) != mine)
            assert lost < (0.1 if region == "oesophagus" else 0.03), (region, lost)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    x=st.floats(-25, 25),
    y=st.floats(-15, 15),
    z=st.floats(-85, 100),
)
def test_region_is_that_of_the_first_shape_that_holds_the_point(
    name: str, x: float, y: float, z: float
) -> None:
    model = phantom(name)
    holders = [i for i in range(len(model.shapes)) if contains(model.shapes, i, x, y, z)]
    expected = model.shape_region[holders[0]] if holders else -1
    assert model.region_at([[x, y, z]])[0] == expected


@pytest.mark.parametrize("spacing", [4.0, (3.0, 5.0, 6.0)])
def test_the_label_map_is_the_region_at_each_voxels_centre(spacing: object) -> None:
    model = phantom("adult-female")
    labels, affine = model.label_map(spacing, margin_mm=10.0)  # type: ignore[arg-type]
    rng = np.random.default_rng(8)
    index = rng.integers(0, labels.shape, (5000, 3))
    ras_mm = index @ affine[:3, :3].T + affine[:3, 3]
    points = ras_mm / [-10.0, -10.0, 10.0]
    np.testing.assert_array_equal(labels[tuple(index.T)], model.region_at(points) + 1)
    assert not labels[0].any()
    assert not labels[:, :, -1].any()


def test_the_liver_is_on_the_right_in_ras() -> None:
    model = phantom("adult-male")
    labels, affine = model.label_map(6.0)
    index = np.argwhere(labels == model.region_index("liver") + 1)
    right, front, up = (index @ affine[:3, :3].T + affine[:3, 3]).mean(axis=0)
    assert right > 20.0
    assert up > 300.0
    spine = np.argwhere(labels == model.region_index("bone_spine") + 1)
    assert (spine @ affine[:3, :3].T + affine[:3, 3]).mean(axis=0)[1] < front


def test_arrays_of_a_phantom_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        phantom("adult-male").shapes[0, 0] = 0.0
