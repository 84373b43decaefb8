"""SQL over the same store: read-only views of objects, links, changes and runs, filled as they are read."""

from calipso.operations.sql.operation import Sql, SqlAnswer, sql

__all__ = ["Sql", "SqlAnswer", "sql"]
