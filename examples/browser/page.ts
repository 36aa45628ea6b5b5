import { createEnqueuer } from "millrace/client";
import { visit } from "./visit.ts";

const output = document.querySelector("output")!;
const { url, token } = await (await fetch("settings.json")).json();
const enqueuer = createEnqueuer({ url, token });
try {
  const { id } = await enqueuer.enqueue(visit, { path: location.pathname });
  output.textContent = `job ${id}`;
} catch (error) {
  output.textContent = `not stored: ${(error as Error).message}`;
}
