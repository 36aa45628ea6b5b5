import { defineJob } from "millrace/client";

export const welcome = defineJob<{ name: string }>({
  type: "welcome",
  queue: "default",
  retryLimit: 5,
});
