"""The different values of a column, without reading all of its rows."""


def distinct(table: str, column: str) -> str:
    """A query for the `value`s, in order. It jumps from one to the next in an index that begins
    with the column.
    """
    step = f"SELECT min({column}) FROM {table}"  # noqa: S608 - our own names
    return (
        f"WITH RECURSIVE found (value) AS ({step} UNION ALL "  # noqa: S608 - our own names
        f"SELECT ({step} WHERE {column} > found.value) FROM found WHERE found.value IS NOT NULL) "
        "SELECT value FROM found WHERE value IS NOT NULL"
    )
