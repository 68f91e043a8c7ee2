/** The partners of the site: who they are, and how they are registered. For the operator, not for the partners. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Type } from "../core/schema.ts";
import { PartnerStatusSchema, type UpstreamAdmin } from "../core/upstream-admin.ts";
import type { Guard } from "./guarded.ts";
import { sendProblem } from "./problem.ts";

const Params = Type.Object({ id: Type.String({ maxLength: 48 }) });
const RegisterBody = Type.Object(
  {
    token: Type.String({ pattern: "^[\\x21-\\x7e]{1,64}$", description: "That the partner handed over" }),
    versionsUrl: Type.Optional(Type.String({ pattern: "^https?://", maxLength: 255 })),
  },
  { additionalProperties: false },
);

export function upstreamRoutes(
  app: FastifyInstance,
  options: {
    /** Missing: the site has no partners. */
    readonly upstream: UpstreamAdmin | undefined;
    readonly guard: Guard;
  },
): void {
  const { upstream, guard } = options;
  app.get(
    "/api/v1/partners",
    {
      schema: {
        summary: "OCPI partners and the traffic with them",
        response: { 200: Type.Array(PartnerStatusSchema) },
      },
    },
    async () => upstream?.status() ?? [],
  );
  if (!upstream) return;
  type Handler = (id: string, request: FastifyRequest) => Promise<{ readonly ok: boolean; readonly message: string }>;
  const withPartner = (handler: Handler) =>
    guard(async (request, reply) => {
      const { ok, message } = await handler((request.params as { id: string }).id, request);
      return ok ? reply.send({ message }) : sendProblem(reply, 409, message, "See GET /api/v1/partners");
    });

  app.post(
    "/api/v1/partners/:id/token",
    { schema: { summary: "A token with which the partner may register here, for a week, shown once", params: Params } },
    guard(async (request, reply) => {
      const { id } = request.params as { id: string };
      const token = upstream.issueToken(id);
      const known = upstream.status().map((partner) => partner.id);
      const nobody = `There is no partner "${id}" in site.yaml (known: ${known.join(", ") || "none"})`;
      return token === undefined
        ? sendProblem(reply, 404, nobody, "See GET /api/v1/partners")
        : reply.header("cache-control", "no-store").send({ token });
    }),
  );
  app.post(
    "/api/v1/partners/:id/register",
    { schema: { summary: "Registers with the partner by its token", params: Params, body: RegisterBody } },
    withPartner((id, request) => {
      const { token, versionsUrl } = request.body as { token: string; versionsUrl?: string };
      return upstream.register(id, token, versionsUrl);
    }),
  );
  app.post(
    "/api/v1/partners/:id/update",
    { schema: { summary: "New tokens in both directions, endpoints read again", params: Params } },
    withPartner((id) => upstream.update(id)),
  );
  app.post(
    "/api/v1/partners/:id/send",
    { schema: { summary: "Sends what waits for the partner now", params: Params } },
    withPartner((id) => upstream.send(id)),
  );
  app.delete(
    "/api/v1/partners/:id/registration",
    { schema: { summary: "Ends the registration on both sides", params: Params } },
    withPartner((id) => upstream.unregister(id)),
  );
}
