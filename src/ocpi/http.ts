/** One HTTP exchange with a partner: bounded in time and size, without redirects, never into the local network. */
import type { IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Clock } from "../core/ports.ts";
import { publicLookup } from "./allow.ts";

/** An import of `node:http` would load what it has of a browser too: 14 MB that nobody uses. */
const { Agent: HttpAgent, request: httpRequest } = process.getBuiltinModule("node:http");

const TIMEOUT_MS = 15_000;
const MOST_BYTES = 4_000_000;

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

export type HttpResult =
  | { readonly ok: true; readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }
  | { readonly ok: false; readonly reason: string };

export interface HttpClient {
  exchange(request: HttpRequest): Promise<HttpResult>;
  close(): void;
}

export interface HttpOptions {
  readonly allowPrivateAddresses: boolean;
  readonly clock: Clock;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return code ?? message ?? String(error);
}

/** A client for one partner; it keeps a connection open. */
export function createHttp(options: HttpOptions): HttpClient {
  const { clock, allowPrivateAddresses, ca, cert, key } = options;
  const shared = { keepAlive: true, maxSockets: 4, maxFreeSockets: 1, lookup: publicLookup(allowPrivateAddresses) };
  const plain = new HttpAgent(shared);
  const secure = new HttpsAgent({
    ...shared,
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });

  function send({ method, url, headers, body }: HttpRequest) {
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const isSecure = url.startsWith("https:");
    const outgoing = (isSecure ? httpsRequest : httpRequest)(url, {
      method,
      headers: { ...headers, ...length },
      agent: isSecure ? secure : plain,
    });
    outgoing.end(body);
    return outgoing;
  }

  /** The other side may close a connection that was kept open at the moment it is used again: that is tried once more. */
  const exchange = (request: HttpRequest, again = true): Promise<HttpResult> => {
    return new Promise((resolve) => {
      const outgoing = send(request);
      const finish = (result: HttpResult) => {
        stopWaiting();
        resolve(result);
        if (!result.ok) outgoing.destroy();
      };
      const fail = (error: unknown) => finish({ ok: false, reason: reasonOf(error) });
      const stopWaiting = clock.after(request.timeoutMs ?? TIMEOUT_MS, "ocpi-timeout", () =>
        fail(new Error("no answer in time")),
      );
      outgoing.on("error", (error) => {
        const isStale = again && outgoing.reusedSocket && reasonOf(error) === "ECONNRESET";
        if (!isStale) return fail(error);
        stopWaiting();
        resolve(exchange(request, false));
      });
      outgoing.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) fail(new Error(`the answer is larger than ${MOST_BYTES} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          finish({ ok: true, status: response.statusCode ?? 0, headers: response.headers, text });
        });
      });
    });
  };

  return {
    exchange: (request) => exchange(request),
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
