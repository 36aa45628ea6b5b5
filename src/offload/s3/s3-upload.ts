/**
 * Long payloads, sent in parts: as long as they are not put together, there is nothing to see of them.
 *
 * @module
 */

import { ProtocolError } from "../../errors.ts";
import { type CallS3, readTag, type S3Call } from "./s3-calls.ts";

/** What all calls of an upload have. */
interface Upload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends parts one behind the other, and puts them together.
 *
 * @param call Calls the bucket.
 * @param upload What goes where.
 * @param first The parts that were read.
 * @param rest The parts that come.
 */
export async function putInParts(
  call: CallS3,
  { key, headers, signal }: Upload,
  first: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): Promise<void> {
  const query = { uploads: "" };
  const begun = await call({ method: "POST", key, query, headers, signal });
  const uploadId = readTag(new TextDecoder().decode(begun.body), "UploadId");
  if (uploadId === undefined) throw new ProtocolError("S3 began an upload and gave it no id");

  const tags: string[] = [];
  const send = async (body: Uint8Array): Promise<void> => {
    const query = { partNumber: String(tags.length + 1), uploadId };
    const answer = await call({ method: "PUT", key, query, body, signal });
    const tag = answer.headers.get("etag");
    if (tag === null) throw new ProtocolError("S3 took a part of an upload and gave it no ETag");
    tags.push(tag);
  };
  try {
    for (const part of first) await send(part);
    for await (const part of rest) await send(part);
    const list = tags.map((tag, at) =>
      `<Part><PartNumber>${at + 1}</PartNumber><ETag>${
        tag.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
      }</ETag></Part>`
    );
    const xml = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
    await call({
      method: "POST",
      key,
      query: { uploadId },
      headers: { "content-type": "application/xml" },
      body: new TextEncoder().encode(xml),
      signal,
    });
  } catch (error) {
    // Without the caller's signal, which may be why. What cannot be given up now is left to the sweep.
    const given: S3Call = { method: "DELETE", key, query: { uploadId }, mayMiss: true };
    await call(given).catch(() => {});
    throw error;
  }
}
