/**
 * As much of S3 as a payload store uses, in memory, and as strict as the real one where that matters.
 *
 * @module
 */

import { sha256Hex } from "../../../src/offload/payloads/sha256.ts";
import { signRequest } from "../../../src/offload/s3/aws-signature.ts";
import { concatBytes } from "../../../src/protocol/concat-bytes.ts";

/** Whom it serves. */
export const credentials = { accessKeyId: "access", secretAccessKey: "no&body=knows" };

/** What was done to it. */
export interface FakeS3 {
  /** For a store. */
  fetch(request: Request): Promise<Response>;
  /** The calls, as `PUT key?query`. */
  readonly calls: string[];
  /** Answers the next calls in its place. */
  readonly answers: ((request: Request) => Response | Promise<Response>)[];
  /** The objects. */
  readonly objects: Map<string, { bytes: Uint8Array; at: number; contentType: string | null }>;
  /** The uploads that have not ended. */
  readonly uploads: Map<string, FakeUpload>;
}

/** An upload that has not ended. */
export interface FakeUpload {
  readonly key: string;
  readonly at: number;
  readonly contentType: string | null;
  readonly parts: Map<number, Uint8Array>;
}

/** A refusal as S3 words it. */
export function refuse(status: number, code: string): Response {
  const xml =
    `<?xml version="1.0"?><Error><Code>${code}</Code><Message>It &amp; not</Message></Error>`;
  return new Response(xml, { status });
}

/** Creates a server of one bucket, `bucket`, by path. */
export function createFakeS3(
  { now, pageSize = 1000 }: { now(): number; pageSize?: number },
): FakeS3 {
  const fake: FakeS3 = { fetch, calls: [], answers: [], objects: new Map(), uploads: new Map() };
  const { objects, uploads } = fake;
  let ids = 0;

  async function fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const key = decodeURIComponent(url.pathname.slice("/bucket/".length));
    fake.calls.push(`${request.method} ${key}${url.search}`);
    const next = fake.answers.shift();
    if (next !== undefined) return await next(request);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const fault = await findFault(request, url, bytes);
    if (fault !== undefined) return refuse(403, fault);
    const query = url.searchParams;
    const id = query.get("uploadId");
    const upload = id === null ? undefined : uploads.get(id);
    if (id !== null && upload?.key !== key) return refuse(404, "NoSuchUpload");
    const contentType = request.headers.get("content-type");

    if (request.method === "GET") {
      if (key !== "") {
        const one = objects.get(key);
        return one ? new Response(one.bytes as BodyInit) : refuse(404, "NoSuchKey");
      }
      return new Response(query.has("uploads") ? listUploads() : list(query));
    }
    if (request.method === "DELETE") {
      if (id !== null) uploads.delete(id);
      else objects.delete(key);
      return new Response(null, { status: 204 });
    }
    if (query.has("uploads")) {
      uploads.set(`u+${++ids}`, { key, at: now(), contentType, parts: new Map() });
      return new Response(`<X><UploadId>u+${ids}</UploadId></X>`);
    }
    if (upload === undefined) {
      objects.set(key, { bytes, at: now(), contentType });
      return new Response(null, { headers: { etag: '"one"' } });
    }
    if (request.method === "PUT") {
      const part = Number(query.get("partNumber"));
      upload.parts.set(part, bytes);
      return new Response(null, { headers: { etag: `"<${part}>"` } });
    }
    const named = [
      ...new TextDecoder().decode(bytes).matchAll(
        /<PartNumber>(\d+)<\/PartNumber><ETag>"&lt;\1>"<\/ETag>/g,
      ),
    ].map(([, part]) => upload.parts.get(Number(part))!);
    if (named.length !== upload.parts.size) return refuse(400, "InvalidPart");
    const isSmall = named.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024);
    if (isSmall) return refuse(400, "EntityTooSmall");
    objects.set(key, { bytes: concatBytes(named), at: now(), contentType: upload.contentType });
    uploads.delete(id!);
    return new Response("<CompleteMultipartUploadResult/>");
  }

  async function findFault(request: Request, url: URL, bytes: Uint8Array) {
    const sent = Object.fromEntries(request.headers);
    const digest = sent["x-amz-content-sha256"];
    if (digest !== await sha256Hex(bytes)) return "XAmzContentSHA256Mismatch";
    const names = /SignedHeaders=([^,]+)/.exec(sent.authorization ?? "")?.[1]?.split(";") ?? [];
    const headers: Record<string, string> = {};
    for (const name of names) {
      if (name !== "host" && name !== "x-amz-date") headers[name] = sent[name]!;
    }
    const again = await signRequest(
      { method: request.method, url, headers },
      { credentials, region: "us-east-1", service: "s3", now: now() },
    );
    return again.authorization === sent.authorization ? undefined : "SignatureDoesNotMatch";
  }

  function list(query: URLSearchParams): string {
    const from = query.get("continuation-token") ?? "";
    const keys = [...objects.keys()].filter((key) => key.startsWith(query.get("prefix")!)).sort()
      .filter((key) => key > from);
    const shown = keys.slice(0, pageSize);
    const rows = shown.map((key) =>
      `<Contents><Key>${key.replaceAll("&", "&amp;")}</Key><LastModified>${
        new Date(objects.get(key)!.at).toISOString()
      }</LastModified></Contents>`
    );
    const more = keys.length > shown.length
      ? `<NextContinuationToken>${shown.at(-1)}</NextContinuationToken>`
      : "";
    return `<ListBucketResult>${rows.join("")}${more}</ListBucketResult>`;
  }

  function listUploads(): string {
    return [...uploads].map(([id, { key, at }]) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${
        new Date(at).toISOString()
      }</Initiated></Upload>`
    ).join("");
  }

  return fake;
}
