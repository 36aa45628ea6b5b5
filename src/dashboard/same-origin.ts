/**
 * Whether a change was asked for by the dashboard's own page, and by no other that a visitor has open.
 *
 * @module
 */

/** The header that the page sends with each change: a form of another site cannot, and a script of one needs leave to. */
const pageHeader = "x-millrace-dashboard";

/** Whether a request comes from the dashboard's own page. */
export function isFromPage({ headers, url }: Request): boolean {
  if (headers.get(pageHeader) !== "1") return false;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin";
  const origin = headers.get("origin");
  // Behind a proxy that ends TLS, the scheme of the URL is another than the browser's.
  return origin === null || hostOf(origin) === (headers.get("host") ?? new URL(url).host);
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
