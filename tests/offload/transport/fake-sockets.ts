/**
 * Sockets without a network: names lead where a test says, and a connection answers what it says.
 *
 * @module
 */

import type { Connection, Sockets } from "../../../src/offload/transport/sockets.ts";

/** What a test says. */
export interface FakeNetwork {
  /** The addresses of names. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
  /** What an address does: answers, refuses, or never says a word. */
  readonly hosts: Readonly<Record<string, string | "refuse" | "hang">>;
  /** How many bytes come at once. */
  readonly pieceBytes?: number;
}

/** Opens a network. */
export function fakeSockets({ names = {}, hosts, pieceBytes = Infinity }: FakeNetwork) {
  /** What was done, in its order. */
  const log: string[] = [];
  const written: string[] = [];
  const connectionTo = (address: string, answer: string): Connection => {
    const bytes = Uint8Array.from(answer, (character) => character.charCodeAt(0));
    const closed = Promise.withResolvers<void>();
    let at = 0;
    let isDestroyed = false;
    return {
      isQuiet: true,
      closed: closed.promise,
      keep() {},
      read() {
        if (isDestroyed) return Promise.reject(new Error("destroyed"));
        const piece = bytes.subarray(at, at + pieceBytes);
        at += piece.length;
        return Promise.resolve(piece.length === 0 ? undefined : piece);
      },
      write: (sent) => void written.push(new TextDecoder().decode(sent)),
      destroy() {
        if (!isDestroyed) log.push(`destroy ${address}`);
        isDestroyed = true;
        closed.resolve();
      },
    };
  };
  const sockets: Sockets = {
    lookup(name) {
      log.push(`lookup ${name}`);
      const found = names[name];
      return found === undefined
        ? Promise.reject(Object.assign(new Error(`no ${name}`), { code: "ENOTFOUND" }))
        : Promise.resolve(found);
    },
    connect(address, port, signal) {
      log.push(`connect ${address} ${port}`);
      const answer = hosts[address] ?? "refuse";
      if (answer === "refuse") {
        return Promise.reject(Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
      }
      if (answer !== "hang") return Promise.resolve(connectionTo(address, answer));
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => {
          log.push(`end ${address}`);
          reject(signal.reason);
        })
      );
    },
    secure(connection, { host }) {
      log.push(`secure ${host}`);
      return Promise.resolve(connection);
    },
  };
  return { sockets, log, written };
}
