/** The identity in the URL of a charge point, as chargers and installers write it. */
const LONGEST_URL = 512;

/**
 * Identity of `/ocpp/<identity>` or `/<identity>`. Trailing and doubled slashes and an identity that is appended twice
 * are tolerated; `undefined` for anything else, broken percent-encoding included.
 */
export function identityOf(url: string | undefined): string | undefined {
  if (!url || url.length > LONGEST_URL || !url.startsWith("/")) return undefined;
  let parts: string[];
  try {
    parts = url.split(/[?#]/, 1)[0]!.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [first, ...rest] = parts;
  const path = first?.toLowerCase() === "ocpp" && rest.length > 0 ? rest : parts;
  const identity = path[0];
  const single = path.length === 1 || (path.length === 2 && path[1] === identity);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is refused
  return single && identity && /^[^/\u0000-\u0020\u007f]{1,48}$/.test(identity) ? identity : undefined;
}
