/**
 * An address that names several servers, of which one is the primary: it is looked for whenever a connection is made.
 *
 * The driver `pg` knows addresses of one server. Each connection is made to the server that was the primary last; when that
 * fails, or it is a standby now, to the next one.
 *
 * @module
 */

import { show } from "../../src/options.ts";

/** The servers of an address, and which of them is asked. */
export interface Hosts {
  /** How many there are. */
  readonly count: number;
  /** The address of the one to ask. */
  current(): string;
  /** The server with this address did not do; the next one is asked, unless that was said already. */
  rule(out: string): void;
  /** The server with this address did; it is asked from now on. */
  keep(url: string): void;
}

const shape = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)([^]*)$/i;

/** What `target_session_attrs` may be: there is only one server that a broker can use. */
const targets = ["any", "read-write", "primary"];

/**
 * Reads an address such as `postgres://user@one:5432,two:5432/jobs?target_session_attrs=read-write`.
 *
 * @throws {TypeError} If it is none, or asks for a standby.
 */
export function readHosts(url: string): Hosts {
  const [, before, names, after] = shape.exec(url) ?? [];
  // It is not shown: there may be a password in it.
  if (names === undefined) {
    throw new TypeError("Option 'url' is no address of PostgreSQL, expected 'postgres://…'");
  }
  const bad = names.split(",").find((name) => !isHost(name));
  if (bad !== undefined) {
    // With an '@' behind it, it is a part of a password.
    const shown = after!.includes("@")
      ? "no port that can be read: write '/', '?' and '#' of a password as %2F, %3F and %23"
      : `the server ${show(bad)}`;
    throw new TypeError(`Option 'url' has ${shown}, expected a port from 1 to 65535`);
  }
  const attribute = /([?&])target_session_attrs=([^&#]*)(&?)/.exec(after!);
  if (attribute !== null && !targets.includes(attribute[2]!)) {
    throw new TypeError(
      `Option 'url' has 'target_session_attrs' ${
        show(attribute[2])
      }, expected 'read-write' or 'primary'`,
    );
  }
  const rest = attribute === null
    ? after!
    : after!.replace(attribute[0], attribute[3] === "" ? "" : attribute[1]!);
  const urls = names.split(",").map((name) => `${before}${name}${rest}`);
  let at = 0;
  return {
    count: urls.length,
    current: () => urls[at]!,
    rule(out) {
      if (urls[at] === out) at = (at + 1) % urls.length;
    },
    keep(url) {
      at = urls.indexOf(url);
    },
  };
}

/** Whether it is a host, which may be left out, and a port, which may be too. */
function isHost(name: string): boolean {
  const port = /:([^:\]]*)$/.exec(name)?.[1];
  if (port === undefined || port === "") return true;
  return /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535;
}
