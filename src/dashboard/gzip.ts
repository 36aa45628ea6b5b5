/**
 * Answers in few bytes, for those who take them so: lists of jobs are text that says much twice.
 *
 * @module
 */

/** Shorter answers are sent as they are: they fit in a packet or two. */
const leastBytes = 1024;

/** Whether what is gzipped may be sent: `gzip;q=0` says that it may not. */
export function takesGzip({ headers }: Request): boolean {
  let isTaken = false;
  for (const row of (headers.get("accept-encoding") ?? "").toLowerCase().split(",")) {
    const [coding = "", ...parameters] = row.split(";").map((part) => part.trim());
    if (coding !== "gzip" && coding !== "x-gzip" && coding !== "*") continue;
    const isRefused = parameters.some((part) => /^q=0(?:\.0*)?$/.test(part));
    if (coding !== "*") return !isRefused;
    isTaken = !isRefused;
  }
  return isTaken;
}

/** What was packed, by the bytes that it was made from: pages that are open at once share answers. */
const packed = new WeakMap<Uint8Array, Promise<Uint8Array<ArrayBuffer>>>();

/** Packs bytes, if they are worth it, for whoever takes it; undefined if they are to be sent as they are. */
export async function packBytes(
  bytes: Uint8Array<ArrayBuffer>,
  request: Request,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (bytes.length < leastBytes || !canPack() || !takesGzip(request)) return undefined;
  let own = packed.get(bytes);
  if (own === undefined) {
    const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    own = new Response(stream).arrayBuffer().then((whole) => new Uint8Array(whole));
    packed.set(bytes, own);
  }
  return await own;
}

/** Packs a long answer as it comes, as {@linkcode packBytes} does. */
export function packStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  request: Request,
): ReadableStream<Uint8Array<ArrayBuffer>> | undefined {
  return canPack() && takesGzip(request)
    ? body.pipeThrough(new CompressionStream("gzip"))
    : undefined;
}

/** Not every runtime has it. */
function canPack(): boolean {
  return typeof CompressionStream === "function";
}
