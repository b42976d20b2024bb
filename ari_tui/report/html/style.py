"""The style sheet of the HTML report: light, dark (`prefers-color-scheme`) and for print."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

_LIGHT: Final = """
--page:#f4f6f8;--card:#fff;--ink:#17202a;--soft:#55616e;--faint:#8994a0;--rule:#dfe4ea;
--grid:#e9edf1;--pass:#18794e;--pass-bg:#e4f5ec;--fail:#c4281c;--fail-bg:#fdeceb;--open:#8a5a00;
--open-bg:#fdf3dc;--p50:#0b6bb8;--p95:#c46a00;--p99:#a3268f;--max:#77828e;--calls:#0b6bb8;
--bar:#5b93c4;--over:#c4281c;--stripe:#fafbfc;"""
_DARK: Final = """
--page:#0e1216;--card:#161b21;--ink:#e6ebf0;--soft:#a6b1bd;--faint:#7b8794;--rule:#2b333c;
--grid:#232a32;--pass:#6fd49b;--pass-bg:#12301f;--fail:#ff8a80;--fail-bg:#3a1715;--open:#f0c05a;
--open-bg:#33270c;--p50:#6db6f2;--p95:#f2a85c;--p99:#e68ad8;--max:#8f9ba7;--calls:#6db6f2;
--bar:#4f86b5;--over:#ff8a80;--stripe:#1a2027;"""

