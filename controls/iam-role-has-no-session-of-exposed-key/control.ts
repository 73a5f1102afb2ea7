import type { Control } from "../../shared/control.ts";
import {
  denying,
  detectSessions,
  type SessionsState,
  sessionsFinding,
  withDenialAsBefore,
} from "../../shared/keys/detect-sessions.ts";
import { showsDenials } from "../../shared/keys/shows-denials.ts";
import { sessionsOf } from "../../shared/resources/iam-sessions.ts";
import { meta } from "./meta.ts";

/** Everybody's sessions of the role end with those of the key: policy/judge-key.ts has a person decide, whatever policy says. */
export const control: Control<SessionsState> = {
  meta,
  port: (ports) => sessionsOf(ports).roles,
  detect: (role, ports, asked) => detectSessions(meta.id, role, ports, asked),
  remembered: (state, role, key) => sessionsFinding(meta.id, state, role, key),
  shows: (signal, { state }) => showsDenials(signal, state),
  comply: (state, offending, _, at) => denying(state, offending, at),
  retreat: () => undefined,
  restore: withDenialAsBefore,
};
