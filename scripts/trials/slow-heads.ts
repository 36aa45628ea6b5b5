/**
 * How long a server waits for callers that never come to the point: silent connections, heads and bodies without end. Prints a
 * table of the seconds after which each was closed, or answered.
 *
 *     deno run -A scripts/trials/slow-heads.ts --runtimes deno,node,bun --seconds 150
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { connect as connectPlain, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { parseArgs } from "node:util";
import { createAuthority } from "../../tests/support/certificates.ts";
import { openFolder } from "../bench/bench.ts";
import { readChoices, readCount } from "../bench/flags.ts";
import { toTable } from "../bench/markdown.ts";
import { ownFolder } from "../bench/measurement.ts";
import { openRuntimes } from "../bench/open-runtimes.ts";
import { type Runtime, runtimeNames } from "../bench/runtimes.ts";
import { startServer } from "../bench/server-process.ts";

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/** HEADERS of stream 1 without END_HEADERS: `:method: GET`, and more to come. */
const halfHeaders = "\0\0\x01\x01\0\0\0\0\x01\x82";
const ping = "\0\0\x08\x06\0\0\0\0\0ABCDEFGH";
const call = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
const half = "GET /health HTTP/1.1\r\nHost: x\r\nx-a: ";
const stalled = "POST /jobs HTTP/1.1\r\nHost: x\r\ncontent-type: application/json\r\n" +
  'content-length: 100\r\n\r\n{"type":';

/** What a caller does: writes a text, and then another one again and again. */
interface Caller {
  readonly name: string;
  readonly alpn: "h2" | "http/1.1";
  readonly first: string;
  /** Written every five seconds. */
  readonly drip?: string;
  /** Written after the first answer. */
  readonly then?: string;
}

const h1 = "http/1.1";
const callers: readonly Caller[] = [
  { name: "nothing at all", alpn: h1, first: "" },
  { name: "half a head", alpn: h1, first: half },
  { name: "a head, byte by byte", alpn: h1, first: half, drip: "a" },
  { name: "a call, then nothing", alpn: h1, first: call, then: "" },
  { name: "a call, then half a head", alpn: h1, first: call, then: half },
  { name: "half a body", alpn: h1, first: stalled },
  { name: "a body, byte by byte", alpn: h1, first: stalled, drip: "a" },
  { name: "HTTP/2 and nothing", alpn: "h2", first: preface },
  { name: "HTTP/2 and half a head", alpn: "h2", first: preface + halfHeaders },
  { name: "HTTP/2 and pings", alpn: "h2", first: preface, drip: ping },
];

const ways = ["plain", "TLS", "mutual TLS"] as const;
const { values } = parseArgs({
  options: { runtimes: { type: "string" }, seconds: { type: "string", default: "150" } },
});
const seconds = readCount("seconds", values.seconds);
const runtimes = await openRuntimes(readChoices("runtimes", values.runtimes, runtimeNames));
const columns = await Promise.all(
  runtimes.flatMap((runtime) => ways.map((way) => measure(runtime, way))),
);
console.log(toTable(
  ["Caller", ...columns.map(({ title }) => title)],
  [...callers, { name: "no handshake" }].map(({ name }, at) => [
    name,
    ...columns.map(({ ends }) => ends[at] ?? "–"),
  ]),
));
Deno.exit(0);

async function measure(runtime: Runtime, way: typeof ways[number]) {
  await using folder = await openFolder();
  const authority = createAuthority("Trial");
  const own = authority.issue({ name: "caller" });
  const pair = authority.issue({ name: "broker", addresses: [[127, 0, 0, 1]] });
  const file = (name: string) => join(folder.path, name);
  for (const [name, text] of Object.entries({ ca: authority.cert, ...pair })) {
    await Deno.writeTextFile(file(name), text);
  }
  const flags = ["--tls-cert", file("cert"), "--tls-key", file("key"), "--client-ca", file("ca")];
  const server = await startServer(
    ownFolder,
    runtime,
    file("jobs.db"),
    flags.slice(0, way === "plain" ? 0 : way === "TLS" ? 4 : 6),
  );
  const place = { host: "127.0.0.1", port: Number(new URL(server.url).port) };
  const open = (alpn: string) =>
    way === "plain"
      ? connectPlain(place)
      : connectTls({ ...place, ca: authority.cert, ...own, ALPNProtocols: [alpn] });
  const ends = callers.map((caller) => watch(open(caller.alpn), caller));
  if (way !== "plain") ends.push(watch(connectPlain(place), callers[0]!));
  const done = await Promise.all(ends);
  await server.stop();
  return { title: `${runtime.name}, ${way}`, ends: done };
}

/** Does what a caller does, and says when it was closed, and with which status before. */
function watch(socket: Socket, { first, drip, then }: Caller): Promise<string> {
  const startedAt = performance.now();
  let status = "";
  let continued = false;
  const write = (text: string) => void socket.write(Buffer.from(text, "latin1"));
  if (first !== "") write(first);
  const dripping = setInterval(() => drip !== undefined && write(drip), 5000);
  socket.on("data", (bytes: Buffer) => {
    const text = bytes.toString("latin1");
    if (then !== undefined && !continued) {
      continued = true;
      if (then !== "") write(then);
    } else status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? status;
  });
  socket.on("error", () => {});
  return new Promise((resolve) => {
    const end = (text: string) => {
      clearInterval(dripping);
      clearTimeout(late);
      socket.destroy();
      resolve(text);
    };
    const late = setTimeout(() => end(status === "" ? "open" : `${status}, open`), seconds * 1000);
    socket.on("close", () => {
      const after = Math.round((performance.now() - startedAt) / 1000);
      end(status === "" ? `${after} s` : `${after} s (${status})`);
    });
  });
}
