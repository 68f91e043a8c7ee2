/** The books against the meters: each transaction once, with the energy that the EVSE's register counted. */

import { isDeepStrictEqual } from "node:util";
import type { SiteFact } from "../../src/core/facts/index.ts";
import { evolve, initialState, type SiteState } from "../../src/core/state/state.ts";
import type { OwnTransaction, SimulatedChargePoint } from "./charge-point.ts";
import type { World } from "./world.ts";

export class BooksJudge {
  readonly #world: World;
  #folded: SiteState = initialState();
  readonly facts: SiteFact[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  /** Facts that reached the disk since the last look; a gap in them is a violation. */
  take(): string[] {
    const violations: string[] = [];
    for (const fact of this.#world.disk.factsAfter(this.facts.length)) {
      if (fact.seq !== this.facts.length + 1) violations.push(`fact ${fact.seq} follows on fact ${this.facts.length}`);
      this.facts.push(fact);
      this.#folded = evolve(this.#folded, fact);
    }
    return violations;
  }

  /** What the controller knows against what the disk says, whenever nothing is on its way there. */
  refold(): string[] {
    const state = this.#world.process?.recorder.state();
    if (!state || this.#world.disk.flight || state.seq !== this.#folded.seq) return [];
    // As a snapshot has them: there -0 is 0.
    const isSame = isDeepStrictEqual(state, this.#folded) || JSON.stringify(state) === JSON.stringify(this.#folded);
    return isSame ? [] : [`the state is not the fold of the ledger (fact ${state.seq})`];
  }

  close(): string[] {
    const { chargePoints } = this.#world;
    return [
      ...chargePoints.flatMap((chargePoint) => this.#stall(chargePoint)),
      ...this.#unbooked(),
      ...this.#sessions(),
    ];
  }

  #of<T extends SiteFact["type"]>(type: T): Extract<SiteFact, { type: T }>[] {
    return this.facts.filter((fact): fact is Extract<SiteFact, { type: T }> => fact.type === type);
  }

  #stall(chargePoint: SimulatedChargePoint): string[] {
    const { id } = chargePoint.stall;
    const left = chargePoint.waiting;
    return [
      ...(left > 0 ? [`${left} messages of ${id} were never taken`] : []),
      ...chargePoint.books.flatMap((own) => this.#transaction(id, own)),
      ...this.#register(chargePoint),
    ];
  }

  /** What the transactions add up to is what the EVSE's register counted from its first to its last. */
  #register({ stall, books }: SimulatedChargePoint): string[] {
    const ids = new Set(books.map(({ id }) => id));
    const sessions = this.#folded.sessions.ended.filter(({ transactionId }) => ids.has(transactionId));
    const bookedWh = sessions.reduce((sum, { energyWh }) => sum + energyWh, 0);
    const countedWh = Math.round(this.#world.site.wired.registerWh(stall.id));
    const error = Math.abs(bookedWh - countedWh);
    return error <= books.length ? [] : [`${stall.id}: ${bookedWh} Wh in the books, ${countedWh} Wh on its register`];
  }

  #transaction(stall: string, own: OwnTransaction): string[] {
    const is = ({ data }: { data: { transactionId: number } }) => data.transactionId === own.id;
    const what = `the transaction of ${stall} at register ${own.meterStartWh}`;
    if (own.id === undefined) return [`${what} was never answered`];
    const starts = this.#of("transaction-started").filter(is);
    if (starts.length !== 1) return [`${what} was booked ${starts.length} times`];
    const ends = this.#of("transaction-ended").filter(is);
    if (ends.length !== 1) return [`${what} ended ${ends.length} times`];
    if (starts[0]!.data.meterStartWh !== own.meterStartWh) return [`${what} began with another register`];
    if (ends[0]!.data.meterStopWh !== own.meterStopWh)
      return [
        `${what} ended at ${ends[0]!.data.meterStopWh} Wh (${ends[0]!.data.reason}) instead of ${own.meterStopWh} Wh`,
      ];
    return [];
  }

  /** Nothing is booked that no charge point knows. */
  #unbooked(): string[] {
    const known = new Set(this.#world.chargePoints.flatMap(({ books }) => books.map(({ id }) => id)));
    const invented = this.#of("transaction-started").filter(({ data }) => !known.has(data.transactionId));
    return invented.map(({ data }) => `transaction ${data.transactionId} of ${data.evseId} is nobody's`);
  }

  /** The quarter-hours of a session are its energy, as far as they are known. */
  #sessions(): string[] {
    return this.#folded.sessions.ended.flatMap((session) => {
      const sumWh = session.quarterHours.reduce((sum, { energyWh }) => sum + energyWh, 0);
      if (sumWh === session.energyWh) return [];
      return [`transaction ${session.transactionId}: ${session.energyWh} Wh, its quarter-hours ${sumWh} Wh`];
    });
  }
}
