import { knownSecrets } from "./known-secrets.ts";
import { oneLine } from "./text.ts";
import {
  type AdapterDefinition,
  DeliveryError,
  type Tracker,
  type TrackerPorts,
  type TrackerRoute,
} from "./tracker.ts";

/** Nobody reads more of an answer that says no. */
const MAX_READ = 20_000;
/** Headers that prove something. */
const PROVING = /authorization|signature|token|api-?key/i;
const MAX_SCHEME = 8;
/** Tokens that an answer gives out (RFC 6749, 5.1; GitHub's installation tokens). */
const GIVEN = /"(?:access_token|refresh_token|token)"\s*:\s*"([^"]+)"/g;

/**
 * A route's tracker. Why something failed goes to logs, queues and alarms, and is told in the tracker's own words: whatever an adapter was given to prove itself by, or was
 * given by the tracker, is taken out of them, and so is what breaks a line.
 */
export function makeTracker(definition: AdapterDefinition, route: TrackerRoute, ports: TrackerPorts): Tracker {
  const { learn, hide } = knownSecrets();
  const tracker = definition.make(route, {
    ...ports,
    async credentials(isStale) {
      const credentials = await ports.credentials(isStale);
      for (const value of Object.values(credentials)) learn(value);
      return credentials;
    },
    async send(request) {
      for (const [name, value] of Object.entries(request.headers ?? {}))
        if (PROVING.test(name)) partsOf(value).map(learn);
      const answer = await ports.send(request);
      // What went well is read by the adapter as it is.
      if (answer.status < 200 || answer.status >= 300) return { ...answer, body: hide(answer.body.slice(0, MAX_READ)) };
      for (const [, token = ""] of answer.body.matchAll(GIVEN)) learn(token);
      return answer;
    },
  });
  const guarded =
    (method: (...given: readonly unknown[]) => Promise<unknown>) =>
    async (...given: readonly unknown[]): Promise<unknown> => {
      try {
        return await method.apply(tracker, [...given]);
      } catch (error) {
        throw error instanceof DeliveryError ? error.saying(oneLine(hide(error.message))) : error;
      }
    };
  const members = Object.entries(tracker).map(([name, member]) => [
    name,
    typeof member === "function" ? guarded(member) : member,
  ]);
  return Object.fromEntries(members) as Tracker;
}

/** `Bearer <token>` and the token; the name of the scheme is no secret. */
function partsOf(value: string): readonly string[] {
  return [value, ...value.split(/[\s,]+/)].filter(({ length }) => length > MAX_SCHEME);
}
