"""Decide: findings, rules and envelope become one verdict for each recipient. Pure and total.

    rules = compile_rules(settings, "mailfilter.toml")   # ConfigError says what is wrong where
    decision = rules.decide(examination, envelope, size, today)

Nothing here acts, waits or fails: `Rules.decide` answers on any input, because the last rule is
mandatory (V4). Which file to open: ``default_rules.toml`` for what happens out of the box,
``rules.py`` for the order of reading, ``conditions.py`` for what a condition means, ``loading.py``
for what a rules file may say, ``addresses.py`` for recipient classes and address patterns,
``departments.py`` for departments.csv, ``reasons.py`` for the closed list of reason codes.
"""

from mailfilter.decide.loading import compile_rules
from mailfilter.decide.rules import Rules, storable

__all__ = ["Rules", "compile_rules", "storable"]
