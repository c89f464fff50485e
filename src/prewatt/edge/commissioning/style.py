"""The style of the pages on which meters are set up."""

from __future__ import annotations

from ..html import Html

STYLE = Html(
    ".labels{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1rem}"
    ".label{display:flex;gap:.8rem;align-items:center;border:1px dashed var(--line);padding:.6rem;break-inside:avoid;"
    "background:#fff;color:#000;overflow-wrap:anywhere}.label svg{width:7rem;flex:none}.label p{font-size:.8rem;color:#333}"
    ".meter{display:block;color:inherit;text-decoration:none;border-top:1px solid var(--line);padding:.6rem 0}"
    ".wrong{color:var(--off)}.good{color:var(--ok)}a{color:var(--brand)}li{margin:.2rem 0}ul{padding-left:1.2rem;margin:.3rem 0}"
    "summary{cursor:pointer;color:var(--brand);padding:.3rem 0}form{margin:.6rem 0}.port{overflow-wrap:anywhere;font-weight:600}"
    ".two{display:grid;grid-template-columns:1fr 1fr;gap:.6rem}"
    "@media print{header,section,.noprint{display:none}body{background:#fff}}"
)
