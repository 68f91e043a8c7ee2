/** An optimisation context on this very site, of a partner that may: its prices and orders become input of the plan. */
import { whyNotCovered } from "../../core/market/arbitrate.ts";
import type { OptimisationContext } from "../../core/market/context.ts";
import type { SiteAccess } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import type { OcpiRequest } from "../module.ts";
import { evseOfUid } from "../objects/location.ts";
import type { NoteRefusal } from "../refused.ts";
import { limitsOf, type SmacContext } from "../smac/context.ts";
import { INVALID_PARAMETERS, type Reply, refuse } from "../status.ts";

/** What is kept of a context: two days by quarter-hours. */
const MOST_SLOTS = 192;
/** Partners round what a connector can. */
const ROUNDING_W = 100;

/** What the grid connection carries, or the contract allows, W. */
function siteLimitW({ circuits, voltageV, phases }: SiteModel): number {
  const { limitA = 0, limitW = Number.POSITIVE_INFINITY } =
    circuits.find(({ parentId }) => parentId === undefined) ?? {};
  return Math.min(limitW, limitA * voltageV * phases);
}

export interface OwnContexts {
  /** Missing where the context is on another site. */
  take(request: OcpiRequest, context: SmacContext): Promise<Reply> | undefined;
  end(request: OcpiRequest, context: SmacContext): Promise<void>;
}

export function ownContexts(given: {
  readonly site: Pick<SiteAccess, "record" | "state">;
  readonly model: SiteModel;
  readonly noteRefusal: NoteRefusal;
  /** What may not be said of this site is about another one, whose EVSEs have the same names. */
  readonly plansForOthers: boolean;
}): OwnContexts {
  const { site, model, noteRefusal, plansForOthers } = given;
  const evsesOf = ({ evses }: SmacContext) => [...evses.keys()].flatMap((uid) => evseOfUid(model, uid) ?? []);

  function uncovered({ partner }: OcpiRequest, context: SmacContext): string | undefined {
    const [evse] = evsesOf(context);
    const claim = { partner: partner.configuration, right: "optimisation", evseId: evse?.id ?? "", own: true } as const;
    return whyNotCovered(claim);
  }

  async function refused({ partner }: OcpiRequest, why: string): Promise<Reply> {
    noteRefusal(partner.id, "optimisation", why);
    return refuse(INVALID_PARAMETERS, why);
  }

  /** EVSEs that may draw less than they can. */
  function evseLimits({ evses, untilMs }: SmacContext) {
    if (untilMs === undefined) return [];
    return [...evses].flatMap(([uid, { mostW }]) => {
      const evse = evseOfUid(model, uid);
      const canW = evse ? evse.maxCurrentA * model.voltageV * evse.phases.length : 0;
      return evse && mostW < canW - ROUNDING_W ? [{ evseId: evse.id, limitW: mostW, untilMs }] : [];
    });
  }

  async function taken({ partner }: OcpiRequest, context: SmacContext): Promise<Reply> {
    const data = {
      partnerId: partner.id,
      contextId: context.id,
      eurPerKwh: context.eurPerKwh.slice(0, MOST_SLOTS).map((slot) => ({ ...slot })),
      limitW: limitsOf(context, siteLimitW(model))
        .slice(0, MOST_SLOTS)
        .map((slot) => ({ ...slot })),
      evses: evseLimits(context),
    };
    const known = site.state().upstream.contexts[partner.id];
    const saysOf = ({ eurPerKwh, limitW, evses = [] }: OptimisationContext) =>
      JSON.stringify([eurPerKwh, limitW, evses]);
    const isSame = known && saysOf(known) === saysOf(data);
    if (!isSame) await site.record([{ type: "optimisation-context-received", source: `partner:${partner.id}`, data }]);
    return { ok: true };
  }

  return {
    take(request, context) {
      if (evsesOf(context).length === 0) return undefined;
      const why = uncovered(request, context);
      if (why === undefined) return taken(request, context);
      return plansForOthers ? undefined : refused(request, why);
    },
    async end({ partner }, context) {
      if (evsesOf(context).length === 0 || !site.state().upstream.contexts[partner.id]) return;
      const data = { partnerId: partner.id, contextId: context.id };
      await site.record([{ type: "optimisation-context-ended", source: `partner:${partner.id}`, data }]);
    },
  };
}
