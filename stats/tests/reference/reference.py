"""Reference values for stats/tests/agreement.rs, by other people's implementations.

    pip install -r requirements.txt && python reference.py > reference.json

Where no package has a method, its formula stands here, written by numpy and scipy alone.
"""

import json
from importlib.metadata import version

import numpy as np
from gbstats.bayesian.tests import EffectBayesianABTest, EffectBayesianConfig, GaussianPrior
from gbstats.frequentist.tests import FrequentistConfig, SequentialConfig, SequentialTwoSidedTTest, TwoSidedTTest
from gbstats.models.statistics import (
    ProportionStatistic, RatioStatistic, RegressionAdjustedStatistic, SampleMeanStatistic, compute_theta,
)
from scipy import integrate, optimize, stats
from statsmodels import api as sm
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import (
    samplesize_proportions_2indep_onetail, test_proportions_2indep,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

rng = np.random.default_rng(20261127)
ALPHA = 0.05


def effect(result, p):
    return {"estimate": float(result.expected), "se": float(result.uplift.stddev), "low": float(result.ci[0]), "high": float(result.ci[1]), "p": float(p)}


def frequentist(a, b, sequential=None):
    """gbstats' view of two statistics: absolute and relative."""
    views = {}
    for kind in ("absolute", "relative"):
        if sequential:
            test = SequentialTwoSidedTTest(a, b, SequentialConfig(difference_type=kind, sequential_tuning_parameter=sequential))
        else:
            test = TwoSidedTTest(a, b, FrequentistConfig(difference_type=kind))
        result = test.compute_result()
        p = result.p_value
        if not sequential:  # 1 - cdf loses digits in the tail; the same tail without that loss
            p = 2 * stats.t.sf(abs(test.critical_value), test.dof)
        views[kind] = effect(result, p)
    absolute = views["absolute"]
    views["fieller"] = fieller(a, b, absolute["estimate"], (absolute["high"] - absolute["low"]) / 2 / absolute["se"])
    return views


def fieller(a, b, difference, critical):
    """All u that the test of "the difference is u times the control's mean" does not reject, by search."""
    raw = a.post_statistic if isinstance(a, RegressionAdjustedStatistic) else a
    va, vb, vr = a.variance / a.n, b.variance / b.n, raw.variance / a.n
    def statistic(u):
        return (difference - u * a.unadjusted_mean) / np.sqrt(vb + va + 2 * u * va + u * u * vr)
    point = difference / a.unadjusted_mean
    low = optimize.brentq(lambda u: statistic(u) - critical, point - 1.9, point, xtol=1e-15, rtol=1e-14)
    high = optimize.brentq(lambda u: statistic(u) + critical, point, point + 50, xtol=1e-15, rtol=1e-14)
    return {"low": low, "high": high}


def bayesian(a, b, prior=None):
    views = {}
    for kind in ("absolute", "relative"):
        proper = GaussianPrior(*prior, True) if prior else GaussianPrior()
        r = EffectBayesianABTest(a, b, EffectBayesianConfig(difference_type=kind, prior_type=kind, prior_effect=proper)).compute_result()
        views[kind] = {"mean": float(r.expected), "sd": float(r.uplift.stddev), "chance": float(r.chance_to_win), "low": r.ci[0], "high": r.ci[1],
                       "loss_of_control": r.risk[0], "loss_of_variant": r.risk[1]}
    return views


def mean_statistic(x):
    return SampleMeanStatistic(n=len(x), sum=float(x.sum()), sum_squares=float((x**2).sum()))


def revenue(n, share, mu, sigma):
    x = np.where(rng.random(n) < share, np.round(100 * rng.lognormal(mu, sigma, n)), 0.0)
    return x


def means():
    out = []
    for a, b in [
        (rng.poisson(2.1, 340).astype(float), rng.poisson(2.4, 360).astype(float)),
        (np.round(rng.gamma(2.0, 700.0, 500)), np.round(rng.gamma(2.4, 700.0, 900))),
        (revenue(6000, 0.03, 3.5, 0.8), revenue(6200, 0.035, 3.5, 0.8)),
    ]:
        if min((a != 0).sum(), (b != 0).sum()) < 150:
            raise SystemExit("a data set is below the minimum")
        sa, sb = mean_statistic(a), mean_statistic(b)
        t = stats.ttest_ind(b, a, equal_var=False)
        low, high = CompareMeans(DescrStatsW(b), DescrStatsW(a)).tconfint_diff(ALPHA, usevar="unequal")
        out.append({
            "control": {"n": len(a), "values": a[a != 0].tolist()}, "variant": {"n": len(b), "values": b[b != 0].tolist()},
            "scipy": {"p": float(t.pvalue), "low": float(low), "high": float(high)},
            "welch": frequentist(sa, sb), "sequential": frequentist(sa, sb, 5000), "sequential_20000": frequentist(sa, sb, 20000),
            "bayes": bayesian(sa, sb), "bayes_prior": bayesian(sa, sb, (0.02, 0.3**2)),
        })
    return out


def pairs(y, x):
    return {"y": y.tolist(), "x": x.tolist()}


def ratios():
    out = []
    for na, nb, lift in [(300, 320, 1.0), (1400, 900, 1.2)]:
        def arm(n, p):
            x = 1.0 + rng.geometric(0.4, n)
            return rng.binomial(x.astype(int), p).astype(float), x
        (ya, xa), (yb, xb) = arm(na, 0.3), arm(nb, 0.3 * lift)
        def statistic(y, x):
            return RatioStatistic(n=len(y), m_statistic=mean_statistic(y), d_statistic=mean_statistic(x), m_d_sum_of_products=float((x * y).sum()))
        sa, sb = statistic(ya, xa), statistic(yb, xb)
        out.append({"control": pairs(ya, xa), "variant": pairs(yb, xb), "welch": frequentist(sa, sb), "sequential": frequentist(sa, sb, 5000), "bayes": bayesian(sa, sb)})
    return out


def cuped():
    out = []
    for na, nb, weight in [(300, 320, 0.8), (450, 850, 0.3)]:
        def arm(n, lift):
            x = np.round(rng.gamma(2.0, 50.0, n))
            return np.round(weight * x + rng.gamma(2.0, 30.0, n) * lift), x
        (ya, xa), (yb, xb) = arm(na, 1.0), arm(nb, 1.1)
        def statistic(y, x, theta):
            return RegressionAdjustedStatistic(n=len(y), post_statistic=mean_statistic(y), pre_statistic=mean_statistic(x), post_pre_sum_of_products=float((x * y).sum()), theta=theta)
        theta = compute_theta(statistic(ya, xa, 0), statistic(yb, xb, 0))
        sa, sb = statistic(ya, xa, theta), statistic(yb, xb, theta)
        out.append({"control": pairs(ya, xa), "variant": pairs(yb, xb), "theta": float(theta), "welch": frequentist(sa, sb), "sequential": frequentist(sa, sb, 5000), "bayes": bayesian(sa, sb)})
    return out


def shares():
    out = []
    for ca, na, cb, nb in [(200, 10000, 240, 10000), (130, 700, 60, 340), (23, 690, 39, 680), (965, 1000, 980, 1010), (1, 500, 44, 600), (66, 440, 0, 445), (40000, 2000000, 41000, 2000000)]:
        score = test_proportions_2indep(cb, nb, ca, na, method="score", compare="diff", correction=True)
        critical = stats.norm.isf(ALPHA / 2)
        def constrained(delta):
            """Score statistic of a difference, its constrained estimate as the root of the likelihood's slope. statsmodels 0.15.0
            writes count0 for nobs0 in its cubic, and the likelihood at what it finds is not the largest."""
            low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
            def slope(r):
                parts = [(ca, r), (-(na - ca), 1 - r), (cb, r + delta), (-(nb - cb), 1 - r - delta)]
                return sum(count / at for count, at in parts if count)
            edge = 1e-15
            if slope(low + edge) <= 0:
                r = low
            elif slope(high - edge) >= 0:
                r = high
            else:
                r = optimize.brentq(slope, low + edge, high - edge, xtol=1e-17, rtol=1e-14)
            n = na + nb
            variance = ((r + delta) * (1 - r - delta) / nb + r * (1 - r) / na) * n / (n - 1)
            return (cb / nb - ca / na - delta) / np.sqrt(variance)
        def inverted(compare, inside, step):
            """Where the statistic is critical; of a ratio it is statsmodels'."""
            def over(value):
                if compare == "diff":
                    statistic = constrained(value)
                else:
                    statistic = test_proportions_2indep(cb, nb, ca, na, value=value, method="score", compare=compare, correction=True).statistic
                return abs(statistic) - critical
            outside = inside + step
            while over(outside) < 0:
                outside += step
            return float(optimize.brentq(over, outside - step, outside, xtol=1e-15, rtol=1e-13))
        spread = np.sqrt(max(ca / na * (1 - ca / na), 1 / na) / na + max(cb / nb * (1 - cb / nb), 1 / nb) / nb) / 4
        point = cb / nb - ca / na
        d = inverted("diff", point, -spread), inverted("diff", point, spread)
        row = {"control": [ca, na], "variant": [cb, nb], "p": float(score.pvalue), "low": float(d[0]), "high": float(d[1]), "estimate": cb / nb - ca / na}
        if ca > 0 and cb > 0:
            ratio = (cb / nb) / (ca / na)
            r = inverted("ratio", ratio, -ratio * spread), inverted("ratio", ratio, ratio * spread)
            row |= {"ratio_low": float(r[0]) - 1, "ratio_high": float(r[1]) - 1}
        if min(ca, cb, na - ca, nb - cb) >= 150 and na == nb:
            row["welch"] = frequentist(ProportionStatistic(n=na, sum=ca), ProportionStatistic(n=nb, sum=cb))
        out.append(row)
    return out


def beta_binomial():
    out = []
    for (ca, na), (cb, nb), (a, b) in [((20, 1000), (30, 1010), (1, 1)), ((200, 10000), (233, 9900), (1, 1)), ((0, 40), (3, 45), (1, 1)), ((5, 9), (8, 9), (0.5, 0.5)), ((3000, 6000), (3100, 60000), (2, 5))]:
        pa, pb = stats.beta(a + ca, b + na - ca), stats.beta(a + cb, b + nb - cb)
        points = sorted({float(d.ppf(q)) for d in (pa, pb) for q in (1e-9, 1e-4, 0.05, 0.5, 0.95, 1 - 1e-4, 1 - 1e-9)})
        edges = [0.0, *points, 1.0]
        def whole(f):
            return sum(integrate.quad(f, lo, hi, epsabs=1e-16, epsrel=1e-12, limit=400)[0] for lo, hi in zip(edges, edges[1:]) if hi > lo)
        chance = whole(lambda t: pb.pdf(t) * pa.cdf(t))
        def below(d):
            cuts = sorted({min(max(x, 0.0), 1.0) for x in edges + [e - d for e in edges]})
            return sum(integrate.quad(lambda t: pa.pdf(t) * pb.cdf(t + d), lo, hi, epsabs=1e-15, epsrel=1e-11, limit=400)[0] for lo, hi in zip(cuts, cuts[1:]) if hi > lo)
        low, high = (optimize.brentq(lambda d: below(d) - q, -0.999, 0.999, xtol=1e-13) for q in (ALPHA / 2, 1 - ALPHA / 2))
        out.append({"control": [ca, na], "variant": [cb, nb], "prior": [a, b], "chance": chance, "low": low, "high": high,
                    "loss_of_variant": whole(lambda t: pa.sf(t) * pb.cdf(t)), "loss_of_control": whole(lambda t: pa.cdf(t) * pb.sf(t))})
    return out


def best():
    out = []
    for arms in ([(10, 100), (12, 100), (15, 100)], [(200, 10000), (210, 10000), (230, 10000), (190, 9000)], [(0, 5), (1, 5)]):
        posteriors = [stats.beta(1 + s, 1 + n - s) for s, n in arms]
        points = sorted({float(d.ppf(q)) for d in posteriors for q in (1e-9, 1e-4, 0.05, 0.5, 0.95, 1 - 1e-4, 1 - 1e-9)})
        edges = [0.0, *points, 1.0]
        def chance(i):
            f = lambda t: posteriors[i].pdf(t) * np.prod([d.cdf(t) for j, d in enumerate(posteriors) if j != i])
            return sum(integrate.quad(f, lo, hi, epsabs=1e-16, epsrel=1e-12, limit=400)[0] for lo, hi in zip(edges, edges[1:]))
        out.append({"arms": arms, "chances": [chance(i) for i in range(len(arms))]})
    return out


def group_sequential():
    """Lan-DeMets bounds by Simpson's rule on a fine grid."""
    out = []
    for fractions in ([0.2, 0.4, 0.6, 0.8, 1.0], [0.5, 1.0], [0.1, 0.35, 0.4, 0.9, 1.0], [1.0], [0.3, 0.55]):
        spend = [min(4 * stats.norm.sf(stats.norm.isf(ALPHA / 4) / np.sqrt(t)), ALPHA) for t in fractions]
        bounds, used, before, grid, mass = [], 0.0, 0.0, np.array([0.0]), np.array([1.0])
        for t, s in zip(fractions, spend):
            sd = np.sqrt(t - before)
            exit_at = lambda c: float(mass @ (stats.norm.sf((c * np.sqrt(t) - grid) / sd) + stats.norm.sf((c * np.sqrt(t) + grid) / sd)))
            c = optimize.brentq(lambda c: exit_at(c) - (s - used), 0.1, 10.0, xtol=1e-13, rtol=1e-14)
            bounds.append(c)
            edge = min(c, 9.0) * np.sqrt(t)
            new = np.linspace(-edge, edge, 6001)
            weights = np.ones(6001)
            weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
            weights *= (new[1] - new[0]) / 3
            mass = weights * (stats.norm.pdf((new[:, None] - grid[None, :]) / sd) / sd @ mass)
            grid, used, before = new, s, t
        out.append({"fractions": fractions, "critical": bounds})
    return out


def multiple():
    out = []
    for p in ([0.01, 0.04, 0.03, 0.005], [0.2], [0.5, 0.001, 0.001, 0.9, 0.049, 1.0], rng.random(20).tolist()):
        out.append({"p": p, "holm": multipletests(p, method="holm")[1].tolist(), "bh": multipletests(p, method="fdr_bh")[1].tolist()})
    return out


def sample_ratio():
    out = []
    for counts, weights in [([5240, 4760], [1, 1]), ([502, 498], [1, 1]), ([9000, 1100], [0.9, 0.1]), ([3300, 3400, 3310], [1, 1, 1]), ([4, 2], [1, 1]), ([8, 1], [0.5, 0.5]), ([3, 1, 7], [1, 1, 1]), ([1, 9], [0.3, 0.7]), ([1234567, 1230001], [1, 1])]:
        theta = np.array(weights, float) / sum(weights)
        total = sum(counts)
        if (theta * total).min() >= 5:
            once = float(stats.chisquare(counts, theta * total).pvalue)
        else:
            law = stats.multinomial(total, theta)
            here, tail = law.pmf(counts), 0.0
            grid = np.array(np.meshgrid(*[range(total + 1)] * (len(counts) - 1))).reshape(len(counts) - 1, -1).T
            for row in grid:
                if row.sum() <= total:
                    chance = law.pmf([*row, total - row.sum()])
                    tail += chance if chance <= here * (1 + 1e-7) else 0.0
            once = float(tail)
        factor = stats.dirichlet_multinomial.logpmf(counts, 1000 * theta, total) - stats.multinomial.logpmf(counts, total, theta)
        out.append({"counts": counts, "weights": weights, "once": once, "always": float(min(1.0, np.exp(-factor)))})
    return out


def uniform():
    out = []
    for n, power in [(1, 1), (7, 1), (20, 1.3), (100, 1), (120, 1.2), (139, 1.4), (1500, 1.05), (3000, 1.03)]:
        p = rng.random(n) ** power
        result = stats.kstest(p, "uniform", method="exact" if n <= 1000 else "asymp")
        out.append({"p_values": p.tolist(), "distance": float(result.statistic), "p": float(result.pvalue)})
    return out


def survival():
    out = []
    for na, nb, rate in [(300, 350, 1.0), (500, 400, 1.4)]:
        def arm(n, rate):
            event, censor = np.ceil(rng.exponential(10 / rate, n)), rng.integers(1, 31, n).astype(float)
            return np.minimum(event, censor), (event <= censor).astype(int)
        (ta, da), (tb, db) = arm(na, 1.0), arm(nb, rate)
        def rows(t, d):
            return [[float(x), int(((t == x) & (d == 1)).sum()), int(((t == x) & (d == 0)).sum())] for x in np.unique(t)]
        def restricted(t, d, until):
            curve = SurvfuncRight(t, d)
            keep = curve.surv_times < until
            times, values = curve.surv_times[keep], curve.surv_prob[keep]
            risk, events = curve.n_risk[keep], curve.n_events[keep]
            area = np.concatenate([[1.0], values]) * np.diff(np.concatenate([[0.0], times, [until]]))
            after = area[::-1].cumsum()[::-1][1:]
            return float(area.sum()), float(np.sqrt((after**2 * events / (risk * (risk - events))).sum()))
        curve = SurvfuncRight(ta, da)
        keep = curve.n_events > 0
        chi, p = survdiff(np.concatenate([ta, tb]), np.concatenate([da, db]), np.concatenate([np.zeros(na), np.ones(nb)]))
        until = 25.0
        (ma, sa), (mb, sb) = restricted(ta, da, until), restricted(tb, db, until)
        out.append({"control": rows(ta, da), "variant": rows(tb, db), "until": until,
                    "times": curve.surv_times[keep].tolist(), "survival": curve.surv_prob[keep].tolist(), "se": np.nan_to_num(curve.surv_prob_se[keep]).tolist(),  # 0 where nobody is left
                    "chi_square": float(chi), "p": float(p), "control_mean": [ma, sa], "variant_mean": [mb, sb],
                    "difference_p": float(2 * stats.norm.sf(abs(mb - ma) / np.hypot(sa, sb)))})
    return out


def segments():
    out = []
    for lifts in ([1.0, 1.0, 1.0], [0.8, 1.3, 1.0, 2.0]):
        cells = []
        for i, lift in enumerate(lifts):
            cells.append((rng.poisson(3 + i, 220 + 30 * i).astype(float), rng.poisson((3 + i) * lift, 240 + 10 * i).astype(float)))
        d = np.array([b.mean() - a.mean() for a, b in cells])
        v = np.array([b.var(ddof=1) / len(b) + a.var(ddof=1) / len(a) for a, b in cells])
        q = combine_effects(d, v).q
        days = np.arange(len(lifts), dtype=float) + 1
        line = sm.WLS(d, sm.add_constant(days), weights=1 / v).fit(cov_type="fixed scale", use_t=False)
        w = np.array([len(a) + len(b) for a, b in cells], float)
        w /= w.sum()
        (a0, b0), (a1, b1) = cells[0], cells[1]
        y = np.concatenate([a0, b0, a1, b1])
        first = np.concatenate([np.zeros(len(a0)), np.ones(len(b0)), np.zeros(len(a1)), np.ones(len(b1))])
        second = np.concatenate([np.zeros(len(a0) + len(b0)), np.ones(len(a1) + len(b1))])
        both = sm.OLS(y, np.column_stack([np.ones_like(y), first, second, first * second])).fit(cov_type="HC2", use_t=False)
        out.append({"cells": [[a.tolist(), b.tolist()] for a, b in cells], "q": float(q), "q_p": float(stats.chi2.sf(q, len(lifts) - 1)),
                    "slope": float(line.params[1]), "slope_se": float(line.bse[1]), "slope_p": float(line.pvalues[1]),
                    "stratified": float((w * d).sum()), "stratified_se": float(np.sqrt((w**2 * v).sum())),
                    "interaction": float(both.params[3]), "interaction_se": float(both.bse[3]), "interaction_p": float(both.pvalues[3])})
    return out


def sign():
    out = []
    for wins, losses in [(30, 12), (5, 5), (0, 9), (140, 101), (30300, 29700)]:
        test = stats.binomtest(wins, wins + losses)
        ci = test.proportion_ci(method="exact" if wins + losses <= 10000 else "wilson")
        out.append({"wins": wins, "losses": losses, "p": float(test.pvalue), "low": float(ci.low), "high": float(ci.high)})
    return out


def power():
    out = []
    for base, mde in [(0.04, 0.1), (0.3, 0.4), (0.02, -0.2)]:
        n = samplesize_proportions_2indep_onetail(base * mde, base, 0.8, alpha=ALPHA, alternative="two-sided")
        out.append({"baseline": base, "mde": mde, "n": float(n)})
    means = [{"variance": v, "difference": d, "n": float(NormalIndPower(ddof=0).solve_power(d / np.sqrt(v), power=0.8, alpha=ALPHA / 2, alternative="larger"))} for v, d in [(9.0, 0.3), (250000.0, 12.0)]]
    return {"shares": out, "means": means}


def tails():
    return {"student": [{"t": t, "freedom": f, "p": float(2 * stats.t.sf(t, f)), "critical": float(stats.t.isf(0.025, f))} for t in (0.1, 1.0, 2.0, 4.0, 8.0, 20.0) for f in (3.0, 30.5, 99.0, 101.0, 5000.0, 1e6, 3e8)],
            "normal": [{"z": z, "p": float(2 * stats.norm.sf(z))} for z in (0.01, 1.0, 3.0, 8.0, 30.0)]}


packages = ["scipy", "numpy", "statsmodels", "gbstats"]
print(json.dumps({
    "made_with": {name: version(name) for name in packages},
    "means": means(), "ratios": ratios(), "cuped": cuped(), "shares": shares(), "beta_binomial": beta_binomial(), "best": best(),
    "group_sequential": group_sequential(), "multiple": multiple(), "sample_ratio": sample_ratio(), "uniform": uniform(),
    "survival": survival(), "segments": segments(), "sign": sign(), "power": power(), "tails": tails(),
}, allow_nan=False))
