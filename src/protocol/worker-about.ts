/**
 * What a worker says of itself when it opens a take stream: which types of jobs it runs. It goes in a header, in the form of
 * a query string (`type=mail.send&type=report`), which a broker that does not know it passes over.
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
}

/** Writes the value of the header; undefined if there is nothing to say, or too much. */
export function toWorkerAbout({ types = [] }: WorkerAbout): string | undefined {
  const params = new URLSearchParams();
  // In one order, so that workers with the same handlers say the same.
  for (const type of [...types].sort()) params.append("type", type);
  const text = params.toString();
  return text !== "" && text.length <= longestAbout ? text : undefined;
}

/** Reads the value of the header. No value is wrong: what cannot be read says nothing. */
export function readWorkerAbout(text: string | null | undefined): WorkerAbout {
  if (text == null || text.length > longestAbout) return {};
  const types = new URLSearchParams(text).getAll("type").filter((type) => type !== "");
  return types.length === 0 ? {} : { types };
}
