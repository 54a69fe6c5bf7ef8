"""Writes power.json: sample sizes for two proportions, by statsmodels.

    python3 tests/vectors/power.py > tests/vectors/power.json

Python 3.11, statsmodels 0.15.0, scipy 1.17.1, numpy 2.4.6 (pip install statsmodels==0.15.0).
`samplesize_proportions_2indep_onetail` takes the normal approximation with the variance pooled under the null
hypothesis, like `parlour power`; two-sided, arms of equal size, alpha divided by the number of comparisons with the
control (Bonferroni). `power` of each row is what statsmodels' own power function answers for that size, the far tail
included.
"""

import itertools
import json
import math

from statsmodels.stats.proportion import power_proportions_2indep, samplesize_proportions_2indep_onetail

BASELINES = [0.001, 0.01, 0.04, 0.25, 0.5, 0.9]
EFFECTS = [-0.2, 0.01, 0.05, 0.1]
VARIANTS = [2, 3, 6]
LEVELS = [(0.05, 0.8), (0.01, 0.9), (0.1, 0.5)]

rows = []
for baseline, relative, variants, (alpha, power) in itertools.product(BASELINES, EFFECTS, VARIANTS, LEVELS):
    difference = baseline * relative
    each = alpha / (variants - 1)
    size = samplesize_proportions_2indep_onetail(difference, baseline, power, ratio=1, alpha=each)
    found = power_proportions_2indep(difference, baseline, size, ratio=1, alpha=each, return_results=False)
    rows.append(
        {
            "baseline": baseline,
            "relative": relative,
            "variants": variants,
            "alpha": alpha,
            "power": power,
            "visitorsPerVariant": math.ceil(size),
            "unrounded": float(size),
            "powerFound": round(float(found), 9),
        }
    )

lines = ",\n".join("    " + json.dumps(row) for row in rows)
print(f'{{\n  "source": "statsmodels 0.15.0",\n  "rows": [\n{lines}\n  ]\n}}')
