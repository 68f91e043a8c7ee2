/** What OCPI answers: status codes, the envelope around every answer, and refusals as values. */

const SUCCESS = 1000;
export const CLIENT_ERROR = 2000;
export const INVALID_PARAMETERS = 2001;
export const UNKNOWN_LOCATION = 2003;
export const UNKNOWN_TOKEN = 2004;
export const SERVER_ERROR = 3000;
export const CLIENT_API_UNUSABLE = 3001;
export const UNSUPPORTED_VERSION = 3002;
export const MISSING_ENDPOINTS = 3003;

export interface Envelope {
  readonly data?: unknown;
  readonly status_code: number;
  readonly status_message?: string;
  readonly timestamp: string;
}

/** A request that is not carried out. Valid JSON to something that exists is HTTP 200 even then. */
export interface Refusal {
  readonly ok: false;
  readonly http: number;
  readonly code: number;
  readonly message: string;
}

/** A request that was carried out; without `data` there is nothing to say. */
export interface Answer {
  readonly ok: true;
  readonly http?: number;
  readonly data?: unknown;
  /** A word on why, beside the result. */
  readonly message?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Reply = Answer | Refusal;

/** A refusal; HTTP 200 unless told otherwise. */
export function refuse(code: number, message: string, http = 200): Refusal {
  return { ok: false, http, code, message };
}

/** An OCPI time: RFC 3339 in UTC. */
export function ocpiTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** The envelope of a reply at a time. */
export function envelopeOf(reply: Reply, nowMs: number): Envelope {
  const timestamp = ocpiTime(nowMs);
  if (!reply.ok) return { status_code: reply.code, status_message: reply.message.slice(0, 255), timestamp };
  const { data, message } = reply;
  return {
    ...(data === undefined ? {} : { data }),
    status_code: SUCCESS,
    ...(message === undefined ? {} : { status_message: message.slice(0, 255) }),
    timestamp,
  };
}
