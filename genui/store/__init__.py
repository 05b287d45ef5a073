"""What genui remembers: `Store` keeps generations, ratings and media.

SQL stays in this package; it knows neither models nor jobs nor the page.
"""

from genui.store.store import Store
from genui.store.tally import Summary, Tally

__all__ = ["Store", "Summary", "Tally"]
