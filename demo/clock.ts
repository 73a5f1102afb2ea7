import type { Sandbox } from "../sandbox/index.ts";

const RULE = "AWS::Events::Rule";

/**
 * Moves the clock in one leap. The sweep's schedule fires as often as it would have; heartbeats and the guard's look around are held: a hundred of each
 * would come at the same moment, and tell what nobody does in this account.
 */
export function leapTo({ registry, clock }: Sandbox, epochMs: number): void {
  const held = registry
    .list(RULE)
    .filter(
      ({ properties }) => properties.ScheduleExpression !== undefined && !String(properties.Name).includes("-sweep-"),
    );
  const set = (State: string): void => {
    for (const rule of held) rule.properties.State = State;
  };
  set("DISABLED");
  clock.set(epochMs);
  set("ENABLED");
}
