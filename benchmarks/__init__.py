"""Figures of the service, as ratios taken in one run: `make bench`."""
