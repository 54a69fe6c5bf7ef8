"""Funnels and cohorts of 600 simulated visitors, by brute force, for report/tests/ecom.rs.

    python ecom.py retentioneering_ecom_events.csv.gz > ecom.json

The events are those of the package retentioneering (Apache-2.0). Only Python's own library is used. A funnel is looked for
from each event that may be its first step, one after the other.
"""

import csv
import gzip
import json
import platform
import sys
from collections import defaultdict
from datetime import datetime, timedelta

FUNNELS = [
    {"name": "shop", "steps": [["home", "catalog", "search"], "product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]},
    {"name": "fast", "steps": ["product_view", "add_to_cart", "purchase"], "within_hours": 1},
    {"name": "twice", "steps": ["purchase", "purchase", "purchase"]},
    {"name": "trouble", "steps": ["payment_details", "payment_error", "support_chat", "purchase"], "within_hours": 24},
]


def furthest(events, funnel):
    """How many steps the visitor took at most, in time."""
    steps = [[step] if isinstance(step, str) else step for step in funnel["steps"]]
    within = funnel.get("within_hours")
    best = 0
    for start, (first_at, _) in enumerate(events):
        step = 0
        for at, kind in events[start:]:
            if within is not None and at - first_at > timedelta(hours=within):
                break
            if step < len(steps) and kind in steps[step]:
                step += 1
            elif step == 0:
                break
        best = max(best, step)
    return best


def monday(at):
    return (at - timedelta(days=at.weekday())).date()


visitors, channels = defaultdict(list), {}
with gzip.open(sys.argv[1], "rt") as file:
    for row in csv.DictReader(file):
        visitors[row["user_id"]].append((datetime.fromisoformat(row["timestamp"]), row["event"]))
        channels[row["user_id"]] = row["acquisition_channel"]
for events in visitors.values():
    events.sort(key=lambda event: event[0])


def counts(ids):
    return {
        funnel["name"]: [
            sum(reached > step for reached in (furthest(visitors[id], funnel) for id in ids))
            for step in range(len(funnel["steps"]))
        ]
        for funnel in FUNNELS
    }


last = max(monday(at) for events in visitors.values() for at, _ in events)
cohorts = defaultdict(lambda: {"visitors": 0, "active": defaultdict(int), "bought": defaultdict(int)})
for events in visitors.values():
    first = monday(events[0][0])
    cohort = cohorts[first]
    cohort["visitors"] += 1
    for name, kinds in (("active", None), ("bought", "purchase")):
        for week in {monday(at) for at, kind in events if kinds in (None, kind)}:
            cohort[name][(week - first).days // 7] += 1

print(json.dumps({
    "versions": {"python": platform.python_version()},
    "visitors": len(visitors),
    "events": sum(map(len, visitors.values())),
    "funnels": FUNNELS,
    "all": counts(visitors),
    "by_channel": {
        channel: counts([id for id in visitors if channels[id] == channel]) for channel in sorted(set(channels.values()))
    },
    "cohorts": [
        {
            "week": str(week),
            "visitors": cohort["visitors"],
            **{
                name: [cohort[name][at] for at in range(min((last - week).days // 7 + 1, 27))]
                for name in ("active", "bought")
            },
        }
        for week, cohort in sorted(cohorts.items())
    ],
}, indent=1))
