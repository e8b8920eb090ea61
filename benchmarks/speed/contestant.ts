/** Who takes part in a measurement. Two of them may be the same server from two clones. */
export interface Contestant {
  /** How the results name it. */
  readonly label: string;
  /** How its program knows it. */
  readonly name: string;
  /** The bundle that its process runs. */
  readonly program: string;
  /** The size in which it is measured; 0 if the measure has none. */
  readonly size: number;
}
