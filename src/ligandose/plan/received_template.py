"""A case.yaml to fill in."""

CASE_TEMPLATE = """\
case: P01                       # study label, written in place of a name
nuclide: Lu-177
administered_GBq: 7.4
administered_at: 2026-01-05T09:00:00
# agent: 177Lu-PSMA-617
patient:
  host: adult-male              # whose S values: adult-male or adult-female
  body_mass_kg: 80
  # disease: mCRPC              # BED of lesions needs it
  # lesion_in: {"lesion:L1": liver}
images:                         # or, in place of images: activities: activities.csv
  - activity: spect_24h         # folder of the series, or a NIfTI/NRRD file with its sidecar
    ct: ct_24h
    calibration: {sensitivity_cps_per_MBq: 9.4, counting_time_s: 1200}   # images in counts only
    regions:
      - file: regions_24h.dcm   # RTSTRUCT, SEG, or a label map
        names: {Kidney L: kidneys, Kidney R: kidneys, Met 1: "lesion:L1"}
dose:
  registration: rigid           # rigid, affine, deformable, none
  recovery: {model: gtm, fwhm_mm: 12.0, fwhm_sd_mm: 1.2}   # or none, or table with coefficients
  background: {model: none}     # none, stated (share, fwhm_mm), air (fwhm_mm)
  kinetics:
    model: auto                 # auto, a curve (docs/tac.md), physical, haenscheid, madsen,
                                # whole_body, mixed_effects, earlier_cycle, ...
    # regions:
    #   kidneys: {model: earlier_cycle, earlier: cycle1/dose.json, cycle_cv: 0.1}
    #   liver: {model: mixed_effects, prior: our_patients.csv}
    #   "lesion:L1": {model: madsen, half_life_h: 60, half_life_cv: 0.2}
  # monte_carlo_in: [kidneys]   # engine mc: where its uncertainty is reached; default all regions
  uncertainty: {calibration: 0.05, point: 0.05, outline_fwhm_mm: 1.5}
  # marrow:
  #   blood: blood.csv          # region blood, activity of 1 mL
  #   marrow_metastases: false
  #   binds_marrow: false
  #   haematocrit: 0.42
"""
