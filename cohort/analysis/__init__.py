"""What studies say: ranges over runs, the difference a policy makes, its parts, what would be enough, what matters.

Every figure is worked out within each run first and then summarised across runs, and carries its Monte Carlo error:
how far it would move if the same number of runs were made anew.
"""
