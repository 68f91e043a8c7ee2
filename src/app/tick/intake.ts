/** What charge points tell: decided, recorded, answered. What was measured is known at once, whatever the disk does. */
import type { ChargePointAnswer, ChargePointInput } from "../../core/charge-point-input.ts";
import { decideChargePointInput } from "../../core/decide/charge-point.ts";
import { type DriverVerdict, evseAt } from "../../core/decide/context.ts";
import type { Clock, DriverRegister } from "../../core/ports.ts";
import type { SiteModel } from "../../core/site/site-model.ts";
import { openSessionAt } from "../../core/state/sessions.ts";
import type { SiteState } from "../../core/state/state.ts";
import type { Recorder } from "../recording/recorder.ts";
import type { ImageStore } from "./image-store.ts";
import { untoldCars } from "./untold-cars.ts";

/** Inputs that measure, or of which nothing is recorded as a rule: what they say does not wait behind a disk that hangs. */
const MEASURES = new Set<ChargePointInput["type"]>(["metered", "heartbeat", "transaction-ended"]);

export interface IntakeOptions {
  readonly site: SiteModel;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly sink: ImageStore;
  /** The guard has something new to look at. */
  readonly want: () => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #untold: ReturnType<typeof untoldCars>;
  #drivers: DriverRegister | undefined;

  constructor(options: IntakeOptions) {
    const { site, recorder, clock, sink } = options;
    this.#options = options;
    const isOnRecord = (evseId: string) => openSessionAt(recorder.state().sessions, evseId) !== undefined;
    this.#untold = untoldCars({ site, clock, isOnRecord, tell: sink.untoldCar });
  }

  /** Drivers of partners are known from now on, or no longer. */
  useDrivers(drivers: DriverRegister | undefined): void {
    this.#drivers = drivers;
  }

  /**
   * Takes an input from a charge point. Rejects when the ledger refuses a transaction, so that the charge point tells it
   * again; what it tells only once (it is here, it is gone, its status) is kept until the ledger takes it.
   */
  async handle(input: ChargePointInput): Promise<ChargePointAnswer> {
    const { recorder, clock, want } = this.#options;
    const atMonoMs = clock.monoMs();
    const asked = this.#verdictOn(input);
    const verdict = asked instanceof Promise ? await asked : asked;
    if (input.type === "transaction-started") this.#newCar(input);
    const decide = this.#deciding(input, atMonoMs, verdict);
    const isTransaction = input.type === "transaction-started" || input.type === "transaction-ended";
    let ended: readonly string[] = [];
    if (MEASURES.has(input.type)) {
      const { drafts, answer, evseIds } = decide(recorder.state());
      if (isTransaction) ended = evseIds;
      // A transaction is answered when it is on disk, also when it is told again meanwhile.
      if (drafts.length === 0 && !isTransaction) return answer;
    }
    const told = this.#untold(input, ended);
    const recorded = isTransaction ? recorder.record(decide) : recorder.keep(decide);
    const { answer } = await recorded.catch((error: unknown) => {
      told(!isTransaction);
      throw error;
    });
    told();
    if (isTransaction) want();
    return answer;
  }

  #newCar({ chargePointId, connector }: Extract<ChargePointInput, { type: "transaction-started" }>): void {
    const { site, sink } = this.#options;
    const evse = evseAt(site, chargePointId, connector);
    if (evse) sink.newCar(evse.id);
  }

  /** Decides about an input of `atMonoMs` in a state, and notes what it measured. */
  #deciding(input: ChargePointInput, atMonoMs: number, verdict: DriverVerdict | undefined) {
    const { recorder, site, clock, sink } = this.#options;
    const known = verdict ? { verdict } : {};
    const findByKey = (key: string) => recorder.findByKey(key);
    return (state: SiteState) => {
      const context = { site, state, nowMs: clock.wallMs(), findByKey, ...known };
      const { drafts, answer, readings } = decideChargePointInput(context, input);
      // What was measured is known, whether the disk takes the rest or not.
      for (const reading of readings) sink.evse({ ...reading, atMonoMs });
      return { drafts, answer, evseIds: readings.map(({ evseId }) => evseId) };
    };
  }

  /** The word of a partner on the driver of an input; only a card at a charge point waits for it. */
  #verdictOn(input: ChargePointInput): DriverVerdict | undefined | Promise<DriverVerdict | undefined> {
    const drivers = this.#drivers;
    if (!drivers) return undefined;
    if (input.type === "authorize") return drivers.ask(input.token, input.chargePointId);
    if (input.type !== "transaction-started" || input.token === undefined) return undefined;
    return input.replayed ? drivers.known(input.token) : drivers.begun(input.token, input.chargePointId);
  }
}
