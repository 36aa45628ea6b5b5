/** The tests of all transitions on a real PostgreSQL. */

import { describeTransitions } from "../store/transitions/suite.ts";
import { describePostgres, openShared } from "./server.ts";

describePostgres("transitions on PostgreSQL", () => describeTransitions(() => openShared()));
