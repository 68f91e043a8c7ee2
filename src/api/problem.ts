/** Errors as RFC 9457 problem documents: what happened, and what to do. */
import type { FastifyError, FastifyReply } from "fastify";

/** Sends a problem. */
export function sendProblem(reply: FastifyReply, status: number, title: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: "about:blank", title, status, detail }));
}

/** What the ledger refuses is said once, by who records: each request that it hits is no news. */
export function isRefusal(error: FastifyError): boolean {
  return error.name === "LedgerError" && "kind" in error && error.kind !== "damaged";
}

/** What does not fit, each thing once; a body that may have one of several shapes fails at each of them. */
function misfits(error: FastifyError): string {
  const allowedBy = new Map<string, readonly unknown[]>();
  for (const { instancePath, message = "is not as it should be", params } of error.validation ?? []) {
    const { allowedValue, allowedValues } = params as { allowedValue?: unknown; allowedValues?: readonly unknown[] };
    const wrong = `${error.validationContext ?? "request"}${instancePath} ${message}`;
    const allowed = allowedValues ?? (allowedValue === undefined ? [] : [allowedValue]);
    allowedBy.set(wrong, [...(allowedBy.get(wrong) ?? []), ...allowed]);
  }
  const texts = [...allowedBy].map(([wrong, allowed]) => {
    if (allowed.length === 0) return wrong;
    const said = allowed.length > 1 ? wrong.replace("equal to constant", "one of") : wrong;
    return `${said}: ${[...new Set(allowed)].map(String).join(", ")}`;
  });
  return texts.filter((text) => texts.length === 1 || !text.endsWith("in anyOf")).join(", ");
}

/** What a request that failed is answered. */
export function problemOf(error: FastifyError): { status: number; title: string; detail: string } {
  if (error.validation)
    return { status: 400, title: `The request does not fit: ${misfits(error)}`, detail: "See /api/v1/openapi.json" };
  const status = error.statusCode ?? 500;
  if (status < 500) return { status, title: error.message, detail: "See /api/v1/openapi.json" };
  if ("kind" in error && error.kind === "damaged") {
    const detail = "Charging goes on protected. `wattledger doctor` says what to do";
    return { status: 503, title: "The ledger is damaged: this cannot be read", detail };
  }
  return {
    status: 503,
    title: "It could not be recorded",
    detail: "The ledger refuses at present; charging goes on protected. Try again",
  };
}
