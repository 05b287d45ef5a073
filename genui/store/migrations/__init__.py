"""Alembic migrations, run by `genui.store.database` at open. The schema changes only by
appending a file to `versions`."""
