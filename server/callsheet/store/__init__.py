"""The database: the port, its SQLite engine, the migrations, the error map."""
