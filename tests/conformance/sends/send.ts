/**
 * How a call gets to a broker: in the same process, or over a socket.
 *
 * @module
 */

/** A call as a transcript has it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** A header of several values is that many lines. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
}

/** An answer whose head is there. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
  /** Leaves before the end. */
  abort(): void;
}

/** Makes calls to one broker. */
export interface Sender {
  /** Whether the way can say this at all. */
  canSend(call: Call): boolean;
  send(call: Call): Promise<Answer>;
}

/** Reads a body to its end. */
export async function readAll(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of body) chunks.push(new Uint8Array(chunk));
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
