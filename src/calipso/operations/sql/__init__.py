"""SQL over the same store: read-only views of objects, links, changes and runs, filled as they are read."""

from calipso.operations.sql.operation import Sql, SqlAnswer, sql
from calipso.operations.sql.past import is_sql

__all__ = ["Sql", "SqlAnswer", "is_sql", "sql"]
