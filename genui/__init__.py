"""genui: an interactive playground for generative AI that learns from the people who click."""

__version__ = "0.1.0"
