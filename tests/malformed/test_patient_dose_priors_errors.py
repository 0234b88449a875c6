"""Priors that are missing, of something else, or no numbers: one line with file and field."""

import json

import pytest
import yaml

from ligandose.cli.main import main

HEAD = ("region,time,time_unit,activity,activity_unit,uncertainty,uncertainty_unit,"
        "decay_corrected,volume,volume_unit")  # fmt: skip
ROW = "kidneys,24,h,220,MBq,5,%,no,300,mL"
GROUP = ("patient,administered,administered_unit,region,time,time_unit,activity,activity_unit,"
         "decay_corrected")  # fmt: skip
CASE = {
    "case": "T1", "nuclide": "Lu-177", "administered_GBq": 7.4, "agent": "177Lu-PSMA-617",
    "administered_at": "2026-01-05T09:00:00", "activities": "table.csv",
    "patient": {"disease": "mCRPC"},
}  # fmt: skip
PRIOR = {"curve": "mono", "log_typical": [-3.0, -12.0], "covariance": [[0.1, 0.0], [0.0, 0.1]],
         "error": 0.05}  # fmt: skip
FIT = {"exponentials": {"coefficient_Bq": [3e8], "rate_per_s": [5e-6]}, "relative_sd": 0.05}


def group(patients, points, **changes):
    rows = [GROUP]
    for i in range(patients):
        given = changes.get("given", "7.4")
        rows += [
            f"P{i},{given},GBq,kidneys,{24 * (k + 1)},h,{200 / (k + 1)},MBq,no"
            for k in range(points)
        ]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("kinetics", "files", "changes", "words"),
    [
        ({"model": "mixed_effects"}, {}, {}, ("kinetics", "prior: FILE")),
        ({"model": "earlier_cycle"}, {}, {}, ("kinetics", "earlier: FILE")),
        ({"model": "whole_body"}, {}, {"agent": None}, ("whole_body", "agent: NAME")),
        ({"model": "whole_body"}, {}, {"patient": None}, ("whole_body", "patient.disease")),
        ({"model": "whole_body"}, {}, {"nuclide": "Y-90"}, ("agent", "Lu-177", "Y-90")),
        ({"model": "whole_body"}, {}, {"agent": "177Lu-PSMA-618"}, ("177Lu-PSMA-617",)),
        ({"model": "whole_body", "like": "kidnys"}, {}, {}, ("kidneys", "like: REGION")),
        ({"model": "mono", "prior": "x.csv"}, {}, {}, ("kinetics.prior", "mixed_effects")),
        ({"model": "auto", "cycle_cv": 0.1}, {}, {}, ("cycle_cv", "earlier_cycle")),
        ({"model": "earlier_cycle", "earlier": "x.json"}, {}, {}, ("earlier", "x.json")),
        ({"model": "earlier_cycle", "earlier": "x.json"}, {"x.json": "{"}, {}, ("no JSON",)),
        ({"model": "earlier_cycle", "earlier": "x.json"}, {"x.json": "[" * 100_000}, {}, ("JSON",)),
        ({"model": "earlier_cycle", "earlier": "x.json"}, {"x.json": "[1]"}, {}, ("no dose",)),
        (
            {"model": "earlier_cycle", "earlier": "x.json"},
            {"x.json": json.dumps({"nuclide": "Y-90", "regions": []})}, {},
            ("x.json, nuclide", "Y-90", "Lu-177"),
        ),
        (
            {"model": "earlier_cycle", "earlier": "x.json"},
            {"x.json": json.dumps({"nuclide": "Lu-177", "regions": [{"region": "liver"}]})}, {},
            ("no region kidneys", "liver"),
        ),
        (
            {"model": "earlier_cycle", "earlier": "x.json"},
            {"x.json": json.dumps({"nuclide": "Lu-177", "regions": [{"region": "kidneys"}]})}, {},
            ("regions.kidneys.fit",),
        ),
        (
            {"model": "earlier_cycle", "earlier": "x.json"},
            {"x.json": json.dumps({"nuclide": "Lu-177", "regions": [
                {"region": "kidneys", "fit": FIT | {"exponentials": {
                    "coefficient_Bq": [3e8], "rate_per_s": [-5e-6]}}}]})}, {},
            ("exponentials",),
        ),
        ({"model": "mixed_effects", "prior": "g.csv"}, {"g.csv": group(3, 4)}, {}, ("3 patients",)),
        ({"model": "mixed_effects", "prior": "g.csv"}, {"g.csv": group(9, 1)}, {}, ("2 points",)),
        (
            {"model": "mixed_effects", "prior": "g.csv", "like": "liver"},
            {"g.csv": group(9, 4)}, {}, ("g.csv", "liver"),
        ),
        (
            {"model": "mixed_effects", "prior": "g.csv"}, {"g.csv": group(9, 4, given="0")}, {},
            ("g.csv line 2", "administered"),
        ),
        (
            {"model": "mixed_effects", "prior": "p.yaml"},
            {"p.yaml": yaml.safe_dump({"nuclide": "Y-90", "regions": {"kidneys": PRIOR}})}, {},
            ("p.yaml", "nuclide", "Y-90"),
        ),
        (
            {"model": "mixed_effects", "prior": "p.yaml"},
            {"p.yaml": yaml.safe_dump({"nuclide": "Lu-177", "regions": {"kidneys": PRIOR | {
                "covariance": [[0.1, 0.2], [0.2, 0.1]]}}})}, {},
            ("p.yaml", "covariance", "positive"),
        ),
        (
            {"model": "mixed_effects", "prior": "p.yaml"},
            {"p.yaml": yaml.safe_dump({"nuclide": "Lu-177", "regions": {"kidneys": PRIOR | {
                "log_typical": [1.0]}}})}, {},
            ("p.yaml", "2 parameters"),
        ),
        (
            {"model": "mixed_effects", "prior": "p.yaml"},
            {"p.yaml": yaml.safe_dump({"nuclide": "Lu-177", "regions": {"kidneys": PRIOR | {
                "log_typical": [float("nan"), 1.0]}}})}, {},
            ("p.yaml", "log_typical"),
        ),
    ],
)  # fmt: skip
def test_a_broken_prior_is_named(capsys, tmp_path, kinetics, files, changes, words):
    (tmp_path / "table.csv").write_text(f"{HEAD}\n{ROW}")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    content = {k: v for k, v in (CASE | changes).items() if v is not None}
    content["dose"] = {"kinetics": kinetics}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content))
    out = tmp_path / "out"
    code = main(["dose", str(tmp_path), "--out", str(out)])
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert (code, len(lines)) == (2, 1), lines
    for word in words:
        assert word in lines[0], lines[0]
    assert not out.exists()


def test_points_without_uncertainty_cannot_be_weighed(capsys, tmp_path):
    head = HEAD.replace(",uncertainty,uncertainty_unit", "")
    (tmp_path / "table.csv").write_text(f"{head}\nkidneys,24,h,220,MBq,no,300,mL")
    content = CASE | {"dose": {"kinetics": {"model": "whole_body"}}}
    (tmp_path / "case.yaml").write_text(yaml.safe_dump(content))
    assert main(["dose", str(tmp_path)]) == 2
    assert "dose.uncertainty.point" in capsys.readouterr().err
