"""How the HTML report looks: on a screen by day and by night, on a phone, and on A4."""

from typing import Final

STYLE: Final = """
:root{--ink:#1c2024;--soft:#5f6872;--line:#dfe3e8;--page:#fff;--card:#f6f7f9;--high:#b42318;--medium:#9a6700;--low:#1a7f37;
--unknown:#6e40c9;--bar:#3b6fd4}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4af;--line:#343b43;--page:#14171a;--card:#1d2125;
--high:#ff7b6b;--medium:#e3b341;--low:#56d364;--unknown:#b392f0;--bar:#79a5f2}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:56rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:.15rem 0}
h2{font-size:1.1rem;margin:2.2rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
p{margin:.4rem 0}
code{font:.875em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
a{color:inherit}
.soft{color:var(--soft)}
.banner{background:var(--card);border-left:.5rem solid var(--unknown);border-radius:.4rem;padding:1rem 1.2rem}
.banner.high{border-color:var(--high)}.banner.medium{border-color:var(--medium)}.banner.low{border-color:var(--low)}
.band{font-weight:600;text-transform:uppercase;letter-spacing:.04em;font-size:.8rem;color:var(--unknown)}
.band.high{color:var(--high)}.band.medium{color:var(--medium)}.band.low{color:var(--low)}
.held{color:var(--high);font-weight:600}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line);font-size:.95rem}
th{font-weight:600;color:var(--soft);font-size:.82rem}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.8rem;margin:1rem 0 0}
.facts dt{color:var(--soft);font-size:.82rem}.facts dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
.scroll{overflow-x:auto}
svg{display:block;max-width:100%;height:auto}
.raises{fill:var(--high)}.lowers{fill:var(--low)}.share{fill:var(--bar)}
.copies{fill:none;stroke:var(--bar);stroke-dasharray:4 3}
.rail{stroke:var(--line)}
svg text{fill:var(--ink);font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg text.soft{fill:var(--soft)}
footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem}
@page{size:A4;margin:16mm}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--page:#fff;--card:#f3f3f3}body{font-size:10.5pt}
main{max-width:none;padding:0}
h2{break-after:avoid}tr,svg,.banner{break-inside:avoid}}
""".strip()
