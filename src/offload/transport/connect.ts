/**
 * From the origin of an address to a connection: names, the guard, the fastest of several addresses, a proxy, TLS.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { CallError } from "../exchange/call-error.ts";
import { createByteReader } from "./byte-reader.ts";
import { readHead } from "./response-head.ts";
import type { Connection, Sockets, TlsSettings } from "./sockets.ts";

/** How connections are made. */
export interface ConnectSettings extends Omit<TlsSettings, "host"> {
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** A proxy of HTTP. It resolves the names, so that nobody can look at their addresses here. */
  readonly proxy: URL | undefined;
  /** Whether an address may be connected to; asked after names were resolved. Not of the proxy. */
  readonly allowAddress: (address: string) => boolean;
}

/** If an address has not answered after this, in ms, the next one is tried beside it. */
const staggerMs = 250;

/**
 * Connects to the origin of an address.
 *
 * @param url The address.
 * @param settings How.
 * @param signal Ends the attempt.
 * @throws {CallError} If it takes too long, or the address is not allowed.
 */
export async function connect(
  url: URL,
  settings: ConnectSettings,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const { sockets, clock, timeoutMs, proxy, allowAddress } = settings;
  // Behind a proxy there is no other place to look at it.
  if (isAddress(url) && !allowAddress(hostOf(url))) throw refuse(url);
  const attempt = new AbortController();
  const follow = () => attempt.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  const disarm = clock.setTimer(() => {
    const message = `No connection to '${(proxy ?? url).host}' within ${timeoutMs} ms`;
    attempt.abort(new CallError("timeout", message, { code: "connect_timeout" }));
  }, timeoutMs);
  const aborted = new Promise<never>((_, reject) => {
    attempt.signal.addEventListener("abort", () => reject(attempt.signal.reason));
  });
  // Whoever loses the race is not listened to.
  aborted.catch(() => {});
  let connection: Connection | undefined;
  try {
    const opened = open();
    opened.then((late) => {
      if (attempt.signal.aborted) late.destroy();
    }, () => {});
    return await Promise.race([opened, aborted]);
  } catch (error) {
    connection?.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", follow);
    disarm();
  }

  async function open(): Promise<Connection> {
    connection = await connectTo(proxy ?? url, settings, attempt.signal);
    if (proxy?.protocol === "https:") {
      connection = await sockets.secure(connection, toTls(proxy, settings), attempt.signal);
    }
    if (url.protocol !== "https:") return connection;
    if (proxy !== undefined) await openTunnel(connection, url, proxy);
    return connection = await sockets.secure(connection, toTls(url, settings), attempt.signal);
  }
}

/** The host of an address as sockets take it: that of IPv6 without brackets. */
function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/** The URL parser wrote every form of an IPv4 address in the one with dots. */
function isAddress({ hostname }: URL): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

function refuse(url: URL): CallError {
  const message = `Host '${hostOf(url)}' leads to an address that is not allowed`;
  return new CallError("config", message, { code: "address_refused" });
}

function toTls(url: URL, { ca, cert, key }: ConnectSettings): TlsSettings {
  return { host: hostOf(url), ca, cert, key };
}

async function connectTo(
  url: URL,
  settings: ConnectSettings,
  signal: AbortSignal,
): Promise<Connection> {
  const { sockets, proxy, allowAddress } = settings;
  const host = hostOf(url);
  const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
  const found = isAddress(url) ? [host] : await sockets.lookup(host);
  signal.throwIfAborted();
  const addresses = url === proxy ? found : found.filter(allowAddress);
  if (addresses.length === 0) throw refuse(url);
  return await firstOf(addresses, port, settings, signal);
}

/** Connects to several addresses, each somewhat later than the one before, and keeps the first connection. */
function firstOf(
  addresses: readonly string[],
  port: number,
  { sockets, clock }: ConnectSettings,
  signal: AbortSignal,
): Promise<Connection> {
  if (addresses.length === 1) return sockets.connect(addresses[0]!, port, signal);
  return new Promise((resolve, reject) => {
    const others = new AbortController();
    const either = AbortSignal.any([signal, others.signal]);
    let next = 0;
    let failures = 0;
    let disarm = () => {};
    const start = () => {
      disarm();
      const address = addresses[next++];
      if (address === undefined) return;
      disarm = clock.setTimer(start, staggerMs);
      sockets.connect(address, port, either).then((connection) => {
        disarm();
        if (others.signal.aborted) return connection.destroy();
        resolve(connection);
        others.abort();
      }, (error) => {
        failures++;
        if (failures === addresses.length || signal.aborted) {
          disarm();
          reject(error);
        } else if (!others.signal.aborted) start();
      });
    };
    start();
  });
}

/** Asks a proxy for a connection through it. */
async function openTunnel(connection: Connection, url: URL, proxy: URL): Promise<void> {
  const host = `${url.hostname}:${url.port || "443"}`;
  const own = proxyAuthorization(proxy);
  const line = own === undefined ? "" : `proxy-authorization: ${own}\r\n`;
  const text = `CONNECT ${host} HTTP/1.1\r\nhost: ${host}\r\n${line}\r\n`;
  connection.write(new TextEncoder().encode(text));
  const { status } = await readHead(createByteReader(connection));
  if (status >= 200 && status < 300 && connection.isQuiet) return;
  throw new CallError("connection", `The proxy answered ${status} instead of a connection`, {
    code: "proxy_refused",
  });
}

/** What a proxy wants to see, if its address has a user. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const bytes = new TextEncoder().encode(
    `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
  );
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
