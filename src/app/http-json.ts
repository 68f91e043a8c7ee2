/** JSON by HTTP from a place that may be slow, wrong or endless; nothing of its address gets into a message. */

const HTTP_TIMEOUT_MS = 15_000;
export const MOST_BYTES = 4_000_000;

/** The host of an address alone: user, password, path and query may all hold a key. */
export function publicHost(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "the configured address";
}

/** What `fetch` takes: it refuses addresses with a user and password, so they go into a header. */
function requestOf(url: string): { readonly address: string; readonly headers: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  address.username = "";
  address.password = "";
  const secret = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization: Record<string, string> =
    username || password ? { authorization: `Basic ${Buffer.from(secret).toString("base64")}` } : {};
  return { address: address.href, headers: { accept: "application/json", ...authorization } };
}

/** The parser's own message would quote the answer, which may repeat a key. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("its answer is no JSON");
  }
}

/** Asks once, for 15 s and 4 MB at most. Rejects with a reason that {@link reasonOf} makes fit for a log. */
export async function readJson(url: string, more: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { address, headers } = requestOf(url);
  const signal = AbortSignal.timeout(HTTP_TIMEOUT_MS);
  const response = await fetch(address, { signal, headers: { ...headers, ...more } });
  if (!response.ok || !response.body) throw new Error(`it answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`it sent more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return parsed(Buffer.concat(chunks).toString("utf8"));
}

/** Why a source could not be read, in a line without addresses. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const code = cause && typeof cause === "object" && "code" in cause ? ` (${String(cause.code)})` : "";
  return `${message}${code}`.replace(/https?:\/\/\S+/g, "its address").slice(0, 200);
}
