import type { Control, ControlMeta } from "../control.ts";
import type { DeniedSessions, IamSessions } from "../resources/iam-sessions.ts";
import { sessionsOf } from "../resources/iam-sessions.ts";
import type { ResourcePort } from "../resources/port.ts";
import {
  denialTime,
  denying,
  detectSessions,
  type SessionsState,
  sessionsFinding,
  withDenialAsBefore,
} from "./detect-sessions.ts";
import { showsDenials, showsKey } from "./shows-denials.ts";

/**
 * A control that denies the sessions begun with an exposed key. Users' and roles' differ in where the denials are kept, and in what their metadata and policy/judge-key.ts say of
 * whom it concerns.
 */
export function sessionsControl(
  meta: ControlMeta,
  portOf: (sessions: IamSessions) => ResourcePort<DeniedSessions>,
): Control<SessionsState> {
  return {
    meta,
    port: (ports) => portOf(sessionsOf(ports)),
    detect: (resource, ports, asked) => detectSessions(meta.id, resource, ports, asked),
    remembered: (seen, resource, key) => sessionsFinding(meta.id, seen, resource, key),
    shows: (signal, { state, keys }) => showsKey(signal, keys) ?? showsDenials(signal, state),
    comply: (state, offending, _, at) => denying(state, offending, at),
    timeFor: denialTime,
    retreat: () => undefined,
    restore: withDenialAsBefore,
  };
}
