/**
 * Under which names a server may be called.
 *
 * A page of another site can make a browser call a server on this machine by a name of its own that it points here. Such
 * a call looks as if it came from this very server, so the name has to be looked at.
 *
 * @module
 */

import { isOwnName } from "../src/broker/http/guard.ts";

/** Checks the names that a server is called by. */
export interface Hosts {
  /** Whether the URL of a request has a name that is allowed. */
  allows(url: string): boolean;
}

/**
 * Whether only this machine can reach a server that listens there. Any other name may be that of an address which others
 * reach, and `::` and `0` are all addresses.
 */
export function isLocalHost(host: string): boolean {
  const url = `http://${host.includes(":") ? `[${host}]` : host}`;
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url); // As an address is written in one way only.
  return hostname === "[::1]" || /^(?:127\.[0-9.]+|\[::ffff:7f[0-9a-f:]+\])$/.test(hostname) ||
    /(?:^|\.)localhost$/.test(hostname);
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
      if (!isOwnName(name) && !names.has(name)) return false;
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
