"""Policy Monitor: watches sources for developments on tracked policies and tells the right people."""

__version__ = "0.1.0"
