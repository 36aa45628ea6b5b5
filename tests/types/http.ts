/**
 * What the compiler knows of requests and their callbacks.
 *
 * @module
 */

import * as v from "valibot";
import type { Client } from "../../src/client/mod.ts";
import { createHttp, defineHttpCallback } from "../../src/offload/mod.ts";

declare const client: Client;
const http = createHttp(client);

const chat = defineHttpCallback("chat", {
  args: v.object({ chat: v.pipe(v.string(), v.transform(Number)) }),
  onComplete(_, { args }): number {
    return args.chat;
  },
  onError: "discard",
});
const typed = defineHttpCallback<{ id: number }>("typed", {
  onComplete: (_, { args }): number => args.id,
  onError(failure): unknown {
    if (failure.kind === "http") return failure.response.status satisfies number;
    if (failure.kind === "redirect") return failure.reason satisfies string;
    // @ts-expect-error Only answers have one.
    return failure.response;
  },
});
const bare = defineHttpCallback("bare", { onComplete() {}, onError: "discard" });

http.get("x", { callback: chat, callbackArgs: { chat: "1" } });
http.get("x", { callback: typed, callbackArgs: { id: 1 } });
http.get("x", { callback: bare });
http.get("x", { callback: bare, callbackArgs: { any: [1] } });
http.get("x", { callback: "elsewhere", callbackArgs: { any: [1] } });
// @ts-expect-error It needs arguments.
http.get("x", { callback: chat });
// @ts-expect-error What goes in is text.
http.get("x", { callback: chat, callbackArgs: { chat: 1 } });
// @ts-expect-error No function goes with a job.
http.get("x", { callback: () => {} });
// @ts-expect-error Who wants no failures says so.
defineHttpCallback("none", { onComplete() {} });
// @ts-expect-error A date does not survive JSON.
defineHttpCallback<{ at: Date }>("date", { onComplete() {}, onError: "discard" });
