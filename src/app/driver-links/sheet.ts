/** A page to print, with a code for each EVSE, to be cut out and stuck on. For the command line only: nothing of it runs with the site. */
import { renderSVG } from "uqr";
import type { DriverLink } from "./links.ts";

const STYLE = `
  body { margin: 10mm; font: 11pt/1.35 system-ui, sans-serif; color: #000; background: #fff; }
  p.note { max-width: 170mm; }
  .labels { display: flex; flex-wrap: wrap; gap: 4mm; }
  .label { width: 90mm; box-sizing: border-box; padding: 5mm; border: 0.3mm dashed #999; break-inside: avoid;
    display: grid; grid-template-columns: 40mm 1fr; gap: 4mm; align-items: center; }
  .label svg { width: 40mm; height: 40mm; display: block; }
  h2 { margin: 0 0 2mm; font-size: 14pt; overflow-wrap: anywhere; }
  .label p { margin: 0; }
  .site { color: #555; font-size: 9pt; margin-top: 3mm !important; overflow-wrap: anywhere; }
  @media print { .note { display: none; } }`;

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function label({ name, url }: DriverLink, site: string): string {
  // A quarter of the code may be scratched off.
  const code = renderSVG(url, { ecc: "Q", border: 2 });
  return `<section class="label">${code}<div><h2>${escaped(name)}</h2>
<p><b>When do you leave?</b><br>Scan and tap: the car is ready then, and charges when power costs least.</p>
<p class="site">${escaped(site)}</p></div></section>`;
}

/** The page as HTML, whole in itself. */
export function sheet(links: readonly DriverLink[], site: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Links for drivers, ${escaped(site)}</title><style>${STYLE}</style></head>
<body><p class="note">Print this page, cut the labels out and stick each on its own charge point. Who scans one sees the car
there and can say when it leaves; nothing else. This file holds the keys: remove it after printing.</p>
<div class="labels">
${links.map((link) => label(link, site)).join("\n")}
</div></body></html>
`;
}
