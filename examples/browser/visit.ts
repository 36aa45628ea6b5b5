import { defineJob } from "millrace/client";

export const visit = defineJob<{ path: string }>({ type: "visit", queue: "visits" });
