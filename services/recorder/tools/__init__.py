"""Tools around the database: export, backup, restore, import-eamoon, check."""
