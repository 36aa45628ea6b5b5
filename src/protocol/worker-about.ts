/**
 * What a worker says of itself when it opens a take stream: which types of jobs it runs, and whether it stops
 * when it is told to. It goes in a header, in the form of a query string (`stop=1&type=mail.send&type=report`), which a broker that does not know it passes over.
 *
 * @module
 */

/** The header of `GET /jobs/take`. */
export const aboutHeader = "worker-about";

/** A longer text is not sent, and not read: servers limit what headers may have. */
export const longestAbout = 2000;

/** What a worker says of itself. */
export interface WorkerAbout {
  /** The types of jobs that it has handlers for; undefined if it does not say. */
  readonly types?: readonly string[] | undefined;
  /** Whether it stops when it is told to by a control frame. */
  readonly stops: boolean;
}

/** Writes the value of the header; without the types, if they are too long. */
export function toWorkerAbout({ types = [], stops }: WorkerAbout): string | undefined {
  const params = new URLSearchParams(stops ? "stop=1" : "");
  const short = params.toString();
  // In one order, so that workers with the same handlers say the same.
  for (const type of [...types].sort()) params.append("type", type);
  const text = params.toString();
  return (text.length <= longestAbout ? text : short) || undefined;
}

/** Reads the value of the header. No value is wrong: what cannot be read says nothing. */
export function readWorkerAbout(text: string | null | undefined): WorkerAbout {
  if (text == null || text.length > longestAbout) return { stops: false };
  const params = new URLSearchParams(text);
  const types = params.getAll("type").filter((type) => type !== "");
  return { stops: params.get("stop") === "1", ...types.length > 0 && { types } };
}
