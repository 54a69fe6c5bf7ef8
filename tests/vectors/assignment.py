"""Writes assignment.json: what the documented bucketing says, by an implementation that shares no code with the core.

    python3 tests/vectors/assignment.py > tests/vectors/assignment.json

Bucketing, hash version 1. All texts are UTF-8; murmur3 is MurmurHash3 x86 32-bit; buckets are whole u32.
    seed(purpose)  = murmur3(site + "/" + purpose, 0)
    experiment     : seed(key), or the `seed` written in the file
    traffic        : in if murmur3(unit, murmur3("traffic", experiment seed)) < floor(traffic * 2^32)
    holdout        : out if murmur3(unit, seed("holdout")) < floor(holdout * 2^32)
    layer          : in if murmur3(unit, seed("layer/" + name)) lies in [floor(from * 2^32), floor(to * 2^32))
    variant        : the first whose end, floor(2^32 * sum of weights up to it / sum of all), is above murmur3(unit, seed);
                     a plan built with --previous keeps the ranges of the plan before it as far as the weights allow
    rule of a flag : answers if murmur3(unit, seed("flag/" + key)) < floor(share * 2^32), or with the `seed` of the rule;
                     rules of one flag share their buckets, so that neither their order nor another rule redraws anyone
"""

import json
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


def assign(unit: str, key: str, experiment: dict) -> tuple[str | None, str]:
    data = unit.encode()
    if not data:
        return None, "no-unit"
    if murmur3(data, seed("holdout")) < edge(HOLDOUT):
        return None, "holdout"
    if layer := experiment.get("layer"):
        start, end = map(edge, layer["range"])
        if not start <= murmur3(data, seed(f"layer/{layer['name']}")) < end:
            return None, "layer"
    own = experiment.get("seed", seed(key))
    if murmur3(data, murmur3(b"traffic", own)) >= edge(experiment.get("traffic", "1")):
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
        if "seed" in experiment:
            row["seed"] = experiment["seed"]
        for flag, rules in FLAGS.items():
            if any(rule.get("experiment") == key for rule in rules["rules"]):
                for name, variant in row["variants"].items():
                    variant["values"] = {flag: name}
        experiments[key] = row
    flags = {
        key: {"default": "otherwise", "rules": [{**rule, "share": float(rule["share"])} if "share" in rule else rule for rule in flag["rules"]]}
        for key, flag in FLAGS.items()
    }
    return {"site": [SITE], "holdout": float(HOLDOUT), "experiments": experiments, "flags": flags}


def main() -> None:
    rows = [
        {"unit": unit, "experiment": key, "expect": dict(zip(("variant", "reason"), assign(unit, key, experiment)))}
        for unit in UNITS
        for key, experiment in EXPERIMENTS.items()
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
