/**
 * A call as it leaves the client, and its answer, whatever carries them.
 *
 * @module
 */

/** The bytes of a body, in the type that `fetch` takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A call as it leaves. */
export interface PortCall {
  readonly method: string;
  readonly url: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Bytes | undefined;
  readonly signal: AbortSignal;
  /** Whether the answer is wanted as soon as its head is there, and read as a stream. */
  readonly streamed: boolean;
}

/** What comes back. The body is read once, by one of the two. */
export interface PortAnswer {
  readonly status: number;
  /** The value of a header, by its name in lower case. */
  header(name: string): string | null;
  /** The whole body; empty if there is none. Rejects if it is cut off. */
  bytes(): Promise<Bytes>;
  /** The body as it comes; null if there is none. */
  stream(): ReadableStream<Bytes> | null;
  /** What was asked for, for messages. */
  asked?: Asked;
}

/** What an error says of the call that it ends. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  /** Which job it was about. */
  readonly id?: string | number | undefined;
}

/** Sends a call once. Rejects if there is no answer. */
export type Port = (call: PortCall) => Promise<PortAnswer>;
