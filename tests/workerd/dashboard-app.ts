/** A Worker that is a dashboard over a broker elsewhere. */

import { createDashboard } from "../../src/dashboard/mod.ts";

export default {
  fetch(request: Request, { BROKER_URL: url }: { readonly BROKER_URL: string }): Promise<Response> {
    const dashboard = createDashboard({ url, access: () => "manage", basePath: "/jobs/" });
    return dashboard.fetch(request);
  },
};
