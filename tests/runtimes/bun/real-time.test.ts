/**
 * Silent streams and slow readers on Bun; takes about 20 s of real time.
 *
 * @module
 */

import { serve } from "../../../adapters/bun/serve.ts";
import { describeRealTime } from "../../adapters/server-real-time.ts";

describeRealTime("Bun", serve);
