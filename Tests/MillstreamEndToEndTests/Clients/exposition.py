"""Reads /metrics as Prometheus does, with its own client library's parser, and holds it to the rules of `promtool check metrics`.

exposition.py URL: prints what is wrong, and ends with 1 then.
"""

import re
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

text = urllib.request.urlopen(sys.argv[1] + "/metrics").read().decode()
faults = []
families = {}
for family in text_string_to_metric_families(text):
    if family.name in families:
        faults.append(f"{family.name}: twice")
    families[family.name] = family

# The parser takes a family without a type for an untyped one, and one without help for silent.
typed = {}
for line in text.splitlines():
    if line.startswith("# TYPE "):
        _, _, name, kind = line.split(" ")
        typed[name] = kind
    elif line.startswith("# HELP ") and line.split(" ")[2] in typed:
        faults.append(f"{line}: behind its type")
helped = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# HELP ")}

OTHER_UNITS = "milliseconds microseconds nanoseconds minutes hours days kilobytes megabytes kibibytes mebibytes bits percent"
ABBREVIATED = "s ms us ns sec b kb mb gb kib mib"
for name, kind in typed.items():
    words = name.split("_")
    help_text = families[re.sub("_total$", "", name)].documentation if kind == "counter" else families[name].documentation
    if name not in helped or not help_text:
        faults.append(f"{name}: no help text")
    if kind not in ("counter", "gauge", "histogram"):
        faults.append(f"{name}: type {kind}")
    if (kind == "counter") != name.endswith("_total"):
        faults.append(f"{name}: counters, and only they, end in _total")
    if kind != "histogram" and re.search("_(count|sum|bucket)$", name):
        faults.append(f"{name}: ends as a histogram's line")
    if kind in words:
        faults.append(f"{name}: names its type")
    if not re.fullmatch("millstream(_[a-z]+)+", name):
        faults.append(f"{name}: is not millstream_ and words in lower case")
    for unit in (OTHER_UNITS + " " + ABBREVIATED).split():
        if unit in words:
            faults.append(f"{name}: {unit} is no base unit")
    if help_text and not help_text.endswith("."):
        faults.append(f"{name}: its help is no sentence")

for family in families.values():
    for sample in family.samples:
        if family.name not in typed and family.name + "_total" not in typed:
            faults.append(f"{sample.name}: no type")
        for label in sample.labels:
            if not re.fullmatch("[a-z_]+", label):
                faults.append(f"{sample.name}: label {label}")
        if family.type == "counter" and sample.value < 0:
            faults.append(f"{sample.name}: {sample.value}")
    if family.type != "histogram":
        continue
    # By their labels without le: buckets rise to +Inf, which is the count.
    series = {}
    for sample in family.samples:
        labels = tuple(sorted((k, v) for k, v in sample.labels.items() if k != "le"))
        series.setdefault(labels, {}).setdefault(sample.name[len(family.name):], []).append(sample)
    for labels, lines in series.items():
        bounds = [float(sample.labels["le"]) for sample in lines["_bucket"]]
        counts = [sample.value for sample in lines["_bucket"]]
        if bounds != sorted(set(bounds)) or bounds[-1] != float("inf") or counts != sorted(counts):
            faults.append(f"{family.name}{labels}: odd buckets")
        if [counts[-1]] != [sample.value for sample in lines["_count"]] or len(lines["_sum"]) != 1:
            faults.append(f"{family.name}{labels}: count or sum")

print("\n".join(faults) or f"{len(typed)} families")
sys.exit(1 if faults or len(typed) < 45 else 0)
