"""The database: tables, migrations, queries. The recorder writes, the others read."""
