/**
 * Deletes from a bucket what is too old, also of uploads that never ended.
 *
 * @module
 */

import { isMillraceError, type ServerError } from "../../errors.ts";
import { isPayloadKey } from "../../protocol/stored-payload.ts";
import { type CallS3, readTag } from "./s3-calls.ts";

/** What is too old. */
interface Sweep {
  readonly prefix: string;
  /** In ms since the epoch. */
  readonly before: number;
}

/** Calls under way at once. */
const width = 8;

/**
 * Deletes the payloads under a prefix that are older than an instant. Whatever else lies under it stays.
 *
 * @returns How many were deleted.
 */
export async function sweepBucket(call: CallS3, { prefix, before }: Sweep): Promise<number> {
  const isDue = (key: string | undefined, at: string | undefined): key is string =>
    key !== undefined && key.startsWith(prefix) && isPayloadKey(key.slice(prefix.length)) &&
    Date.parse(at ?? "") < before;

  let count = 0;
  let token: string | undefined;
  do {
    const query: Record<string, string> = { "list-type": "2", prefix };
    if (token !== undefined) query["continuation-token"] = token;
    const { body } = await call({ method: "GET", key: "", query });
    const page = new TextDecoder().decode(body);
    const due = readAll(page, "Contents")
      .map((one) => ({ key: readTag(one, "Key"), at: readTag(one, "LastModified") }))
      .flatMap(({ key, at }) => isDue(key, at) ? [key] : []);
    await each(due, (key) => call({ method: "DELETE", key, mayMiss: true }));
    count += due.length;
    token = readTag(page, "NextContinuationToken");
  } while (token !== undefined);

  const { body } = await call({ method: "GET", key: "", query: { uploads: "", prefix } })
    .catch(withoutUploads);
  const uploads = readAll(new TextDecoder().decode(body), "Upload").flatMap((one) => {
    const key = readTag(one, "Key");
    const uploadId = readTag(one, "UploadId");
    return uploadId !== undefined && isDue(key, readTag(one, "Initiated"))
      ? [{ key, uploadId }]
      : [];
  });
  await each(
    uploads,
    ({ key, uploadId }) => call({ method: "DELETE", key, query: { uploadId }, mayMiss: true }),
  );
  return count;
}

/** Some servers do not list uploads. */
function withoutUploads(error: unknown): { body: Uint8Array } {
  if (isMillraceError(error) && (error as ServerError).status === 501) {
    return { body: new Uint8Array() };
  }
  throw error;
}

/** What is in all tags of a name. */
function readAll(xml: string, name: string): string[] {
  return Array.from(
    xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, "g")),
    (one) => one[1]!,
  );
}

/** Calls something for each, some at once. */
async function each<One>(all: readonly One[], run: (one: One) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += width) {
    await Promise.all(all.slice(at, at + width).map(run));
  }
}
