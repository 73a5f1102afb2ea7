import { control as exposedKeys } from "../../controls/iam-access-key-is-not-exposed/control.ts";
import { control as rotatedKeys } from "../../controls/iam-access-key-is-rotated/control.ts";
import { control as sessionsOfRoles } from "../../controls/iam-role-has-no-session-of-exposed-key/control.ts";
import { control as keysOfRoot } from "../../controls/iam-root-has-no-access-key/control.ts";
import { control as sessionsOfUsers } from "../../controls/iam-user-has-no-session-of-exposed-key/control.ts";
import type { AnyControl, ControlMeta } from "../../shared/control.ts";
import type { Cordon } from "../../shared/cordon.ts";
import { type Handled, handleSignal } from "../../shared/pipeline.ts";
import type { Signal } from "../../shared/types.ts";

/** One of the function's controls, whatever its state is of. */
export interface KeyControl {
  readonly meta: ControlMeta;
  /** One signal through the pipeline. Throws as `handleSignal` does. */
  handle(signal: Signal, connection: Omit<Cordon, "control">, deadlineMs: number): Promise<Handled>;
}

function keyControl<State>(control: AnyControl<State>): KeyControl {
  return {
    meta: control.meta,
    handle: (signal, connection, deadlineMs) => handleSignal(signal, { ...connection, control }, deadlineMs),
  };
}

export const exposed = keyControl(exposedKeys);
export const userSessions = keyControl(sessionsOfUsers);
export const roleSessions = keyControl(sessionsOfRoles);
export const rotated = keyControl(rotatedKeys);
export const rootKeys = keyControl(keysOfRoot);

/** What stops an exposed key before all else. */
export const CONTROLS: readonly KeyControl[] = [exposed, userSessions, roleSessions, rotated, rootKeys];
