/** `wattledger hash-password`: reads a password or token from standard input and prints its hash. */
import { hashPassword } from "../app/password.ts";

const LEAST_LENGTH = 8;

async function firstLine(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes("\n") || text.length > 1024) break;
  }
  return text.split("\n")[0] ?? "";
}

/** Exit code 0, or 2 when what was typed is too short to be a password. */
export async function hashPasswordCommand(): Promise<number> {
  if (process.stdin.isTTY) console.error("Type the password or token, then Enter (it is shown):");
  const secret = await firstLine();
  if (secret.length < LEAST_LENGTH) {
    console.error(`A password needs at least ${LEAST_LENGTH} characters; OCPP charge points take up to 40.`);
    return 2;
  }
  console.log(await hashPassword(secret));
  return 0;
}
