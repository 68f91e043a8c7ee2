/**
 * ocpp-rpc without its checks of messages: strict mode is off, because messages are checked in schemas.ts. They would cost
 * 20 MB, for validators of three sets of schemas that are made when it is loaded and an Ajv of its own.
 */
import { createRequire, Module } from "node:module";

const require = createRequire(import.meta.url);

function leaveOut(path: string, exports: unknown): void {
  const resolved = require.resolve(path);
  require.cache[resolved] ??= Object.assign(new Module(resolved), { exports, loaded: true });
}

leaveOut("ocpp-rpc/lib/standard-validators", []);
leaveOut("ocpp-rpc/lib/validator", {});

export const { RPCServer, createRPCError } = require("ocpp-rpc") as typeof import("ocpp-rpc");
