"""Cohorts: faces of strangers, by which thresholds are set, and the network that made them."""
