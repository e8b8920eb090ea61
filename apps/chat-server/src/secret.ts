import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Reads the secret that signs the cookies, and creates it if the file does not exist. Sessions stay valid after a
 * restart because the secret is kept. Only the owner can read the file.
 * @throws Error if the file is empty, cannot be read or cannot be created
 */
export function readOrCreateSecret(file: string): string {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // "wx" fails if the file exists: if two servers start at the same time, one creates the secret and both read it.
    writeFileSync(file, randomBytes(32).toString("base64url"), { mode: 0o600, flag: "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!exists) throw error;
  }
  const secret = readFileSync(file, "utf8").trim();
  if (secret === "") throw new Error(`Expected a secret in ${file}, got an empty file; delete it.`);
  return secret;
}
