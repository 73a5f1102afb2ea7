import type { AnyControl, Control, Ports } from "./control.ts";
import type { Journal } from "./journal/journal.ts";
import type { PolicyInForce } from "./policy/policy.ts";
import type { Clock, Mode } from "./types.ts";

/** Everything a run needs from outside, wired once per container. */
export interface Cordon<State = unknown, Its extends AnyControl<State> = Control<State>> {
  readonly control: Its;
  readonly ports: Ports;
  readonly policy: PolicyInForce;
  readonly journal: Journal;
  readonly clock: Clock;
  /** `CORDON_MODE`: the most this deployment may do. */
  readonly ceiling: { readonly mode: Mode; readonly reason: string };
}
