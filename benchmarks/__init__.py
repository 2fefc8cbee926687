"""How fast the model is, beside other ways of doing the same work: ``python -m benchmarks``."""

from cohort import cache

cache.use()
