"""Writes assignment.json: what the documented bucketing says, by an implementation that shares no code with the core.

    python3 tests/vectors/assignment.py > tests/vectors/assignment.json

Bucketing, hash version 1. All texts are UTF-8; murmur3 is MurmurHash3 x86 32-bit; buckets are whole u32.
    seed(purpose)  = murmur3(site + "/" + purpose, 0)
    experiment     : seed(key), or the `seed` written in the file
    traffic        : in if murmur3(unit, murmur3("traffic", experiment seed)) < floor(traffic * 2^32)
                     the experiment seed of version N > 1 is murmur3("version/N", experiment seed), unless "bump" is "block"
    ramp           : between two steps the first bucket outside moves from floor(from * 2^32) by
                     floor(difference * whole seconds since the first / whole seconds between them)
    holdout        : out if murmur3(unit, seed("holdout")) < floor(holdout * 2^32); named ones by seed("holdout/" + name)
    layer          : in if murmur3(unit, seed("layer/" + name)) lies in [floor(from * 2^32), floor(to * 2^32))
    variant        : the first whose end, floor(2^32 * sum of weights up to it / sum of all), is above murmur3(unit, seed);
                     a plan built with --previous keeps the ranges of the plan before it as far as the weights allow
    rule of a flag : answers if murmur3(unit, seed("flag/" + key)) < floor(share * 2^32), or with the `seed` of the rule;
                     rules of one flag share their buckets, so that neither their order nor another rule redraws anyone
"""

import json
from datetime import UTC, datetime
from fractions import Fraction

SITE = "vectors.example"
FULL = 2**32
HOLDOUT = "0.05"
EXPERIMENTS = {
    "even": {"variants": {"a": "1", "b": "1"}},
    "thirds": {"variants": {"a": "1", "b": "1", "c": "1"}},
    "steep": {"variants": {"a": "999", "b": "1"}},
    "one-sided": {"variants": {"a": "1", "b": "0"}},
    "decimal": {"variants": {"a": "0.1", "b": "0.2", "c": "0.7"}},
    "half-in": {"variants": {"a": "1", "b": "1"}, "traffic": "0.5"},
    "few-in": {"variants": {"a": "1", "b": "1"}, "traffic": "0.001"},
    "none-in": {"variants": {"a": "1", "b": "1"}, "traffic": "0"},
    "left": {"variants": {"a": "1", "b": "1"}, "layer": {"name": "shelf", "range": ["0", "0.5"]}},
    "right": {"variants": {"a": "1", "b": "1"}, "layer": {"name": "shelf", "range": ["0.5", "1"]}},
    "renamed": {"variants": {"a": "1", "b": "1"}, "seed": 305419896},
}
TEAM = {"share": "0.3"}
EXPERIMENTS |= {
    "second-version": {"variants": {"a": "1", "b": "1"}, "version": 2},
    "blocking-version": {"variants": {"a": "1", "b": "1"}, "version": 2, "bump": "block"},
    "held-out": {"variants": {"a": "1", "b": "1"}, "holdout": "team"},
    "child": {"variants": {"a": "1", "b": "1"}, "requires": [{"experiment": "thirds", "variant": ["b", "c"]}]},
    "ramped": {"variants": {"a": "1", "b": "1"}, "ramp": [(1_800_000_000_000, "0.1"), (1_800_036_000_000, "0.6"), (1_800_072_000_000, "0.4")]},
}
MOMENTS = [1_799_999_999_999, 1_800_000_000_000, 1_800_012_345_678, 1_800_036_000_000, 1_800_054_000_000, 1_800_072_000_001]
FLAGS = {
    "half": {"rules": [{"force": "in", "share": "0.5"}]},
    "few": {"rules": [{"force": "in", "share": "0.001"}]},
    "steps": {"rules": [{"force": "first", "share": "0.2"}, {"force": "second", "share": "0.7"}, {"force": "rest"}]},
    "drawn-anew": {"rules": [{"force": "in", "share": "0.5", "seed": 305419896}]},
    "tried": {"rules": [{"experiment": "half-in"}, {"force": "second", "share": "0.5"}]},
    "Häuser.Ω": {"rules": [{"force": "in", "share": "0.25"}]},
}
UNITS = (
    [f"visitor-{n}" for n in range(40)]
    + ["", " ", "a", "0", "é", "ß", "naïve-Ü", "Привет", "日本語", "مرحبا", "👩‍👩‍👧", "e\u0301", "\u0000", "x" * 10_000, "ü" * 5_000]
    + ["38ae9e2e-5ebe-4173-aa50-999c13f9f69e", "user@example.com", "a\tb", 'quote"d', "back\\slash"]
)


def murmur3(data: bytes, seed: int) -> int:
    def mix(word: int) -> int:
        word = word * 0xCC9E2D51 % FULL
        return ((word << 15 | word >> 17) % FULL) * 0x1B873593 % FULL

    value = seed
    whole = len(data) // 4 * 4
    for at in range(0, whole, 4):
        value ^= mix(int.from_bytes(data[at : at + 4], "little"))
        value = ((value << 13 | value >> 19) % FULL * 5 + 0xE6546B64) % FULL
    if data[whole:]:
        value ^= mix(int.from_bytes(data[whole:], "little"))
    value ^= len(data)
    value = (value ^ value >> 16) * 0x85EBCA6B % FULL
    value = (value ^ value >> 13) * 0xC2B2AE35 % FULL
    return value ^ value >> 16


def seed(purpose: str) -> int:
    return murmur3(f"{SITE}/{purpose}".encode(), 0)


def edge(share: str) -> int:
    return int(Fraction(share) * FULL)


