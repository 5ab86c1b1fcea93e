/* SPDX-License-Identifier: MIT */
#include "report_parts.h"

/*
 * Colours of the causes are those of Okabe and Ito ("Color Universal Design",
 * 2008), darker on white and lighter on black where they were too faint. What
 * a colour says, a word or a place says too.
 */
static const char *const style[] = {
	":root{"
	"color-scheme:light dark;--page:#f5f6f7;--card:#fff;"
	"--ink:#1b1e22;--faint:#555c65;--rule:#d5d9de;--grid:#e7e9ec;"
	"--axis:#8b929b;--jack:#0068a5;--pipewire:#bf4a00;"
	"--bridge:#00765a;--machine:#9c3f83;--unknown:#61666e;"
	"--ok:#0a6b38;--ok-back:#e3f4ea;--warn:#7a5200;"
	"--warn-back:#fdf1d7;--fail:#a9201b;--fail-back:#fce7e5}",
	"@media(prefers-color-scheme:dark){"
	":root{--page:#121518;--card:#1b1f24;--ink:#e7eaee;"
	"--faint:#a8b0ba;--rule:#363d45;--grid:#2a3038;--axis:#7d8691;"
	"--jack:#56b4e9;--pipewire:#f39a4c;--bridge:#2fcf9f;"
	"--machine:#e093c3;--unknown:#a8b0ba;--ok:#5fd698;"
	"--ok-back:#14301f;--warn:#f2c14e;--warn-back:#362a0c;"
	"--fail:#ff8d84;--fail-back:#3d1a18}"
	"}",
	"*{box-sizing:border-box}",
	"html{-webkit-text-size-adjust:100%}",
	"body{margin:0;background:var(--page);color:var(--ink);"
	"font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu "
	"Sans\",sans-serif;overflow-wrap:break-word}",
	"main{max-width:62rem;margin:0 auto;padding:1.25rem}",
	"header p,footer p{color:var(--faint);margin:.25rem 0;"
	"font-size:.9rem}",
	"h1{font-size:1.15rem;margin:0;font-weight:600}",
	"h2{font-size:1.15rem;margin:0 0 .25rem}",
	"h3{font-size:1rem;margin:1.5rem 0 .25rem}",
	"section{background:var(--card);border:1px solid var(--rule);"
	"border-radius:10px;padding:1.1rem 1.25rem;margin:1rem 0}",
	"section>p{margin:.25rem 0 .75rem;color:var(--faint);"
	"max-width:46rem}",
	".verdict{border-left-width:8px;padding:1.25rem}",
	".verdict h2{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}",
	".verdict p{color:var(--ink);margin:.35rem 0;max-width:48rem}",
	".verdict .mark{font-size:.8rem;font-weight:700;"
	"letter-spacing:.08em;text-transform:uppercase;margin:0 0 .25rem}",
	".is-ok{border-color:var(--ok);background:var(--ok-back)}",
	".is-warn{border-color:var(--warn);background:var(--warn-back)}",
	".is-fail{border-color:var(--fail);background:var(--fail-back)}",
	".is-ok .mark{color:var(--ok)}",
	".is-warn .mark{color:var(--warn)}",
	".is-fail .mark{color:var(--fail)}",
	".tiles{display:grid;gap:.75rem;margin:1rem 0;padding:0;"
	"grid-template-columns:repeat(auto-fit,minmax(8.6rem,1fr))}",
	".tiles div{background:var(--card);border:1px solid var(--rule);"
	"border-radius:10px;padding:.7rem .9rem}",
	".tiles dt{font-size:.8rem;color:var(--faint)}",
	".tiles dd{margin:0;font-size:1.1rem;font-weight:600;"
	"font-variant-numeric:tabular-nums}",
	".tiles small{display:block;font-size:.8rem;font-weight:400;"
	"color:var(--faint)}",
	".pair{display:grid;gap:0 2rem;"
	"grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),"
	"1fr))}",
	"figure{margin:.75rem 0 0;min-width:0}",
	"figcaption{font-size:.9rem;font-weight:600}",
	".picture{padding:2.1rem 1.2rem 2.9rem 4.8rem}",
	".picture.upper{padding-bottom:.6rem}",
	".picture.lower{padding-top:.2rem}",
	".plot{display:block;overflow:visible}",
	".plot text{font-size:12px;fill:var(--faint)}",
	".plot .name{fill:var(--faint);font-weight:600}",
	".plot .note{fill:var(--ink)}",
	".grid{stroke:var(--grid)}",
	".lane{stroke:var(--rule)}",
	".limit{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:5 4;"
	"pointer-events:none}",
	".event{stroke-width:4}",
	".plot path{vector-effect:non-scaling-stroke;stroke-width:1.75;"
	"stroke-linejoin:round}",
	".plot path:not(.area){fill:none}",
	".plot path.area{fill-opacity:.2}",
	".plot .hit{fill:transparent}",
	".plot .hit:hover{fill:var(--axis);fill-opacity:.35}",
	".column{stroke:var(--card);stroke-width:1}",
	".jack{stroke:var(--jack);fill:var(--jack)}",
	".pipewire{stroke:var(--pipewire);fill:var(--pipewire)}",
	".bridge{stroke:var(--bridge);fill:var(--bridge)}",
	".machine{stroke:var(--machine);fill:var(--machine)}",
	".unknown{stroke:var(--unknown);fill:var(--unknown)}",
	".plot .column{stroke:var(--card)}",
	".plot path.second{stroke-dasharray:6 3}",
	".legend{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;"
	"margin:.5rem 0 0;padding:0;list-style:none;font-size:.85rem}",
	".legend svg{width:18px;height:14px;margin-right:.4rem;"
	"vertical-align:-2px}",
	".scroll{overflow-x:auto;margin:.5rem 0 0}",
	"table{border-collapse:collapse;width:100%;font-size:.9rem;"
	"font-variant-numeric:tabular-nums}",
	"caption{text-align:left;color:var(--faint);font-size:.85rem;"
	"padding:.25rem 0}",
	"th,td{text-align:left;padding:.4rem .75rem .4rem 0;"
	"border-bottom:1px solid var(--rule);vertical-align:top}",
	"thead th{color:var(--faint);font-weight:600;white-space:nowrap;"
	"vertical-align:bottom}",
	"tbody th{font-weight:500}",
	".scroll tbody th{min-width:8rem}",
	"td.n,th.n{text-align:right;white-space:nowrap}",
	"th.c{text-align:center}",
	"td.bar{width:36%;white-space:nowrap}",
	"td.bar svg{display:block;margin:.3rem 0 .1rem;"
	"background:var(--grid)}",
	".facts th{width:11rem;color:var(--faint)}",
	"bdi,dd,.facts td,.stack td{overflow-wrap:anywhere}",
	"td.cell{text-align:center;white-space:nowrap;border:2px solid "
	"var(--card);padding:.4rem .5rem}",
	"td.is-ok{color:var(--ok)}",
	"td.is-warn{color:var(--warn)}",
	"td.is-fail{color:var(--fail)}",
	".tag{display:inline-block;border-radius:5px;padding:0 .45rem;"
	"font-size:.8rem;font-weight:700;white-space:nowrap}",
	".tag.is-ok{color:var(--ok)}",
	".tag.is-warn{color:var(--warn)}",
	".tag.is-fail{color:var(--fail)}",
	".why{color:var(--faint);display:block}",
	"pre,code{font:13px/1.45 ui-monospace,\"DejaVu Sans Mono\","
	"monospace}",
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.35rem 0 "
	"0;background:var(--page);border:1px solid var(--rule);"
	"border-radius:6px;padding:.4rem .6rem}",
	"code{overflow-wrap:anywhere}",
	"details summary{cursor:pointer;margin:.5rem 0}",
	":focus-visible{outline:3px solid var(--jack);outline-offset:2px}",
	"@media(max-width:40rem){"
	"main{padding:.6rem}"
	"section{padding:.8rem .8rem;border-radius:8px}"
	".verdict h2{font-size:1.3rem}"
	".tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:.5rem}"
	".picture{padding-left:4.3rem;padding-right:.9rem}"
	".facts th{width:7.5rem}"
	".minor{display:none}"
	"thead th,thead th.n{white-space:normal}"
	".stack thead{position:absolute;clip-path:inset(50%)}"
	".stack tr,.stack th,.stack td{display:block;border:0;padding:0}"
	".stack tr{border-bottom:1px solid var(--rule);padding:.45rem 0}"
	"}",
	"@media print{"
	":root{color-scheme:light}"
	"section{break-inside:avoid}"
	"}",
};

void xrun_html_style(FILE *file)
{
	fputs("<style>\n", file);
	for (size_t i = 0; i < sizeof(style) / sizeof(style[0]); i++)
		fprintf(file, "%s\n", style[i]);
	fputs("</style>\n", file);
}
