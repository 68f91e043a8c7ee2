/** `wattledger hash-password`: reads a password or token from standard input and prints its hash. */
import { hashPassword } from "../app/password.ts";

/** What `--help` prints. */
export const USAGE =
  "Usage: wattledger hash-password   reads one from the keyboard or a pipe and prints its hash for site.yaml";

const LEAST_LENGTH = 8;
const LONGEST_LENGTH = 1024;
const ENTER = new Set(["\r", "\n", "\u0004"]);
const ERASE = new Set(["\u007f", "\b"]);
const INTERRUPT = "\u0003";

/** The first line of a pipe or file. */
async function firstLine(): Promise<string> {
  let text = "";
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.includes("\n") || text.length > LONGEST_LENGTH) break;
  }
  return text.split(/\r?\n/)[0] ?? "";
}

/** What is typed at a terminal, without showing it; `undefined` when it is given up with Ctrl-C. */
async function typed(prompt: string): Promise<string | undefined> {
  const { stdin } = process;
  process.stderr.write(prompt);
  stdin.setRawMode(true).setEncoding("utf8");
  let text = "";
  try {
    for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
      for (const key of String(chunk)) {
        if (key === INTERRUPT) return undefined;
        if (ENTER.has(key)) return text;
        if (ERASE.has(key)) text = text.slice(0, -1);
        else if (key >= " " && text.length < LONGEST_LENGTH) text += key;
      }
    }
    return text;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    process.stderr.write("\n");
  }
}

/** Exit code 0; 1 when it is given up or typed differently the second time; 2 when it is too short. */
export async function hashPasswordCommand(): Promise<number> {
  const secret = process.stdin.isTTY ? await typed("Password or token (not shown): ") : await firstLine();
  if (secret === undefined) return 1;
  if (secret.length < LEAST_LENGTH) {
    console.error(`A password needs at least ${LEAST_LENGTH} characters; OCPP charge points take up to 40.`);
    return 2;
  }
  if (process.stdin.isTTY && (await typed("The same again: ")) !== secret) {
    console.error("The two were not the same. Nothing was hashed.");
    return 1;
  }
  console.log(await hashPassword(secret));
  return 0;
}
