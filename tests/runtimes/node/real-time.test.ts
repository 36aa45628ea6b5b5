/**
 * Silent streams and slow readers on Node; takes about 20 s of real time.
 *
 * @module
 */

import { serve } from "../../../adapters/node/serve.ts";
import { describeRealTime } from "../../adapters/server-real-time.ts";

describeRealTime("Node", serve);
