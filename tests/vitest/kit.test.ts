// Under Vitest, where it is as under any other runner. The gate copies this file to where Vitest is.
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqlite } from "@millrace/millrace/node";
import { defineJob } from "@millrace/millrace/client";
import { createTestKit, type TestKit } from "@millrace/millrace/testing";
import { handle } from "@millrace/millrace/worker";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail", timeout: "30s" });

let fails = 0;
let kit: TestKit;

beforeEach(() => {
  fails = 1;
  kit = createTestKit({
    store: openSqlite(":memory:"),
    handlers: ({ sleep }) => [
      handle(mail, async ({ to }) => {
        if (fails-- > 0) throw new Error("Mail server is down");
        await sleep("5s");
        return (await readFile(import.meta.filename, "utf8")).includes(to);
      }),
    ],
  });
});

afterEach(() => kit.close());

test("a mail is sent when its server is up again", async () => {
  await kit.client.enqueue(mail, { to: "ada@example.com" });
  await kit.expectEnqueued(mail, { to: "ada@example.com" });
  const [first, second] = await kit.drain();
  expect(first).toMatchObject({ kind: "failed", status: "scheduled" });
  expect(second).toMatchObject({ kind: "succeeded", status: "completed", result: true });
  expect(kit.transcript.text({ calls: "none" })).toMatchInlineSnapshot(`
    "00:00:00.000  mail#1  stored, ready { to: "ada@example.com" }
    00:00:00.000  mail#1  runs, attempt 1
    00:00:00.000  mail#1  failed (Error: Mail server is down) -> scheduled in 00:00:24.433
    00:00:24.433  mail#1  runs, attempt 2
    00:00:29.433  mail#1  succeeded true -> completed"
  `);
});

test("a failure is readable", async () => {
  await kit.client.enqueue(mail, { to: "bob@example.com" });
  await expect(kit.expectEnqueued(mail, { to: "ada@example.com" }))
    .rejects.toThrow('to is "bob@example.com", expected "ada@example.com"');
});
