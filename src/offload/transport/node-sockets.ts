/**
 * The sockets of Node, which Deno and Bun have too: the three behave alike there, as their `fetch` does not. They are asked for
 * when the program runs, as there is nothing to import on the web.
 *
 * @module
 */

import type { Connection, Sockets, TlsSettings } from "./sockets.ts";

/** The members of a socket that are used. */
interface SocketLike {
  readonly writableLength?: number;
  on(event: string, listener: (value: never) => void): unknown;
  once(event: string, listener: (value: never) => void): unknown;
  off(event: string, listener: (value: never) => void): unknown;
  write(bytes: Uint8Array): unknown;
  pause(): unknown;
  resume(): unknown;
  destroy(): unknown;
  ref?(): unknown;
  unref?(): unknown;
  setNoDelay?(on: boolean): unknown;
}

/** The members of Node's modules that are used. */
export interface SocketModules {
  /** `node:net` */
  readonly net: {
    connect(options: { host: string; port: number }): SocketLike;
    isIP(text: string): number;
  };
  /** `node:tls` */
  readonly tls: { connect(options: object): SocketLike };
  /** `node:dns` */
  readonly dns: {
    lookup(
      name: string,
      options: { all: true },
      callback: (error: Error | null, found: readonly { readonly address: string }[]) => void,
    ): void;
  };
}

type GetModule = (id: string) => unknown;

/**
 * The modules of this platform.
 *
 * @returns Undefined where there are none, such as in browsers, and in Workers, whose sockets are others.
 */
export function findSocketModules(): SocketModules | undefined {
  const { process, navigator } = globalThis as {
    process?: { getBuiltinModule?: GetModule };
    navigator?: { userAgent?: string };
  };
  if (navigator?.userAgent === "Cloudflare-Workers") return undefined;
  const get = process?.getBuiltinModule;
  if (typeof get !== "function") return undefined;
  const [net, tls, dns] = ["node:net", "node:tls", "node:dns"].map((id) => get(id));
  return net && tls && dns ? { net, tls, dns } as SocketModules : undefined;
}

/** Makes sockets of Node's modules. */
export function toSockets({ net, tls, dns }: SocketModules): Sockets {
  /** What to do before something else reads a socket; gives the socket. */
  const handOver = new WeakMap<Connection, () => SocketLike>();
  const open = (socket: SocketLike, event: string, signal: AbortSignal): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const [connection, letGo] = toConnection(socket);
      handOver.set(connection, letGo);
      const fail = (error: unknown) => {
        signal.removeEventListener("abort", abort);
        connection.destroy();
        reject(error);
      };
      const abort = () => fail(signal.reason);
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      socket.once(event, () => {
        signal.removeEventListener("abort", abort);
        resolve(connection);
      });
      socket.once("error", fail);
      socket.once("close", () => fail(connectionLost()));
    });

  return {
    lookup: (name) =>
      new Promise((resolve, reject) =>
        dns.lookup(
          name,
          { all: true },
          (error, found) =>
            error === null || error === undefined
              ? resolve(found.map(({ address }) => address))
              : reject(error),
        )
      ),
    connect: (host, port, signal) => open(net.connect({ host, port }), "connect", signal),
    secure(connection, { host, ca, cert, key }: TlsSettings, signal) {
      const socket = tls.connect({
        socket: handOver.get(connection)!(),
        host,
        // A name of a server must not be an address, and that of a certificate may be.
        ...(net.isIP(host) === 0 ? { servername: host } : {}),
        ALPNProtocols: ["http/1.1"],
        ...(ca === undefined ? {} : { ca }),
        ...(cert === undefined ? {} : { cert, key }),
      });
      return open(socket, "secureConnect", signal);
    },
  };
}

/** A socket as a connection: what nobody has read yet waits, and makes the other side wait. */
function toConnection(socket: SocketLike): [Connection, () => SocketLike] {
  const arrived: Uint8Array[] = [];
  let failure: { readonly error: unknown } | undefined;
  let isEnded = false;
  let isFlowing = false;
  let isPaused = false;
  let wake = () => {};
  const closed = Promise.withResolvers<void>();
  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };

  socket.setNoDelay?.(true);
  socket.on("error", fail);
  socket.on("end", () => {
    isEnded = true;
    wake();
  });
  socket.on("close", () => {
    if (!isEnded) fail(connectionLost());
    closed.resolve();
  });
  const onData = ({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>) => {
    // What comes is a Buffer, whose methods are not all those of its base class.
    arrived.push(new Uint8Array(buffer, byteOffset, byteLength));
    isPaused = true;
    socket.pause();
    wake();
  };

  const letGo = () => {
    socket.off("data", onData);
    return socket;
  };
  return [{
    closed: closed.promise,
    get isQuiet() {
      const isIdle = arrived.length === 0 && (socket.writableLength ?? 0) === 0;
      return isIdle && !isEnded && failure === undefined;
    },
    async read() {
      // Not before: TLS over this socket reads for itself.
      if (!isFlowing) {
        isFlowing = true;
        socket.on("data", onData);
      }
      for (;;) {
        const next = arrived.shift();
        if (next !== undefined) return next;
        if (failure !== undefined) throw failure.error;
        if (isEnded) return undefined;
        if (isPaused) {
          isPaused = false;
          socket.resume();
        }
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
    write: (bytes) => void socket.write(bytes),
    keep(isUsed) {
      if (isUsed) return void socket.ref?.();
      // Only what flows tells of its end.
      isPaused = false;
      socket.resume();
      socket.unref?.();
    },
    destroy: () => void socket.destroy(),
  }, letGo];
}

function connectionLost(): Error {
  return Object.assign(new Error("The connection was closed"), { code: "ECONNRESET" });
}