_BODY: Final = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"Helvetica Neue","Noto Sans","DejaVu Sans",Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1080px;margin:0 auto;padding:28px 20px 56px}
header{display:flex;justify-content:space-between;gap:16px;color:var(--soft);font-size:13px;
margin-bottom:10px}
header b{color:var(--ink);letter-spacing:.02em}
h1{font-size:28px;line-height:1.2;font-weight:650;letter-spacing:-.012em;margin:0 0 4px;
overflow-wrap:anywhere}
.when{color:var(--soft);margin:0 0 20px}
h2{font-size:18px;font-weight:650;letter-spacing:-.005em;margin:0 0 2px}
h3{font-size:14px;font-weight:600;margin:18px 0 0}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px 22px;
margin:0 0 16px}
.lead{color:var(--soft);font-size:13.5px;margin:0 0 10px;max-width:100ch}
.verdict{border-left:6px solid var(--tone)}
.pass{--tone:var(--pass);--tone-bg:var(--pass-bg)}
.fail{--tone:var(--fail);--tone-bg:var(--fail-bg)}
.open{--tone:var(--open);--tone-bg:var(--open-bg)}
.verdict .word{display:flex;align-items:center;gap:12px;font-size:26px;font-weight:700;
letter-spacing:.01em;color:var(--tone);margin:0;line-height:1.2}
.verdict .word svg{width:30px;height:30px;flex:none}
.verdict .word path,.verdict .word circle{stroke:var(--tone);fill:none;stroke-width:2.6;
stroke-linecap:round;stroke-linejoin:round}
.verdict ul{margin:12px 0 0;padding-left:20px}
.verdict li{margin:2px 0;overflow-wrap:anywhere}
.verdict .lead{margin:12px 0 0}
.note{background:var(--open-bg);color:var(--open);border-radius:10px;padding:10px 16px;
margin:0 0 16px;font-weight:550}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;
margin:0 0 16px;padding:0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:13px 16px}
.tile dt{color:var(--soft);font-size:13px}
.tile dd{margin:0}
.tile .figure{font-size:23px;font-weight:650;letter-spacing:-.015em;line-height:1.3;
white-space:nowrap}
.tile .small{color:var(--soft);font-size:12.5px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px}
caption{text-align:left;color:var(--soft);font-size:13px;padding:0 0 6px}
th{text-align:left;font-weight:600;color:var(--soft);font-size:12.5px;white-space:nowrap}
th,td{padding:7px 10px 7px 0;border-bottom:1px solid var(--rule);vertical-align:top}
tbody tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right;white-space:nowrap}
.n+td:not(.n),.n+th:not(.n){padding-left:14px}
td.name{overflow-wrap:anywhere;min-width:130px}
td.id{white-space:nowrap}
table.rules td{vertical-align:middle}
td .small{display:block;color:var(--soft);font-size:12.5px}
.badge{display:inline-block;padding:1px 9px;border-radius:99px;font-size:12px;font-weight:650;
background:var(--tone-bg);color:var(--tone);white-space:nowrap}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:0 36px;
margin:8px 0 0}
.facts div{display:flex;gap:12px;padding:6px 0;border-bottom:1px solid var(--rule)}
.facts dt{color:var(--soft);flex:0 0 168px;font-size:13.5px}
.facts dd{margin:0;font-size:13.5px;overflow-wrap:anywhere;min-width:0}
.facts .small{color:var(--soft);display:block;font-size:12.5px}
.words dt{font-weight:600;margin-top:8px}
.words dd{margin:0;color:var(--soft);font-size:13.5px;max-width:82ch}
figure{margin:14px 0 0}
figcaption{display:flex;flex-wrap:wrap;gap:2px 18px;align-items:center;font-size:13px;
color:var(--soft)}
figcaption b{color:var(--ink);font-weight:600;font-size:14px}
.key{display:inline-flex;align-items:center;gap:6px;white-space:nowrap}
.key i{width:16px;height:3px;border-radius:2px;background:var(--c)}
.key i.round{width:7px;height:7px;border-radius:9px}
.key i.block{width:10px;height:10px;border-radius:2px}
.key i.dashes{height:2px;
background:repeating-linear-gradient(90deg,var(--c) 0 5px,transparent 5px 8px)}
.k50{--c:var(--p50)}.k95{--c:var(--p95)}.k99{--c:var(--p99)}.kmax{--c:var(--max)}
.kbar{--c:var(--bar)}.klimit{--c:var(--ink)}.kover{--c:var(--over)}
svg.chart{display:block;width:100%;height:auto;margin-top:4px}
svg text{fill:var(--soft);font-size:11.5px;font-family:inherit;paint-order:stroke;
stroke:var(--card);stroke-width:3px;stroke-linejoin:round}
.grid{stroke:var(--grid)}.axis,.tick{stroke:var(--faint)}
.up{text-anchor:end}.across{text-anchor:middle}
.line{fill:none;stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round}
.line.p50{stroke:var(--p50)}.line.p95{stroke:var(--p95)}.line.p99{stroke:var(--p99)}
.dot.max,.arrow.max{fill:var(--max)}
.calls{fill:var(--calls);fill-opacity:.17;stroke:var(--calls);stroke-width:1.4}
.bar{fill:var(--bar)}.bar.over{fill:var(--over)}
.limit{stroke:var(--fail);stroke-dasharray:5 4;stroke-width:1.2}
svg text.limit-name{fill:var(--fail);text-anchor:end}
.limit.p50{stroke:var(--p50)}.limit.p95{stroke:var(--p95)}.limit.p99{stroke:var(--p99)}
.limit.share{stroke:var(--ink)}
svg text.limit-name.p50{fill:var(--p50)}svg text.limit-name.p95{fill:var(--p95)}
svg text.limit-name.p99{fill:var(--p99)}
.mark{stroke:var(--faint);stroke-dasharray:2 3}
.mark.p50{stroke:var(--p50)}.mark.p95{stroke:var(--p95)}.mark.p99{stroke:var(--p99)}
svg text.mark-name.p50{fill:var(--p50)}svg text.mark-name.p95{fill:var(--p95)}
svg text.mark-name.p99{fill:var(--p99)}
.hover{fill:var(--ink);fill-opacity:0}.hover:hover{fill-opacity:.09}
svg.gauge{width:150px;height:18px;display:block}
.gauge .track{fill:var(--grid)}
.gauge .range{fill:var(--tone)}
.gauge .bound{stroke:var(--ink);stroke-width:1.6}
.whole{stroke:var(--bar);stroke-width:2}
.most{fill:var(--bar)}
.middle{stroke:var(--ink);stroke-width:2.4}
svg text.row{fill:var(--ink);font-size:12.5px}
footer{color:var(--faint);font-size:12.5px;text-align:center;margin-top:20px}
@media(max-width:560px){main{padding:18px 12px 40px}section{padding:16px 14px}h1{font-size:23px}
.facts{grid-template-columns:1fr}.facts dt{flex-basis:126px}header{flex-wrap:wrap;gap:2px 16px}
.wide{overflow-x:auto}.wide svg.chart{min-width:620px}}
"""
_PAPER: Final = """
@page{size:A4;margin:13mm 12mm}
body{background:#fff;font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;padding:0}
section,.tile{border-color:#ccd3da}
section{padding:10px 14px;margin-bottom:10px}
section.whole-page,figure,tr,.tile,.facts div,.words dd{break-inside:avoid}
h2,h3,caption,figcaption,.words dt{break-after:avoid}
thead{display:table-header-group}
.scroll{overflow:visible}
th,td{padding:4px 8px 4px 0}
table{font-size:9pt}th{font-size:8.5pt}
.tiles{grid-template-columns:repeat(3,1fr);gap:8px}.badge{font-size:8pt;padding:0 6px}
.facts{grid-template-columns:1fr 1fr;gap:0 20px}.facts dt{flex-basis:120px}
.facts dt,.facts dd,.words dd{font-size:9pt}
.hover{display:none}
"""

STYLE: Final = (
    f":root{{color-scheme:light dark;{_LIGHT}}}"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}"
    f"{_BODY}@media print{{{_PAPER}}}"
)

POLICY: Final = (
    "default-src 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    + "'; base-uri 'none'; form-action 'none'"
)
"""The page's Content-Security-Policy: no loading, no scripts, only this style sheet."""
