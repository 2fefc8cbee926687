"""Policies, and nothing else: one file for each, found by its name.

A rule says what changes, for whom, from when, by how much and because of what evidence, and what it leaves out. It
imports the policy vocabulary from `cohort.policy` and knows nothing of how a month is simulated, so a reader who knows
the policy can check it without knowing the model.
"""
