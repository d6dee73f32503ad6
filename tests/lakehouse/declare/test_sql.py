"""SQL as text: the tables that a SELECT names, and what makes another one of it."""

from __future__ import annotations

import pytest

from lakehouse.declare.sql import canonical
from lakehouse.declare.statement import named


def tables(text: str) -> list[str]:
    return [each.name for each in named(text) if each.is_table]


NAMED = {
    "one": ("SELECT * FROM silver.lines", ["silver.lines"]),
    "in any case": ("select * from Silver.LINES", ["Silver.LINES"]),
    "in backticks": ("SELECT * FROM `silver`.`lines`", ["silver.lines"]),
    "with blanks": ("SELECT * FROM silver . lines", ["silver.lines"]),
    "of a join": ("SELECT * FROM a.b x LEFT JOIN a.c y ON x.i = y.i", ["a.b", "a.c"]),
    "by a comma": ("SELECT * FROM a.b, a.c", ["a.b", "a.c"]),
    "in parentheses": ("SELECT * FROM (a.b JOIN a.c USING (i))", ["a.b", "a.c"]),
    "of a union": ("(SELECT i FROM a.b) UNION ALL (SELECT i FROM a.c)", ["a.b", "a.c"]),
    "within conditions": (
        "SELECT * FROM a.b WHERE i IN (SELECT i FROM a.c) AND EXISTS (SELECT 1 FROM a.d)",
        ["a.b", "a.c", "a.d"],
    ),
    "as a value": ("SELECT (SELECT max(i) FROM a.c) AS m FROM a.b", ["a.c", "a.b"]),
    "not those of a WITH": (
        "WITH t AS (SELECT * FROM a.b), u AS (SELECT * FROM T) SELECT * FROM u JOIN t USING (i)",
        ["a.b"],
    ),
    "one before the WITH that has its name": (
        "WITH t AS (SELECT * FROM u), u AS (SELECT * FROM a.b) SELECT * FROM t, u", ["u", "a.b"],
    ),
    "one outside of the WITH that has its name": (
        "SELECT * FROM (WITH t AS (SELECT * FROM a.b) SELECT * FROM t) JOIN t", ["a.b", "t"],
    ),
    "of a WITH that is of itself": (
        "WITH RECURSIVE t(n) AS (SELECT i FROM a.b UNION ALL SELECT n + 1 FROM t WHERE n < 5) "
        "SELECT * FROM t",
        ["a.b"],
    ),
    "twice": ("SELECT * FROM a.b x JOIN a.b y ON x.i = y.j", ["a.b", "a.b"]),
    "not rows that it makes": (
        "SELECT * FROM a.b, LATERAL explode(l) AS e(x), range(3) JOIN VALUES (1) AS v(k)", ["a.b"],
    ),
    "beside a lateral view": (
        "SELECT * FROM a.b LATERAL VIEW OUTER explode(l) t AS x LATERAL VIEW explode(m) t", ["a.b"],
    ),
    "not in a hint": ("SELECT /*+ BROADCAST(p), MERGE(q) */ * FROM a.b p, a.c q", ["a.b", "a.c"]),
    "not in a comment or a text": (
        "SELECT 'FROM a.x', \"FROM a.y\" /* FROM a.z /* and */ */ FROM a.b -- JOIN a.w", ["a.b"],
    ),
    "first": ("FROM a.b SELECT i", ["a.b"]),
    "through pipes": ("FROM a.b |> WHERE i > 1 |> AGGREGATE count(*) GROUP BY i", ["a.b"]),
    "more levels than a lake has": ("SELECT * FROM main.a.b", ["main.a.b"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "names"), NAMED.values(), ids=NAMED.keys())
def test_the_tables_that_a_select_names(text: str, names: list[str]) -> None:
    assert tables(text) == names
    for each in named(text):
        assert text[each.start : each.end].replace("`", "").replace(" ", "") == each.name


SPARK = """
SELECT try_cast(i AS INT), i::BIGINT, * EXCEPT (i) FROM a.b
SELECT transform(l, y -> y + 1), filter(l, (x, n) -> x > n), aggregate(l, 0, (s, x) -> s + x) FROM a.b
SELECT * FROM a.b LATERAL VIEW explode_outer(l) t AS e
SELECT * FROM a.b QUALIFY row_number() OVER (PARTITION BY i ORDER BY j DESC) = 1
SELECT window(at, '1 day').start, count(*) FROM a.b GROUP BY window(at, '1 day')
SELECT rank() OVER w FROM a.b WINDOW w AS (PARTITION BY i ORDER BY j RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)
SELECT i >>> 1, i >> 1, i <=> j, i DIV 2, a || b, ~i, NOT x FROM a.b
SELECT i, count(*) FILTER (WHERE j > 1), any_value(k IGNORE NULLS) FROM a.b GROUP BY ALL HAVING i > 0
SELECT i, count(*) FROM a.b GROUP BY GROUPING SETS ((i), ())
SELECT * FROM a.b PIVOT (sum(i) AS s FOR k IN ('a' AS x, 'b')) UNPIVOT (v FOR n IN (x, b))
SELECT * FROM a.b LEFT SEMI JOIN a.c USING (i) NATURAL JOIN a.d
SELECT * FROM a.b TABLESAMPLE (10 PERCENT) REPEATABLE (3) t
SELECT from_json(x, 'a INT'), named_struct('a', 1).a, map('a', 1)['a'], struct(*), get_json_object(x, '$.a') FROM a.b
SELECT r'\\d{2}', 'it''s', '\\'', "two", X'1F', 1L, 1.5BD, 2D, 1e-3, DATE'2020-01-01', INTERVAL 3 DAYS FROM a.b
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i), listagg(k, ',') FROM a.b DISTRIBUTE BY i SORT BY j
SELECT extract(YEAR FROM d), trim(BOTH 'a' FROM k), date + INTERVAL 1 DAY, k RLIKE 'a', k ILIKE ANY ('a', 'b') FROM a.b
SELECT CAST(x AS STRUCT<a: INT, b: ARRAY<STRING>>), CAST(x AS VARIANT), i AT TIME ZONE 'UTC' FROM a.b
SELECT i FROM a.b MINUS SELECT i FROM a.c EXCEPT ALL SELECT i FROM a.d INTERSECT SELECT 1
SELECT i FROM a.b ORDER BY ALL LIMIT 3 OFFSET 1;
""".strip().splitlines()  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("text", SPARK)
def test_what_spark_takes_is_not_refused(text: str) -> None:
    assert tables(text)[0] == "a.b"


PLAIN = "SELECT id, sum(x) AS Total FROM silver.lines WHERE name <> 'A  b' AND x > -1 GROUP BY id"

SAME = {
    "layout": PLAIN.replace(" FROM", "\n  FROM").replace("id, sum(x)", "id,sum( x )"),
    "comments": f"-- What was sold.\n{PLAIN.replace('WHERE', '/* but /* no */ A */ WHERE')} -- ;",
    "the case of keywords": PLAIN.replace("SELECT", "Select").replace("GROUP BY", "group by"),
    "the case of functions": PLAIN.replace("sum", "SUM"),
    "a hint": PLAIN.replace("SELECT", "SELECT /*+ BROADCAST(p) */"),
    "a semicolon": f"{PLAIN};\n",
}
OTHER = {
    "a condition": PLAIN.replace("> -1", "> 1"),
    "an operator": PLAIN.replace("<>", "="),
    "the case of a text": PLAIN.replace("'A  b'", "'a  b'"),
    "blanks in a text": PLAIN.replace("'A  b'", "'A b'"),
    "what is a comment elsewhere in a text": PLAIN.replace("'A  b'", "'A --b'"),
    "the case of a name": PLAIN.replace("Total", "total"),
    "a column": PLAIN.replace("id, sum", "id, week, sum"),
    "a table": PLAIN.replace("lines", "line"),
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_what_makes_the_same_rows_is_the_same_select(text: str) -> None:
    assert text != PLAIN
    assert canonical(text) == canonical(PLAIN)


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER.keys())
def test_what_may_make_other_rows_is_another_select(text: str) -> None:
    assert canonical(text) != canonical(PLAIN)


def test_the_form_that_is_compared_never_changes() -> None:
    """Tables were made of selects of this form: another one would make all of them stale."""
    assert canonical(PLAIN) == (
        "SELECT id , SUM ( x ) AS Total FROM silver . lines WHERE name < > 'A  b' AND x > - 1 "
        "GROUP BY id"
    )
