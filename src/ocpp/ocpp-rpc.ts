/**
 * ocpp-rpc without the validators that it makes of three sets of schemas when it is loaded: 20 MB that nobody uses,
 * because strict mode is off and messages are checked in schemas.ts.
 */
import { createRequire, Module } from "node:module";

const require = createRequire(import.meta.url);
const validators = require.resolve("ocpp-rpc/lib/standard-validators");
require.cache[validators] ??= Object.assign(new Module(validators), { exports: [], loaded: true });

export const { RPCServer, createRPCError } = require("ocpp-rpc") as typeof import("ocpp-rpc");
