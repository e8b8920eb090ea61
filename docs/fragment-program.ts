// The fragments of the documents as modules of one program, and what the compiler says about it.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fragments, type Fragment } from "./fragments.ts";
import { givenTo, importsFor, specifier, type Source } from "./given.ts";

export interface CompileError {
  /** The path of a document, or of another file, from the root of the repository. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly text: string;
}

const root = join(import.meta.dirname, "..");

/** The file that a fragment says it is: `// contract.ts` or `// contract.ts: the server and the client share it`. */
const nameOf = ({ code, line, extension }: Fragment): string =>
  /^\/\/ ([\w.-]+\.tsx?)\b/.exec(code)?.[1] ?? `${line}.${extension}`;

/** The fragments of a document. Each may use the exports of those before it. */
function modulesOf(program: string, document: string): readonly Source[] {
  const modules = new Map<string, string>();
  const sources = [...givenTo(document)];
  for (const fragment of fragments.filter((each) => each.document === document)) {
    const { code, line } = fragment;
    const path = join(program, document, nameOf(fragment));
    if (modules.has(path)) throw new Error(`Expected one fragment ${nameOf(fragment)} in ${document}, got two.`);
    // The lines before the code are empty, and the imports are at its end: so the lines are those of the document.
    modules.set(path, "\n".repeat(line - 1) + code + importsFor(path, code, sources));
    sources.push({ path, code });
  }
  // A document may import a contract that it does not show.
  const contract = join(program, document, "contract.ts");
  const source = givenTo(document).findLast(({ code }) => code.includes("export const chat "));
  if (source !== undefined && !modules.has(contract)) {
    modules.set(contract, `export { chat } from "${specifier(contract, source.path)}";\n`);
  }
  return Array.from(modules, ([path, code]) => ({ path, code }));
}

/** Runs the compiler. With errors in the program, it prints them and its exit code is not 0. */
const compile = (program: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const compiler = join(import.meta.dirname, "node_modules/typescript/bin/tsc");
    const compilerArguments = [compiler, "-p", program, "--pretty", "false"];
    execFile(process.execPath, compilerArguments, { cwd: root }, (error, stdout) => {
      if (error !== null && stdout === "") reject(error);
      else resolve(stdout);
    });
  });

const ERROR = /^(.+)\((\d+),\d+\): error \w+: (.*(?:\n .*)*)/gm;

/** Compiles all fragments as one program. */
export async function compileFragments(): Promise<readonly CompileError[]> {
  await mkdir(join(import.meta.dirname, ".cache"), { recursive: true });
  // In this folder, since the packages are found from here.
  const folder = await mkdtemp(join(import.meta.dirname, ".cache/fragments-"));
  const program = relative(root, folder);
  try {
    const names = new Set(fragments.map(({ document }) => document));
    for (const { path, code } of [...names].flatMap((document) => modulesOf(program, document))) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), code);
    }
    const config = {
      extends: "../../tsconfig.json",
      // Nest needs the decorators. In an application of Next, `@` is its folder.
      compilerOptions: { experimentalDecorators: true, paths: { "@/lib/hub": ["../../given/chat.ts"] } },
      include: ["**/*", "../../given/*"],
      exclude: [],
    };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const output = await compile(program);
    const errors = Array.from(output.matchAll(ERROR), ([, path = "", line, text = ""]): CompileError => {
      const isFragment = path.startsWith(`${program}/`);
      return { file: isFragment ? dirname(relative(program, path)) : path, line: Number(line), text };
    });
    if (errors.length === 0 && output !== "") throw new Error(`Expected errors in fragments, got:\n${output}`);
    return errors;
  } finally {
    await rm(folder, { recursive: true });
  }
}
