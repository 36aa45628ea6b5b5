/** The tests of all transitions on PostgreSQL. */

import { describePglite, openPglite } from "./pglite.ts";
import { describeTransitions } from "./transitions/suite.ts";

describePglite("transitions on PGlite", () => describeTransitions(() => openPglite()));
