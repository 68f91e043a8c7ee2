/** One charge point over all its connections: calls in, commands out. The newest connection is the one. */
import { createHash } from "node:crypto";
import type {
  ChargePointAnswer,
  ChargePointCommand,
  ChargePointInput,
  CommandResult,
} from "../core/charge-point-input.ts";
import type { ChargePointHandler, Clock, Log } from "../core/ports.ts";
import type { ChargePointConfiguration } from "../core/site/site.ts";
import { CallQueue } from "./call-queue.ts";
import type { RpcClient } from "./caller.ts";
import { EventSequence } from "./event-sequence.ts";
import type { FrameSocket } from "./frame-socket.ts";
import type { InboundContext, ParsedCall } from "./inbound.ts";
import { parseCall16 } from "./inbound-16.ts";
import { parseCall201 } from "./inbound-201.ts";
import { Intake } from "./intake.ts";
import { createRPCError } from "./ocpp-rpc.ts";
import { type Line, Outgoing } from "./outgoing.ts";
import { problemOf } from "./schemas.ts";
import { StationClock, timesIn } from "./station-clock.ts";
import { writtenTime } from "./time.ts";
import type { OcppVersion } from "./version.ts";
import { fieldsOf, jsonCut } from "./wire.ts";

export interface ChargePointOptions {
  readonly configuration: ChargePointConfiguration;
  readonly handle: ChargePointHandler;
  readonly clock: Clock;
  readonly log: Log;
}

interface Connection extends Line {
  readonly connectedAtMs: number;
  ready: boolean;
}

const BOOT_GRACE_MS = 5_000;
const KEPT_ANSWERS = 50;
const KEPT_TRANSACTIONS = 64;
const REPEATABLE = /^\[\s*2\s*,[^,]*,\s*"(StartTransaction|StopTransaction|MeterValues|TransactionEvent)"/;

function remember<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > most) map.delete(map.keys().next().value!);
}

export class ChargePoint {
  readonly #options: ChargePointOptions;
  readonly #answers = new Map<string, string>();
  readonly #transactions = new Map<string, number>();
  readonly #intake: Intake;
  readonly #sequence = new EventSequence();
  readonly #stationClock: StationClock;
  #connection: Connection | undefined;
  #inputs: Promise<unknown> = Promise.resolve();
  /** By what was told: why the last of it could not be recorded, while that is so. */
  readonly #unrecorded = new Map<string, string>();
  readonly #outgoing: Outgoing;
  #booted = false;

