import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { onTestFinished } from "vitest";

/** A certificate of the host `localhost` that has signed itself, so it is its own authority. */
interface Certificate {
  /** The path of the certificate, which is also the one of its authority. */
  readonly path: string;
  /** The path of its key. */
  readonly keyPath: string;
  /** The text of the certificate. */
  readonly text: string;
}

/**
 * Makes a certificate. Its files are deleted when the test has finished.
 *
 * @param user who has to be able to read the key. @default the user of this process
 */
export async function makeCertificate(
  user: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-certificate-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const [path, keyPath] = [join(folder, "certificate.pem"), join(folder, "key.pem")];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", keyPath];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  await execa("openssl", ["req", "-x509", "-days", "2", ...key, ...names, "-out", path]);
  const { uid, gid } = user;
  if (uid !== undefined && gid !== undefined) for (const file of [folder, path, keyPath]) await chown(file, uid, gid);
  return { path, keyPath, text: await readFile(path, "utf8") };
}
