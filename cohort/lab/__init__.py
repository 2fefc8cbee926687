"""The policy lab without its page: what is chosen, what is worked out, what is shown. ``notebooks/policy_lab.py`` only
lays it out; everything here is tested without a browser."""
