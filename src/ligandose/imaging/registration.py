"""Registration between time points with SimpleITK, and how good it is.

The CTs (or activity images) of two times are matched by mutual information (D. Mattes et al., IEEE
Trans Med Imaging 2003;22:120) over a pyramid of three resolutions, rigid or affine. What is bent
follows after the rigid part by demons with symmetric forces (T. Vercauteren et al., MICCAI 2007, as
ITK has them), which compare values and so want two images of one kind, such as two CTs. One
thread and a fixed seed: the same input gives the same transform.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from ligandose.errors import InputError, SolverError
from ligandose.imaging.grid import Grid

Floats = NDArray[np.float64]
_sitk: Any = SimpleITK  # without types

KINDS = ("rigid", "affine", "deformable")
SAMPLED_SHARE = 0.2
BINS = 50
SMOOTH_VOXELS = 2.5
"""Width of the Gaussian that keeps the displacement smooth, in voxels of each level."""
LEVELS = (4, 2, 1)
MOST_SHIFT_MM = 300.0


@dataclass(frozen=True, eq=False)
class Registration:
    """A mapping of one image onto another.

    Attributes:
        kind: "rigid", "affine" or "deformable".
        transform: SimpleITK transform from points of the fixed image to points of the moving one.
        metric_before, metric_after: negative mutual information (lower is better).
        correlation_before, correlation_after: of the voxel values of the two images.
        shift_mm: mean length of the displacement over the fixed image.
        most_shift_mm: greatest length of it.
        least_jacobian, most_jacobian: change of volume; below 0 the mapping folds.
        iterations: of all levels.
    """

    kind: str
    transform: Any
    metric_before: float
    metric_after: float
    correlation_before: float
    correlation_after: float
    shift_mm: float
    most_shift_mm: float
    least_jacobian: float
    most_jacobian: float
    iterations: int

    @property
    def improved(self) -> bool:
        """Whether the images agree better than before."""
        return self.metric_after < self.metric_before


def register(
    fixed: NDArray[Any],
    fixed_grid: Grid,
    moving: NDArray[Any],
    moving_grid: Grid,
    *,
    kind: str = "rigid",
    iterations: int = 100,
    seed: int = 1,
) -> Registration:
    """Return the mapping that brings a moving image onto a fixed one.

    Args:
        fixed, fixed_grid: (z, y, x) image that stays.
        moving, moving_grid: (z, y, x) image that is moved.
        kind: "rigid", "affine" or "deformable".
        iterations: at most, per level.
        seed: of the voxels that are sampled.

    Raises:
        InputError: an unknown kind, or images without contrast.
        SolverError: no agreement found, or a mapping that moves the image out of the other.
    """
    if kind not in KINDS:
        raise InputError(f"kind: {kind!r}, allowed are {', '.join(KINDS)}")
    for name, values in (("fixed", fixed), ("moving", moving)):
        if float(values.max()) <= float(values.min()):
            raise InputError(f"{name} image has the same value everywhere; nothing to match")
    a, b = as_itk(fixed, fixed_grid), as_itk(moving, moving_grid)
    start: Any = _sitk.CenteredTransformInitializer(
        a, a, _sitk.Euler3DTransform(), _sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    steps = 0
    try:
        transform, before, after, steps = _run(a, b, start, iterations, seed)
        if kind == "affine":
            affine = _sitk.AffineTransform(3)
            affine.SetMatrix(transform.GetMatrix())
            affine.SetTranslation(transform.GetTranslation())
            affine.SetCenter(transform.GetCenter())
            transform, _, after, more = _run(a, b, affine, iterations, seed)
            steps += more
        elif kind == "deformable":
            transform, after, more = _bend(a, b, transform, iterations, seed)
            steps += more
    except RuntimeError as error:
        what = str(error).strip().splitlines()[-1][:160]
        raise SolverError(f"registration failed ({what}); check that the images overlap") from error
    return _judged(a, b, kind, transform, before, after, steps)


def as_itk(values: NDArray[Any], grid: Grid) -> Any:
    """Return a SimpleITK image (LPS mm, as DICOM)."""
    image = _sitk.GetImageFromArray(np.ascontiguousarray(values, np.float32))
    image.SetSpacing([float(s) for s in grid.spacing_mm[::-1]])
    image.SetOrigin([float(v) for v in grid.affine_lps_mm[:3, 3]])
    image.SetDirection([float(v) for v in grid.directions.ravel()])
    return image


def moved(
    values: NDArray[Any],
    grid: Grid,
    onto: Grid,
    *,
    registration: Registration | None = None,
    outside: float = 0.0,
    nearest: bool = False,
) -> NDArray[np.float32]:
    """Return an image on another grid, moved by a registration.

    Interpolation is linear, or nearest for labels. A mapping that changes volumes does not keep the
    activity: multiply by the Jacobian where that matters.
    """
    like = as_itk(np.zeros(onto.shape, np.float32), onto)
    transform = _sitk.Transform() if registration is None else registration.transform
    way = _sitk.sitkNearestNeighbor if nearest else _sitk.sitkLinear
    result = _sitk.Resample(as_itk(values, grid), like, transform, way, outside)
    return cast("NDArray[np.float32]", _sitk.GetArrayFromImage(result))


def _method(iterations: int, seed: int) -> Any:
    method = _sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(1)
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(SAMPLED_SHARE, seed)
    method.SetInterpolator(_sitk.sitkLinear)
    method.SetShrinkFactorsPerLevel(LEVELS)
    method.SetSmoothingSigmasPerLevel([4.0, 2.0, 0.0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetOptimizerAsRegularStepGradientDescent(
        learningRate=2.0, minStep=1e-3, numberOfIterations=iterations, relaxationFactor=0.6
    )
    method.SetOptimizerScalesFromPhysicalShift()
    return method


def _run(a: Any, b: Any, start: Any, iterations: int, seed: int) -> tuple[Any, float, float, int]:
    method = _method(iterations, seed)
    method.SetInitialTransform(start, inPlace=True)
    before = float(method.MetricEvaluate(a, b))
    counted: list[int] = []
    method.AddCommand(_sitk.sitkIterationEvent, lambda: counted.append(1))
    method.Execute(a, b)
    return start, before, _metric(a, b, start, seed), len(counted)


def _metric(a: Any, b: Any, transform: Any, seed: int) -> float:
    method = _method(1, seed)
    method.SetInitialTransform(transform, inPlace=False)
    return float(method.MetricEvaluate(a, b))


def _bend(a: Any, b: Any, rigid: Any, iterations: int, seed: int) -> tuple[Any, float, int]:
    """Return the rigid transform and a displacement field together."""
    lowest = float(_sitk.GetArrayViewFromImage(b).min())
    moved_image = _sitk.Resample(b, a, rigid, _sitk.sitkLinear, lowest)
    field: Any = None
    steps = 0
    for factor in LEVELS:
        pair = [_coarser(image, factor) for image in (a, moved_image)]
        demons = _sitk.FastSymmetricForcesDemonsRegistrationFilter()
        demons.SetNumberOfThreads(1)
        demons.SetNumberOfIterations(iterations)
        demons.SmoothDisplacementFieldOn()
        demons.SetStandardDeviations(SMOOTH_VOXELS)
        if field is None:
            field = demons.Execute(*pair)
        else:
            finer = _sitk.Resample(
                field, pair[0], _sitk.Transform(), _sitk.sitkLinear, 0.0, field.GetPixelID()
            )
            field = demons.Execute(*pair, finer)
        steps += int(demons.GetElapsedIterations())
    bent = _sitk.DisplacementFieldTransform(_sitk.Cast(field, _sitk.sitkVectorFloat64))
    both = _sitk.CompositeTransform([rigid, bent])
    # the metric takes no chain of transforms: compare what it makes of the image
    result = _sitk.Resample(b, a, both, _sitk.sitkLinear, lowest)
    return both, _metric(a, result, _sitk.TranslationTransform(3), seed), steps


def _coarser(image: Any, factor: int) -> Any:
    if factor == 1 or min(image.GetSize()) < 4 * factor:
        return image
    width = factor * min(image.GetSpacing()) / 2.0
    return _sitk.Shrink(_sitk.SmoothingRecursiveGaussian(image, width), [factor] * 3)


def _judged(
    a: Any, b: Any, kind: str, transform: Any, before: float, after: float, steps: int
) -> Registration:
    field = _sitk.TransformToDisplacementField(
        transform, _sitk.sitkVectorFloat64, a.GetSize(), a.GetOrigin(), a.GetSpacing(),
        a.GetDirection(),
    )  # fmt: skip
    shifts: Any = np.linalg.norm(_sitk.GetArrayViewFromImage(field), axis=-1)
    if not np.isfinite(shifts).all() or float(shifts.mean()) > MOST_SHIFT_MM:
        raise SolverError("registration moves the image out of the other; check the two images")
    jacobian = _sitk.GetArrayFromImage(_sitk.DisplacementFieldJacobianDeterminant(field))
    inner: Any = jacobian[1:-1, 1:-1, 1:-1] if min(jacobian.shape) > 2 else jacobian
    fixed = _sitk.GetArrayViewFromImage(a).astype(np.float64)
    return Registration(
        kind=kind,
        transform=transform,
        metric_before=before,
        metric_after=after,
        correlation_before=_correlation(fixed, a, b, _sitk.Transform()),
        correlation_after=_correlation(fixed, a, b, transform),
        shift_mm=float(shifts.mean()),
        most_shift_mm=float(shifts.max()),
        least_jacobian=float(inner.min()),
        most_jacobian=float(inner.max()),
        iterations=steps,
    )


def _correlation(fixed: Floats, a: Any, b: Any, transform: Any) -> float:
    """Return Pearson's correlation over the voxels that both images have, NaN where none."""
    lowest = float(_sitk.GetArrayViewFromImage(b).min()) - 1e6
    there = _sitk.GetArrayFromImage(_sitk.Resample(b, a, transform, _sitk.sitkLinear, lowest))
    both: Any = there > lowest + 5e5
    if int(both.sum()) < 2:
        return math.nan
    x: Any = fixed[both]
    y: Any = there[both].astype(np.float64)
    spread = float(x.std() * y.std())
    return float(((x - x.mean()) * (y - y.mean())).mean()) / spread if spread > 0 else math.nan
