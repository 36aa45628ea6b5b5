import { createEnqueuer } from "millrace/client";
import { welcome } from "./jobs.ts";

export default {
  async fetch(request: Request, env: { MILLRACE_URL: string }): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/") return new Response("not found", { status: 404 });
    const enqueuer = createEnqueuer({ url: env.MILLRACE_URL });
    const { id } = await enqueuer.enqueue(welcome, { name: searchParams.get("name") ?? "you" });
    return Response.json({ id }, { status: 202 });
  },
};
