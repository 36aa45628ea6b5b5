/** TLS: who is trusted, who is shown, and which HTTP is spoken. */

import assert from "node:assert/strict";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { createServer } from "node:tls";
import { createHttpTransport } from "../../../src/offload/transport/create-http-transport.ts";
import { answerOf, failureOf, run, textOf } from "../exchange/exchange-kit.ts";
import {
  expiredCertificate,
  goodCertificate,
  otherCertificate,
  testCa,
} from "../hostile/certificates.ts";
import { openHostileServer } from "../hostile/hostile-server.ts";
import { wholeScenes } from "../hostile/scenes.ts";

describe("exchanges over TLS", () => {
  const cases = [
    ["trusted", goodCertificate, testCa, "response"],
    ["by an authority nobody knows", goodCertificate, undefined, "tls"],
    ["for another host", otherCertificate, testCa, "tls"],
    ["too old", expiredCertificate, testCa, "tls"],
  ] as const;
  for (const [name, tls, ca, kind] of cases) {
    it(`meets a certificate that is ${name}`, async () => {
      const server = await openHostileServer({ scenes: wholeScenes, tls });
      const transport = createHttpTransport({ guardAddresses: false, ca });
      try {
        for (const path of ["/chunked", "/gzip"]) {
          const outcome = await run({
            url: server.url + path,
            method: "POST",
            fetch: transport as typeof fetch,
          });
          const found = outcome.kind === "failure" ? outcome.failure.kind : outcome.kind;
          assert.equal(found, kind, JSON.stringify(outcome));
        }
        assert.equal(server.seen.length, kind === "response" ? 2 : 0);
      } finally {
        await transport.close();
        await server.close();
      }
    });
  }

  it("notices that the other side speaks no TLS", async () => {
    const server = await openHostileServer({
      scenes: {},
      onConnect: (socket) => socket.end("220 smtp.example.org ESMTP\r\n"),
    });
    const transport = createHttpTransport({ guardAddresses: false });
    try {
      const url = server.url.replace("http:", "https:");
      const failure = await failureOf({ url, fetch: transport as typeof fetch });
      assert.ok(["tls", "connection"].includes(failure.kind), JSON.stringify(failure));
    } finally {
      await transport.close();
      await server.close();
    }
  });

  it("shows its own certificate to who wants to see it", async () => {
    const shown = Promise.withResolvers<unknown>();
    const settings = {
      ...goodCertificate,
      requestCert: true,
      rejectUnauthorized: false,
      ca: testCa,
    };
    const server = createServer(settings, (socket) => {
      shown.resolve(socket.getPeerCertificate()?.subject?.CN);
      socket.on("error", () => {});
      socket.resume().end("HTTP/1.1 204 No Content\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const transport = createHttpTransport({
      guardAddresses: false,
      ca: testCa,
      ...goodCertificate,
    });
    try {
      const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
      const { status } = await answerOf({ url, fetch: transport as typeof fetch });
      assert.equal(status, 204);
      assert.equal(await shown.promise, "localhost");
    } finally {
      await transport.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });

  it("speaks HTTP/1.1 with a server of HTTP/2, and says so if that does not", async () => {
    for (const allowHTTP1 of [true, false]) {
      const server = createSecureServer({ ...goodCertificate, allowHTTP1 }, (request, response) => {
        response.setHeader("connection", "close");
        response.end(`HTTP/${request.httpVersion}`);
      });
      server.on("sessionError", () => {});
      server.on("tlsClientError", () => {});
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const transport = createHttpTransport({ guardAddresses: false, ca: testCa });
      const given = {
        url: `https://localhost:${(server.address() as AddressInfo).port}/`,
        fetch: transport as typeof fetch,
      };
      try {
        if (allowHTTP1) assert.equal(textOf(await answerOf(given)), "HTTP/1.1");
        else assert.equal((await failureOf(given)).kind, "tls");
      } finally {
        await transport.close();
        server.close();
      }
    }
  });
});
