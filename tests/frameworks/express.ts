/** A broker beside pages of Express. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type NodeListener, toNodeListener } from "../../adapters/node/to-node-listener.ts";
import { load, type OpenApp } from "./framework.ts";

export const openExpress: OpenApp = async (broker) => {
  const express = await load("express");

  const app = express();
  app.use("/millrace", toNodeListener(broker)); // Before what parses bodies.
  app.use(express.json());
  app.get("/", (...[, response]: Parameters<NodeListener>) => response.end("a page of the app"));

  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
};
