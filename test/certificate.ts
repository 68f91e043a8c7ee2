import { execFileSync } from "node:child_process";

/** Makes a certificate that vouches for itself for two days, by the openssl of the machine. `alt` as `DNS:localhost`. */
export function selfSigned(of: { name: string; alt: string; keyFile: string; certFile: string }): void {
  const { name, alt, keyFile, certFile } = of;
  const made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  const who = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${alt}`];
  execFileSync("openssl", [...made, ...who, "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
}
