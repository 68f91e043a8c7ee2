/**
 * The WebSocket below ocpp-rpc. It hands calls on one at a time, in order, and keeps away what ocpp-rpc stumbles over:
 * byte order marks, numeric message ids, repeated ids, message types that it does not know.
 */
import { WebSocket } from "ws";

/** What the socket tells its owner. */
export interface FrameWatcher {
  malformed(problem: string, frame: string): void;
  /** The answer that was given to exactly this frame before. */
  answered(frame: string): string | undefined;
  replied(frame: string, reply: string): void;
}

/** Lets calls through as fast as is good for the site. */
export interface FramePace {
  /** 0 lets a call through; else ms until the next may. */
  wait(): number;
  /** Whether anything more may come at all: frames that are no calls cost time too. */
  mayCome(): boolean;
  later(delayMs: number, run: () => void): void;
}

const MAX_WAITING = 100;
const MAX_MALFORMED_IN_ROW = 50;
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const CALL = 2;

interface WaitingCall {
  readonly id: string;
  readonly numericId: boolean;
  readonly frame: string;
  readonly normal: string;
}

const TRANSACTION = /^(StartTransaction|StopTransaction|MeterValues|TransactionEvent)$/;

/**
 * The error that tells a charge point that its call is no JSON, so that it does not wait for an answer. A transaction
 * message gets none: an error may make it drop what it wanted to tell.
 */
function brokenCallError(text: string, protocol: string, problem: string): string | undefined {
  const [, id, action] = /^\s*\[\s*2\s*,\s*"([^"\\]{1,36})"\s*,\s*"(\w{1,50})"/.exec(text) ?? [];
  if (id === undefined || action === undefined || TRANSACTION.test(action)) return undefined;
  const code = protocol.toLowerCase() === "ocpp1.6" || protocol === "" ? "FormationViolation" : "FormatViolation";
  return JSON.stringify([4, id, code, problem, {}]);
}

type Reading = { readonly call: WaitingCall } | { readonly pass: string } | { readonly problem: string };

/** 36 characters in OCPP; some write more. */
const LONGEST_ID = 255;
/** No message of OCPP is nested so deep; what is, exhausts the stack of whoever writes it out again. */
const DEEPEST = 64;

function isDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (inText) {
      if (char === "\\") at += 1;
      else if (char === '"') inText = false;
    } else if (char === '"') inText = true;
    else if (char === "[" || char === "{") {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (char === "]" || char === "}") depth -= 1;
  }
  return false;
}

/** Sorts one text frame: a call to queue, an answer to pass on, or a problem. Pure. */
export function readFrame(text: string): Reading | undefined {
  const frame = text.replace(/^\uFEFF/, "").trim();
  if (frame === "") return undefined;
  if (isDeep(frame)) return { problem: "nested too deep" };
  let parts: unknown;
  try {
    parts = JSON.parse(frame);
  } catch {
    return { problem: "not JSON" };
  }
  if (!Array.isArray(parts)) return { problem: "not a list" };
  const [type, id, action, payload] = parts;
  if (typeof id !== "string" && typeof id !== "number") return { problem: "no message id" };
  if (String(id).length > LONGEST_ID) return { problem: "a message id without end" };
  if (type !== CALL)
    return type === 3 || type === 4
      ? { pass: JSON.stringify([type, String(id), ...parts.slice(2)]) }
      : { problem: "unknown message type" };
  if (typeof action !== "string") return { problem: "no action" };
  const normal = JSON.stringify([CALL, String(id), action.slice(0, 50), payload ?? {}]);
  return { call: { id: String(id), numericId: typeof id === "number", frame, normal } };
}

/** See the head of this file. `watcher` is given right after the handshake. */
export class FrameSocket extends WebSocket {
  watcher: FrameWatcher | undefined;
  pace: FramePace | undefined;
  #waiting: WaitingCall[] = [];
  #busy: WaitingCall | undefined;
  #malformedInRow = 0;
  #paused = false;

  override emit(event: string | symbol, ...values: unknown[]): boolean {
    if ((event === "message" || event === "ping") && !this.#mayCome()) return true;
    if (event !== "message") return super.emit(event, ...(values as []));
    try {
      this.#take(String(values[0]));
    } catch (error) {
      // Here it would end the process: whatever a charge point sends, that is not worth the others.
      this.watcher?.malformed(`a defect here: ${String(error).slice(0, 200)}`, String(values[0]).slice(0, 1024));
      this.close(INTERNAL_ERROR, "a defect of the controller");
    }
    return true;
  }

  #mayCome(): boolean {
    if (this.readyState !== WebSocket.OPEN) return false;
    if (this.pace?.mayCome() ?? true) return true;
    this.close(POLICY_VIOLATION, "too many frames");
    return false;
  }

  #take(text: string): void {
    const reading = readFrame(text);
    if (reading === undefined) return;
    if ("problem" in reading) {
      this.watcher?.malformed(reading.problem, text.slice(0, 1024));
      const answer = brokenCallError(text.slice(0, 200).replace(/^\uFEFF/, ""), this.protocol, reading.problem);
      if (answer !== undefined && this.readyState === WebSocket.OPEN) super.send(answer);
      if (++this.#malformedInRow > MAX_MALFORMED_IN_ROW) this.close(POLICY_VIOLATION, "too many malformed frames");
      return;
    }
    this.#malformedInRow = 0;
    if ("pass" in reading) {
      super.emit("message", Buffer.from(reading.pass), false);
      return;
    }
    if (this.#waiting.length >= MAX_WAITING) {
      this.#waiting = [];
      this.close(POLICY_VIOLATION, "too many messages without waiting for an answer");
      return;
    }
    this.#waiting.push(reading.call);
    this.#next();
  }

  #next(): void {
    while (this.#busy === undefined && !this.#paused && this.readyState === WebSocket.OPEN) {
      if (this.#waiting.length === 0) return;
      const waitMs = this.pace?.wait() ?? 0;
      if (waitMs > 0) {
        this.#paused = true;
        this.pace?.later(waitMs, () => {
          this.#paused = false;
          this.#next();
        });
        return;
      }
      const call = this.#waiting.shift()!;
      const before = this.watcher?.answered(call.frame);
      if (before !== undefined) {
        super.send(before);
        continue;
      }
      this.#busy = call;
      super.emit("message", Buffer.from(call.normal), false);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: the overloads of ws
  override send(data: any, ...more: any[]): void {
    const call = this.#busy;
    const reply = call === undefined ? undefined : this.#replyTo(call, String(data));
    if (call === undefined || reply === undefined) {
      super.send(data, ...(more as []));
      return;
    }
    this.#busy = undefined;
    super.send(reply, ...(more as []));
    if (reply.startsWith("[3")) this.watcher?.replied(call.frame, reply);
    setImmediate(() => this.#next());
  }

  /** The text to send when `text` answers `call`, with the id in the charger's own type. */
  #replyTo(call: WaitingCall, text: string): string | undefined {
    if (!text.startsWith("[3,") && !text.startsWith("[4,")) return undefined;
    const parts = JSON.parse(text) as unknown[];
    if (parts[1] !== call.id) return undefined;
    return call.numericId ? JSON.stringify([parts[0], Number(call.id), ...parts.slice(2)]) : text;
  }
}
