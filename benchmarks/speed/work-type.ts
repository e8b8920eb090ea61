/** Work that is measured. */
export interface Work {
  /** How many events each run has. */
  readonly events: number;
  /** What is not measured, before each run. @default nothing */
  prepare?(): void;
  run(): Promise<void>;
}
