/**
 * Under which names a server may be called.
 *
 * A page of another site can make a browser call a server on this machine by a name of its own that it points here. Such
 * a call looks as if it came from this very server, so the name has to be looked at.
 *
 * @module
 */

/** Checks the names that a server is called by. */
export interface Hosts {
  /** Whether the URL of a request has a name that is allowed. */
  allows(url: string): boolean;
}

/** Names that nobody outside can point anywhere: a name without a dot is no name of the public DNS. */
const isLocalName = (name: string) => !name.includes(".") || name.endsWith(".localhost");

/** An address is no name: nobody can point it elsewhere. */
const isAddress = (name: string) => name.startsWith("[") || /^[0-9.]+$/.test(name);

/** Whether only this machine can reach a server that listens there. */
export function isLocalHost(host: string): boolean {
  return isLocalName(host) || host === "::1" || host.startsWith("127.");
}

/** Names that were allowed are kept, up to this many; they come again with each request. */
const keptNames = 100;

/**
 * Creates the check of a server.
 *
 * @param host Where it listens. One that others can reach may be called by any name, unless some are allowed: nobody
 * knows under which names they reach it.
 * @param allowed The names that are allowed besides those of this machine; `*` is any.
 */
export function createHosts(host: string, allowed: readonly string[]): Hosts {
  if (allowed.includes("*") || (!isLocalHost(host) && allowed.length === 0)) {
    return { allows: () => true };
  }
  const names = new Set([host, ...allowed].map((name) => name.toLowerCase()));
  const known = new Set<string>();
  return {
    allows(url) {
      const authority = authorityOf(url);
      if (known.has(authority)) return true;
      const name = authority.replace(/:[0-9]*$/, "").toLowerCase();
      if (!isAddress(name) && !isLocalName(name) && !names.has(name)) return false;
      if (known.size >= keptNames) known.clear();
      known.add(authority);
      return true;
    },
  };
}

/** The name and the port of a URL. A request without a host has none, and comes from no browser. */
function authorityOf(url: string): string {
  const start = url.indexOf("//") + 2;
  if (start === 1 || url.startsWith("/")) return "localhost";
  const end = url.indexOf("/", start);
  return url.slice(start, end === -1 ? undefined : end);
}
