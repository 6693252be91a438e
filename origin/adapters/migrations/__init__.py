"""How the tables came to be, for Alembic; origin.adapters.records.migrate runs it."""
