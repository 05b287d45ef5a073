"""Tunes as data: one melody, its notation, its tokens and what can be said of it. Pure Python."""
