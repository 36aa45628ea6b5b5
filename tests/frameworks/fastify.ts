/** A broker beside pages of Fastify. */

import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeListener } from "../../adapters/node/to-node-listener.ts";
import { load, type OpenApp } from "./framework.ts";

export const openFastify: OpenApp = async (broker) => {
  const { fastify } = await load("fastify");

  const app = fastify({ forceCloseConnections: true });
  app.get("/", () => "a page of the app");
  const answer = toNodeListener(broker);
  await app.register((scope: FastifyScope, _options: unknown, done: () => void) => {
    scope.removeAllContentTypeParsers(); // The broker reads bodies itself.
    scope.addContentTypeParser("*", (_request, _body, done) => done(null));
    scope.all("/millrace/*", (request, reply) => {
      reply.hijack();
      answer(request.raw, reply.raw);
    });
    done();
  });

  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return { url, close: () => app.close() };
};

interface FastifyScope {
  removeAllContentTypeParsers(): void;
  addContentTypeParser(
    type: string,
    parse: (request: unknown, body: unknown, done: (error: null) => void) => void,
  ): void;
  all(
    path: string,
    handle: (
      request: { readonly raw: IncomingMessage },
      reply: { readonly raw: ServerResponse; hijack(): void },
    ) => void,
  ): void;
}
