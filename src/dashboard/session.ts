/**
 * The token of a visitor, in a cookie that no script can read and no other site can send.
 *
 * @module
 */

const cookieName = "millrace_token";

/** So many bytes a token may have. */
const longestToken = 1000;

/** The token that a request shows; undefined if it shows none. */
export function readToken({ headers }: Request): string | undefined {
  for (const part of (headers.get("cookie") ?? "").split(";")) {
    const [name, value] = part.trim().split("=", 2);
    if (name !== cookieName || value === undefined || value === "") continue;
    try {
      const token = decodeURIComponent(value);
      return isToken(token) ? token : undefined;
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** The header that keeps a token until the browser is closed; without one, that forgets it. */
export function toCookie(
  token: string | undefined,
  { url, headers }: Request,
  basePath: string,
): string {
  // Behind a proxy that ends TLS, the browser's origin says it, and the URL does not.
  const isSecure = [url, headers.get("origin")].some((at) => at?.startsWith("https:"));
  return [
    `${cookieName}=${token === undefined ? "" : encodeURIComponent(token)}`,
    `Path=${basePath}`,
    "HttpOnly",
    "SameSite=Strict",
    ...isSecure ? ["Secure"] : [],
    ...token === undefined ? ["Max-Age=0"] : [],
  ].join("; ");
}

/** Whether a text can be a token: what a header carries. */
export function isToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= longestToken && /^[\x21-\x7e]+$/.test(value);
}
