"""Command-line tools for the database: export, backup, restore, import-eamoon, check."""
