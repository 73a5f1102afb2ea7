import { CordonError } from "../shared/errors.ts";
import type { Result } from "../shared/types.ts";
import { command, exitCodes } from "./command.ts";
import { DECIDE_NOTES, environmentOf, openDesk, reasonOf } from "./decide.ts";
import { describeOutcome, outcomeOf, toJson } from "./outcome.ts";

const BY_HAND = `Should the function not answer, the switch can be thrown in the table itself, by whoever may write it; the sweep tells of it within a quarter of an hour:
  aws dynamodb put-item --table-name <table> --item '{"pk":{"S":"BRAKE"},"sk":{"S":"BRAKE"},"on":{"BOOL":true},"reason":{"S":"..."},"by":{"S":"..."}}'`;

/** `cordon brake on|off`: nothing is contained any more, or everything is again. */
export const brake = command(
  {
    name: "brake",
    summary: "Stops every automatic change of the cell at once, or lets them go on",
    notes: `on: from the next event on nothing is contained; everything is still looked at, recorded and told, as in observe mode. A person's rollback is still carried out.
It is told by a critical finding and an alarm for as long as it is on.
off: what left meanwhile is looked at within half an hour, or with its next event, and contained.

It asks nothing: whoever needs a brake has no time. Policy says who may (limits.brake.by, else limits.approvals.by).

${DECIDE_NOTES}

${BY_HAND}

Exit code: 0 done, 1 refused, 2 it could not be run.`,
  },
  {
    switch: { type: "positional", description: "on or off", required: true },
    reason: { type: "string", description: "Why; kept as evidence", required: true },
    stack: { type: "string", description: "The name of the cell's stack; else CORDON_STACK", valueHint: "name" },
    json: { type: "boolean", description: "The same as JSON" },
    reveal: { type: "boolean", description: "Show also who" },
  },
  async (args) => {
    if (args.switch !== "on" && args.switch !== "off")
      throw new Error(`found "${args.switch.slice(0, 40)}", expected on or off`);
    const reason = reasonOf(args.reason);
    const env = environmentOf(args.stack);
    const isOn = args.switch === "on";
    const order = { action: `brake-${args.switch}`, reason };
    const asked = openDesk(env).then((desk) => desk.decide(order));
    const result: Result = await asked.catch((error: unknown) => {
      if (!(error instanceof CordonError) || error.kind !== "unavailable") throw error;
      throw new CordonError("unavailable", `${error.message}\n${BY_HAND}`, { cause: error });
    });
    const outcome = outcomeOf(result, [isOn ? "observed" : "compliant"], args.reveal === true);
    process.stdout.write(args.json ? toJson(false, undefined, outcome) : describeOutcome(outcome));
    return outcome.kind === "done" ? exitCodes.fine : exitCodes.wrong;
  },
);
