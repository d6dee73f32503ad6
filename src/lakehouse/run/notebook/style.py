"""How the page of a notebook looks."""

STYLE = """
:root { --ink: #1f2328; --soft: #59636e; --line: #d9dee3; --paper: #fff; --shade: #f6f8fa;
  --good: #1a7f37; --bad: #b3261e; --bad-shade: #fdecea; --accent: #0969da; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
header { border-bottom: 1px solid var(--line); margin-bottom: 1.5rem; padding-bottom: .5rem;
  font-size: .9rem; color: var(--soft); }
header p { margin: .25rem 0; }
dl { display: flex; flex-wrap: wrap; gap: .1rem .5rem; margin: .25rem 0; }
dt::after { content: ":"; } dd { margin: 0 1rem 0 0; color: var(--ink); }
b.succeeded { color: var(--good); } b.failed, b.stopped { color: var(--bad); }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
h1 { font-size: 1.9rem; line-height: 1.25; margin: 1rem 0 .75rem; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.25rem 0 .5rem; }
h3 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
.markdown > :first-child { margin-top: 0; }
.words { max-width: 46rem; }
section { margin: 1rem 0; }
section.words + section.words, section.words:has(h2) { margin-top: 2rem; }
section.left-out { opacity: .45; }
code, pre { font: .84rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
  monospace; }
.markdown code, header code { background: var(--shade); border-radius: 4px; padding: .1em .3em; }
.markdown pre code { background: none; padding: 0; }
.title { display: flex; justify-content: space-between; margin: 0 0 .25rem; font-size: .85rem;
  color: var(--soft); }
.title span:first-child { font-weight: 600; color: var(--ink); }
.source { position: relative; background: var(--shade); border: 1px solid var(--line);
  border-radius: 6px; overflow-x: auto; }
.source pre { margin: 0; padding: .6rem 0; width: max-content; min-width: 100%; }
.line { display: block; padding: 0 1rem 0 0; }
.line::before { content: attr(data-n); display: inline-block; width: 3.2rem; padding-right: 1rem;
  text-align: right; color: #8b949e; user-select: none; }
.line.wrong { background: #ffd8d3; }
.language { position: absolute; right: .6rem; top: .35rem; font-size: .7rem; color: #8b949e; }
.text, .markdown pre, details pre { margin: .5rem 0 0; padding: .6rem 1rem; overflow-x: auto;
  border-left: 3px solid var(--line); white-space: pre; }
.text.warn { border-color: #d4a72c; }
.table { margin-top: .6rem; overflow: auto; max-height: 34rem; border: 1px solid var(--line);
  border-radius: 6px; width: fit-content; max-width: 100%; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
.markdown table { margin: .75rem 0; }
th, td { padding: .28rem .65rem; text-align: left; vertical-align: top; }
.table td { white-space: pre; }
.table td.long { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 16rem;
  max-width: 34rem; }
th { font-weight: 600; border-bottom: 1px solid var(--line); background: var(--shade);
  position: sticky; top: 0; white-space: nowrap; }
tbody tr + tr td { border-top: 1px solid #eef1f4; }
.right { text-align: right !important; }
.note { margin: .25rem 0 0; font-size: .78rem; color: var(--soft); }
img { display: block; max-width: 100%; height: auto; margin-top: .75rem; }
.error { background: var(--bad-shade); border-left: 3px solid var(--bad); color: #7a1712;
  padding: .5rem .9rem; margin: .5rem 0 0; overflow-wrap: anywhere; }
.error a { color: inherit; }
details { margin-top: .4rem; font-size: .88rem; color: var(--soft); }
summary { cursor: pointer; }
@media print { .source, .table { overflow: visible; max-height: none; }
  section { break-inside: avoid; } }
"""
