/** The scopes of callers are those of the routes. */

import type { Scope } from "../../src/broker/mod.ts";
import type { Access } from "../../src/protocol/routes.ts";
import { type Equal, expectType } from "./equal.ts";

expectType<Equal<Scope, Exclude<Access, "open" | "known">>>();
