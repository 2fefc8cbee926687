"""How the model's numbers are found: targets, priors, the fit, and the checks of it.

The fit works on the expected numbers of children, not on noisy runs. What it ships is data in `data/`, with the
targets it was fitted to, the targets it was not, and a scorecard of earlier years beside naive forecasts. The model
itself never imports this package.
"""
