/**
 * The files of the page: built once, kept in the program, asked for by names that change with what is in them.
 *
 * @module
 */

import { type Asset, assets } from "./assets.ts";
import { takesGzip } from "./gzip.ts";

/** Nothing but what the dashboard itself serves is loaded, run, framed or asked. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What every answer has. */
export const safeHeaders: Readonly<Record<string, string>> = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** A year: a changed file has another name. */
const forEver = "public, max-age=31536000, immutable";

/** Gives a file by its name; undefined if there is none. */
export function serveAsset(name: string, request: Request): Response | undefined {
  const asset = assets.find((asset) => asset.name === name);
  if (asset === undefined) return undefined;
  const packed = unpack(asset);
  const headers = {
    ...safeHeaders,
    "content-type": asset.type,
    "cache-control": forEver,
    vary: "accept-encoding",
  };
  if (takesGzip(request)) {
    // Workers would pack it once more.
    const init = { encodeBody: "manual", headers: { ...headers, "content-encoding": "gzip" } };
    return new Response(packed, init);
  }
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(plain, { headers });
}

const unpacked = new Map<Asset, Uint8Array<ArrayBuffer>>();

/** The gzipped bytes of a file. */
function unpack(asset: Asset): Uint8Array<ArrayBuffer> {
  let bytes = unpacked.get(asset);
  if (bytes === undefined) {
    bytes = Uint8Array.from(atob(asset.gzip), (letter) => letter.charCodeAt(0));
    unpacked.set(asset, bytes);
  }
  return bytes;
}

/** The page: a frame that its script fills. */
export function servePage(basePath: string, title: string): Response {
  const nameOf = (end: string) => assets.find(({ name }) => name.endsWith(end))!.name;
  const base = escape(basePath);
  const html = `<!doctype html>
<html lang="en" data-base="${base}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escape(title)}</title>
<link rel="icon" href="${base}assets/${nameOf(".svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${base}assets/${nameOf(".css")}">
<script type="module" src="${base}assets/${nameOf(".js")}"></script>
</head>
<body><div id="app"><noscript>This page needs JavaScript.</noscript></div></body>
</html>
`;
  const headers = {
    ...safeHeaders,
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-cache",
  };
  return new Response(html, { headers });
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => entities[letter]!);
}
