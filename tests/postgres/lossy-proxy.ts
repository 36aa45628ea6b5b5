/**
 * A way to a server of PostgreSQL that is cut at one of the statements that go through.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect, createServer, type Socket } from "node:net";

/** Where to cut: at a statement with this text, or at so many statements from now on, over all connections. */
export interface Trap {
  readonly text?: string;
  readonly statement?: number;
}

/** The proxy. */
export interface LossyProxy {
  /** The address of the server, through the proxy. */
  readonly url: string;
  /**
   * Cuts the connection that a statement comes on: before it is passed on, or before its answer is.
   *
   * @param cutting Is done, and waited for, just before that.
   */
  cutAt(trap: Trap, when: "before" | "after", cutting?: () => Promise<void>): void;
  /** Lets nothing through from now on, and keeps connections open; or lets all through again. */
  freeze(isFrozen: boolean): void;
  /** How many were cut. */
  readonly cuts: number;
  stop(): Promise<void>;
}

/** Starts a proxy before the server of an address. */
export async function createLossyProxy(to: string): Promise<LossyProxy> {
  const { hostname, port, username, password, pathname } = new URL(to);
  const sockets = new Set<Socket>();
  let armed: { trap: Trap; when: "before" | "after"; cutting?: () => Promise<void> } | undefined;
  let left = Infinity;
  let cuts = 0;
  let thawed = Promise.resolve();
  let thaw = () => {};

  /** Whether the trap snaps at one of these messages. */
  const snaps = (messages: readonly Buffer[]): boolean => {
    for (const message of messages) {
      const isStatement = message[0] === 0x51 || message[0] === 0x45; // Query, Execute.
      if (isStatement && --left <= 0) return true;
      const { text } = armed?.trap ?? {};
      if (text !== undefined && message.toString("latin1").includes(text)) return true;
    }
    return false;
  };

  const server = createServer((near) => {
    const far = connect(Number(port || 5432), hostname);
    const toMessages = createReader();
    let isDeaf = false;
    let cutting = Promise.resolve();
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", cut).on("close", () => {
        sockets.delete(socket);
        cut();
      });
    }
    near.on("data", async (bytes: Buffer) => {
      await thawed;
      if (armed !== undefined && !isDeaf && snaps(toMessages(bytes))) {
        const { when, cutting: work = () => Promise.resolve() } = armed;
        armed = undefined;
        left = Infinity;
        cuts++;
        if (when === "before") return void work().then(cut);
        isDeaf = true;
        cutting = work();
      } else if (armed === undefined) toMessages(bytes);
      far.write(bytes);
    });
    far.on("data", async (bytes: Buffer) => {
      await thawed;
      if (isDeaf) void cutting.then(cut);
      else near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as { port: number };
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`,
    cutAt(trap, when, cutting) {
      armed = { trap, when, ...cutting !== undefined && { cutting } };
      left = trap.statement ?? Infinity;
    },
    freeze(isFrozen) {
      thaw();
      if (isFrozen) thawed = new Promise((resolve) => thaw = resolve);
    },
    get cuts() {
      return cuts;
    },
    async stop() {
      thaw();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Puts what a client sends together to its messages: a type and a length, the first one without a type. */
function createReader(): (bytes: Buffer) => Buffer[] {
  let rest = Buffer.alloc(0);
  let typeBytes = 0;
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const messages: Buffer[] = [];
    while (rest.length >= typeBytes + 4) {
      const size = typeBytes + rest.readUInt32BE(typeBytes);
      if (rest.length < size) break;
      messages.push(rest.subarray(0, size));
      rest = rest.subarray(size);
      typeBytes = 1;
    }
    return messages;
  };
}
