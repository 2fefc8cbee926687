"""The law that a policy may not go against, and which changes would: flagged by section, run only when acknowledged.

Refusing assessment by budget, ceasing by age alone, moving a child between reviews, overriding a parent's preference
without grounds: Children and Families Act 2014 and SEND Regulations 2014, as listed in ``SECTIONS``. A change that
rests on lawful grounds says so (``grounds="s.39(4)(b)(ii): ..."``).
"""

from __future__ import annotations

from cohort.policy import Change, Policy, Redirect, Scale, Set
from cohort.when import ends

SECTIONS = {
    "assess": "s.36(8), Children and Families Act 2014: an assessment must be secured where special educational "
    "provision may be necessary; a budget is no ground to refuse one",
    "issue": "s.37, Children and Families Act 2014: a plan must be secured where it is necessary",
    "cease": "s.45, Children and Families Act 2014: a plan ceases when it is no longer necessary, never by age alone",
    "redirect": "s.39(4), Children and Families Act 2014: the school preferred is named unless it is unsuitable, or "
    "incompatible with others' education or the efficient use of resources",
    "between_reviews": "s.44, Children and Families Act 2014: a placement changes by review, not between reviews",
}
SPECIALIST = ("state_special", "srp", "nmiss", "spi", "independent_mainstream")


def problems(policy: Policy) -> list[str]:
    """What each change would break, one line each: "<change>: <section>". Empty for a lawful policy."""
    said = [f"{policy.name}: {policy.unlawful}"] if policy.unlawful else []
    return said + [
        f"{c.owner}: {c.label}: {SECTIONS[k]}" for c in policy.changes if (k := _broken(c)) and not c.grounds
    ]


def _broken(change: Change) -> str:
    """Which section a change goes against unless it has grounds, or ""."""
    if isinstance(change, Scale | Set):
        size = ends(change.by if isinstance(change, Scale) else change.to)
        less, more = (size[0] < 1, size[1] > 1) if isinstance(change, Scale) else (True, True)
        if change.rate in ("assess", "issue") and less:
            return change.rate
        if change.rate in ("cease", "review_cease") and more and set(change.where.dims()) <= {"ncy"}:
            return "cease"
    if (
        isinstance(change, Redirect)
        and change.frm in SPECIALIST
        and change.choice in ("first_place", "transfer", "tribunal")
    ):
        return "redirect"
    return ""
