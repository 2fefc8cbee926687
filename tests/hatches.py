"""Research hatches for tests: pure functions of children and month."""

import numpy as np


def nearer(children, month):
    """A tenth of mild children in NMISS, of those the law lets move, go to an SRP."""
    mild = (children["placement"] == "nmiss") & (children["severity"] <= 2) & (children["ncy"] <= 14)
    return mild & children["may_move"] & (children.draw("who") < 0.5), "srp"


def apart(children, month):
    """Children in state special schools go to mainstream or NMISS, each as drawn."""
    rows = np.flatnonzero((children["placement"] == "state_special") & children["may_move"] & (children["ncy"] <= 14))
    return rows, np.where(children.draw("where")[rows] < 0.3, "mainstream", "nmiss")


def nobody(children, month):
    return None


def no_one(children, month):
    return np.zeros(len(children["ncy"]), bool), "srp"


def stay(children, month):
    """A move to where a child is, is none."""
    return (children["placement"] == "srp") & children["may_move"], "srp"


def between(children, month):
    return (children["placement"] == "nmiss") & (children["ncy"] <= 14) & children["free"] & ~children[
        "may_move"
    ], "srp"


def too_young(children, month):
    return (children["placement"] == "mainstream") & children["may_move"] & (children["ncy"] <= 6), "fe"


def undeclared(children, month):
    return (children["placement"] == "srp") & children["may_move"], "mainstream"


def seeking(children, month):
    return ~children["free"] & (children["placement"] == "nmiss") & (children["ncy"] <= 14), "srp"


def a_list(children, month):
    return [1, 2]


def twice(children, month):
    return [3, 3], "srp"


def too_many(children, month):
    return [10**6], "srp"


def fractions(children, month):
    return [0.5], "srp"


def one_place_too_few(children, month):
    return [1, 2], ["srp"]


def writes(children, month):
    children["ncy"][0] = 3


not_a_function = 3
