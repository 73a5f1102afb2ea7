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

export const control: Control<SessionsState> = {
  meta,
  port: (ports) => sessionsOf(ports).users,
  detect: (user, ports, asked) => detectSessions(meta.id, user, ports, asked),
  remembered: (state, user, key) => sessionsFinding(meta.id, state, user, key),
  shows: (signal, { state }) => showsDenials(signal, state),
  comply: (state, offending, _, at) => denying(state, offending, at),
  retreat: () => undefined,
  otherwise: (state, offending, at) => denying(state, offending, at, "managed"),
  restore: withDenialAsBefore,
};
