/**
 * Millrace, as the code sees it that only hands out work: define jobs, enqueue them, look at them. This entry is
 * `./client` by a shorter name; workers, the broker and what a runtime adds have entries of their own.
 *
 * ```ts
 * import { createClient, defineJob } from "@millrace/millrace";
 *
 * const resize = defineJob<{ url: string }>({ type: "resize", queue: "images" });
 * const client = createClient({ url: "http://127.0.0.1:7890" });
 *
 * export function shrink(url: string) {
 *   return client.enqueue(resize, { url });
 * }
 * ```
 *
 * @module
 */

export * from "./src/client/mod.ts";
