/** What a driver shows to charge. */

/** ASCII letters of either case are the same but for this bit. */
const CASE = 0x20;

/** Whether two are the same card: charge points and booking systems write them in letters of either case. */
export function isSameToken(token: string | undefined, other: string | undefined): boolean {
  if (token === undefined || other === undefined || token.length !== other.length) return false;
  // Each plan asks it many times, and the last letters of most differ.
  if ((token.charCodeAt(token.length - 1) | CASE) !== (other.charCodeAt(other.length - 1) | CASE)) return false;
  return token === other || token.toLowerCase() === other.toLowerCase();
}
