import type { Columns } from "./columns.ts";
import type { Address } from "./email.ts";
import type { Engine } from "./engine.ts";
import type { Tally } from "./tally.ts";
import type { Text } from "./text.ts";

/** One pass over a text as it moves by: where it is, and which words it has met. */
export interface Pass {
  readonly text: Text;
  readonly engine: Engine;
  readonly tally: Tally;
  readonly columns: Columns;
  /** Where the next byte to be looked at is. */
  next: number;
  /** The automaton's state there. */
  state: number;
  /** Where the last value ended: nothing begins before that. */
  taken: number;
  /** By kind of evidence: where the last word that is some ended. */
  readonly evidenceEnd: Int32Array;
  lastEvidenceEnd: number;
  /** By kind of evidence: 1 where it holds for the whole text, because its label says so. */
  readonly evidenceOfLabel: Uint8Array;
  hasLabel: boolean;
  readonly address: Address;
}

/** Where no word has ended yet. */
export const NOWHERE = -0x40000000;
