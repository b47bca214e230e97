"""The database: tables, migrations, queries. Only the recorder writes."""