  constructor(options: ChargePointOptions) {
    this.#options = options;
    this.#stationClock = new StationClock(options.clock);
    this.#intake = new Intake({
      clock: options.clock,
      tell: (input) => this.#tellOrThrow(input),
      flooded: (action, problem, input) => void this.#violated(action, problem, input),
    });
    this.#outgoing = new Outgoing({
      configuration: options.configuration,
      clock: options.clock,
      lagMs: () => this.#stationClock.lagMs,
      tell: (input) => this.#tell(input),
      violated: (action, problem, payload) => void this.#violated(action, problem, payload),
    });
  }

  /** Takes a new connection; an older one is ended and no longer counts. */
  connect(
    client: RpcClient,
    socket: FrameSocket,
    about: { version: OcppVersion; remote: string; protocol: string },
  ): Connection {
    const { clock, log } = this.#options;
    const chargePointId = this.#options.configuration.id;
    const older = this.#connection;
    const connection: Connection = {
      client,
      clock,
      log,
      queue: new CallQueue(clock),
      version: about.version,
      connectedAtMs: clock.wallMs(),
      isCurrent: () => this.#connection === connection,
      ready: false,
      takingOver: false,
    };
    this.#connection = connection;
    this.#stationClock.connected();
    if (older) {
      log.info("A newer connection replaces the one before", { chargePointId });
      older.queue.close("a newer connection took over");
      void older.client.close({ force: true });
    }
    socket.watcher = {
      malformed: (problem, frame) => void this.#violated("frame", problem, frame),
      answered: (frame) => (REPEATABLE.test(frame) ? this.#answers.get(frameKey(frame)) : undefined),
      replied: (frame, reply) => {
        if (REPEATABLE.test(frame)) remember(this.#answers, frameKey(frame), reply, KEPT_ANSWERS);
      },
    };
    void this.#tell({ type: "connected", chargePointId, protocol: about.protocol, remote: about.remote });
    if (this.#booted) this.#becomeReady(connection);
    else clock.after(BOOT_GRACE_MS, "ocpp boot grace", () => this.#withoutBoot(connection));
    return connection;
  }

  /** The connection is gone; nothing happens when a newer one is there. */
  disconnected(connection: Connection, reason: string): void {
    connection.queue.close("the charge point is not connected");
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    void this.#tell({ type: "disconnected", chargePointId: this.#options.configuration.id, reason });
  }

  async send(command: ChargePointCommand): Promise<CommandResult> {
    const connection = this.#connection;
    if (!connection) return { status: "offline", detail: "the charge point is not connected" };
    return this.#outgoing.send(connection, command);
  }

  async close(): Promise<void> {
    this.#intake.close();
    this.#connection?.queue.close("the controller stops");
    await this.#connection?.client.close({ force: true });
    await this.#inputs;
  }

  /** Answers one call of the charge point. Throws the CALLERROR where there is one to send. */
  async answer(connection: Connection, action: string, params: unknown): Promise<unknown> {
    const payload = fieldsOf(params);
    const problem = problemOf(connection.version, action, "request", payload);
    this.#hearTime(connection, payload);
    const parse = connection.version === "1.6" ? parseCall16 : parseCall201;
    const call = parse(this.#inboundContext(connection), action, payload);
    const gap = call?.event && this.#sequence.gapBefore(call.event);
    const problems = [problem, gap, ...(call?.problems ?? [])].flatMap((text) => text ?? []);
    if (problems.length > 0) void this.#violated(action, problems.join("; "), payload);
    if (!call) throw createRPCError("NotImplemented", `${action} is not taken here`);
    const answers = await this.#handleAll(action, call);
    const transaction = call.transaction?.(answers);
    if (transaction) remember(this.#transactions, transaction.id, transaction.connector, KEPT_TRANSACTIONS);
    this.#sawCall(connection, call);
    return call.reply(answers);
  }

  /**
   * A refusal of the ledger is a CALLERROR: the charge point keeps a transaction message and sends it again
   * (1.6 TransactionMessageAttempts and section 3.7.1; 2.0.1 E13 MessageAttempts). A success would lose it.
   */
  async #handleAll(action: string, call: ParsedCall): Promise<ChargePointAnswer[]> {
    const answers: ChargePointAnswer[] = [];
    for (const input of call.inputs) {
      try {
        answers.push(await this.#intake.take(action, input));
        this.#unrecorded.delete(input.type);
      } catch (error) {
        this.#notRecorded(action, input.type, String(error));
        if (action === "Heartbeat") return [{}];
        throw createRPCError("InternalError", "not recorded, send again");
      }
    }
    return answers;
  }

  /** Said once: the charge point repeats it every few seconds, for as long as the disk is full. */
  #notRecorded(action: string, what: ChargePointInput["type"], error: string): void {
    const told = this.#unrecorded.get(what) === error;
    this.#unrecorded.set(what, error);
    const { log, configuration } = this.#options;
    if (told) return;
    const details = { chargePointId: configuration.id, action, error };
    log.error("A message could not be recorded, the charge point has to repeat it", details);
  }

  #inboundContext(connection: Connection): InboundContext {
    const { configuration, clock } = this.#options;
    const { evses } = configuration;
    return {
      chargePointId: configuration.id,
      nowMs: clock.wallMs(),
      lagMs: this.#stationClock.lagMs,
      connectedAtMs: connection.connectedAtMs,
      connectorOf: (transaction) => this.#transactions.get(transaction),
      onlyConnector: evses.length === 1 ? evses[0]!.connector : 0,
      phasesOf: (connector) => evses.find((evse) => evse.connector === connector)?.phases.length ?? 3,
    };
  }

  /** Learns from the youngest time of a message how its clock goes; what was sent by the wrong one is sent again. */
  #hearTime(connection: Connection, payload: unknown): void {
    const times = timesIn(payload).flatMap((time) => writtenTime(time)?.ms ?? []);
    if (times.length === 0 || !this.#stationClock.heard(Math.max(...times))) return;
    const minutes = Math.round(this.#stationClock.lagMs / 60_000);
    const problem = `its clock is ${Math.abs(minutes)} min ${minutes < 0 ? "fast" : "slow"}: its times are corrected by that; set its clock`;
    if (minutes !== 0) void this.#violated("clock", problem, payload);
    this.#outgoing.repeat(connection);
  }

  #sawCall(connection: Connection, call: ParsedCall): void {
    const boot = call.inputs.find((input) => input.type === "booted");
    if (boot) {
      // Message ids may begin anew; a message that was sent before the boot is known by what is in it.
      this.#answers.clear();
      this.#outgoing.isA(boot.vendor, boot.model);
      connection.ready = false;
      this.#stationClock.booted();
    }
    // After the answer is on the wire: a charge point takes no calls before its boot is answered.
    if (!connection.ready) setImmediate(() => this.#becomeReady(connection));
  }

  #withoutBoot(connection: Connection): void {
    if (connection.ready || this.#connection !== connection) return;
    this.#becomeReady(connection);
    const { id } = this.#options.configuration;
    void this.send({ type: "trigger", chargePointId: id, message: "boot" });
  }

  #becomeReady(connection: Connection): void {
    if (connection.ready || this.#connection !== connection) return;
    connection.ready = true;
    this.#booted = true;
    this.#outgoing.begin(connection);
  }

  #violated(action: string, problem: string, payload: unknown): Promise<unknown> {
    const chargePointId = this.#options.configuration.id;
    const text = typeof payload === "string" ? payload.slice(0, 1024) : jsonCut(payload, 1024);
    return this.#tell({
      type: "violated",
      chargePointId,
      action: action.slice(0, 50),
      problem: problem.slice(0, 500),
      payload: text,
    });
  }

  /** Inputs of one charge point go to the core one at a time, in order. */
  #tellOrThrow(input: ChargePointInput): Promise<ChargePointAnswer> {
    const turn = this.#inputs.then(() => this.#options.handle(input));
    this.#inputs = turn.catch(() => undefined);
    return turn;
  }

  async #tell(input: ChargePointInput): Promise<void> {
    await this.#tellOrThrow(input).catch((error) =>
      this.#options.log.error("An input of a charge point was not recorded", {
        type: input.type,
        error: String(error),
      }),
    );
  }
}

function frameKey(frame: string): string {
  return createHash("sha256").update(frame).digest("base64");
}
