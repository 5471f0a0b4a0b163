"""The embedded database: tables, migrations and repositories; statements never leave this room."""
