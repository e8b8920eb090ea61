/** What an editor shows about a program. */
export interface Editor {
  /** The errors of a file, in the order of their lines. */
  errors(file: string): Promise<readonly CompileError[]>;
  /** What stands over the name at an offset: the types, without the documentation. */
  hover(file: string, offset: number): Promise<string>;
  /** Where "go to definition" leads. */
  definition(file: string, offset: number): Promise<readonly Definition[]>;
  close(): Promise<void>;
}

interface CompileError {
  /** Counted from 1. */
  readonly line: number;
  /** Its lines, each without its indent. */
  readonly text: string;
}

interface Definition {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}
