import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The secret that cookies are signed with: kept in a file that only its owner may read, so that a sign-in survives a restart. */
export function keepSecret(file: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // "wx": of two servers that start at the same time, one makes the secret and both read it.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret === "") throw new Error(`Expected a secret in ${file}, got an empty file; delete it.`);
  return secret;
}