def at_the_edge(unit: str, key: str) -> dict:
    """Two shares a billionth apart, with the unit's own bucket between their edges."""
    bucket = murmur3(unit.encode(), murmur3(b"traffic", seed(key)))
    billionths = next(n for n in range(bucket * 10**9 // FULL + 2, 0, -1) if n * FULL // 10**9 <= bucket)
    return {"just-out": f"0.{billionths:09}", "just-in": f"0.{billionths + 1:09}"}


def traffic_edge(experiment: dict, at: int) -> int:
    before = [step for step in experiment.get("ramp", [(0, experiment.get("traffic", "1"))]) if step[0] <= at]
    if not before:
        return 0
    (start, share), after = before[-1], [step for step in experiment.get("ramp", []) if step[0] > at]
    if not after:
        return edge(share)
    gone, whole = (at - start) // 1000, (after[0][0] - start) // 1000
    way = abs(edge(after[0][1]) - edge(share)) * gone // whole
    return edge(share) + (way if edge(after[0][1]) > edge(share) else -way)


def assign(unit: str, key: str, experiment: dict, at: int = 0) -> tuple[str | None, str]:
    data = unit.encode()
    if not data:
        return None, "no-unit"
    if murmur3(data, seed("holdout")) < edge(HOLDOUT):
        return None, "holdout"
    if "holdout" in experiment and murmur3(data, seed("holdout/team")) < edge(TEAM["share"]):
        return None, "holdout"
    if layer := experiment.get("layer"):
        start, end = map(edge, layer["range"])
        if not start <= murmur3(data, seed(f"layer/{layer['name']}")) < end:
            return None, "layer"
    for required in experiment.get("requires", []):
        if assign(unit, required["experiment"], EXPERIMENTS[required["experiment"]])[0] not in required["variant"]:
            return None, "prerequisite"
    own = experiment.get("seed", seed(key))
    if experiment.get("version", 1) > 1 and experiment.get("bump") != "block":
        own = murmur3(f"version/{experiment['version']}".encode(), own)
    if murmur3(data, murmur3(b"traffic", own)) >= traffic_edge(experiment, at):
        return None, "traffic"
    weights = {name: Fraction(weight) for name, weight in experiment["variants"].items()}
    bucket, so_far = murmur3(data, own), Fraction(0)
    for name, weight in weights.items():
        so_far += weight
        if bucket < int(so_far * FULL / sum(weights.values())):
            return name, "bucketed"
    raise AssertionError("the last variant ends at 2^32")


def answer(unit: str, key: str, flag: dict) -> tuple[str, str]:
    data = unit.encode()
    for place, rule in enumerate(flag["rules"]):
        if "experiment" in rule:
            variant, reason = assign(unit, rule["experiment"], EXPERIMENTS[rule["experiment"]])
            if variant:
                return variant, reason
        elif "share" not in rule:
            return rule["force"], "default" if place else "static"
        elif data and murmur3(data, rule.get("seed", seed(f"flag/{key}"))) < edge(rule["share"]):
            return rule["force"], "split"
    return "otherwise", "default"


def config() -> dict:
    experiments = {}
    for key, experiment in EXPERIMENTS.items():
        row = {"status": "running", "variants": {name: {"weight": float(weight)} for name, weight in experiment["variants"].items()}}
        if "traffic" in experiment:
            row["traffic"] = float(experiment["traffic"])
        if "layer" in experiment:
            row["layer"] = {"name": experiment["layer"]["name"], "range": [float(share) for share in experiment["layer"]["range"]]}
        row |= {name: experiment[name] for name in ("seed", "version", "bump", "holdout", "requires") if name in experiment}
        if "ramp" in experiment:
            row["ramp"] = [{"at": f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}", "traffic": float(share)} for ms, share in experiment["ramp"]]
        for flag, rules in FLAGS.items():
            if any(rule.get("experiment") == key for rule in rules["rules"]):
                for name, variant in row["variants"].items():
                    variant["values"] = {flag: name}
        experiments[key] = row
    flags = {
        key: {"default": "otherwise", "rules": [{**rule, "share": float(rule["share"])} if "share" in rule else rule for rule in flag["rules"]]}
        for key, flag in FLAGS.items()
    }
    return {"site": [SITE], "holdout": float(HOLDOUT), "holdouts": {"team": {"share": float(TEAM["share"])}}, "experiments": experiments, "flags": flags}


def main() -> None:
    for key in ("just-out", "just-in"):
        EXPERIMENTS[key] = {"variants": {"a": "1", "b": "1"}, "traffic": at_the_edge("visitor-1", key)[key]}
    rows = [
        {"unit": unit, "experiment": key, "expect": dict(zip(("variant", "reason"), assign(unit, key, experiment)))}
        for unit in UNITS
        for key, experiment in EXPERIMENTS.items()
    ]
    rows += [
        {"unit": unit, "experiment": "ramped", "at": at, "expect": dict(zip(("variant", "reason"), assign(unit, "ramped", EXPERIMENTS["ramped"], at)))}
        for unit in UNITS[:40]
        for at in MOMENTS
    ]
    print('{"because": "tests/vectors/assignment.py says how each was found",')
    print(f'"config": {json.dumps(config())},')
    print('"rows": [')
    print(",\n".join(json.dumps(row) for row in rows))
    print('],\n"flags": [')
    answers = [
        {"unit": unit, "flag": key, "expect": dict(zip(("value", "reason"), answer(unit, key, flag)))}
        for unit in UNITS
        for key, flag in FLAGS.items()
    ]
    print(",\n".join(json.dumps(row) for row in answers))
    print("]}")


main()
