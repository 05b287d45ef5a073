"""One file per tab, each with `build(studio)`. Tabs never import each other."""
