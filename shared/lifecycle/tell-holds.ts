import type { Hold, PendingPlan, Saying } from "../types.ts";

const LIMITS: Readonly<Record<Hold["limit"], string>> = {
  "blast-radius": "the limit of automatic changes (limits.automaticChanges)",
  "flip-guard": "the flip guard (limits.flips)",
  "refused-by-aws": "AWS has refused the change",
  brake: "the brake (cordon brake)",
  mode: "the deployment's mode (CORDON_MODE)",
  approval: "a person has to say",
};

/** Which limit, whose count, until when: one line each, for people. Pure. */
export function holdLines(holds: readonly Hold[]): readonly string[] {
  return holds.map(({ limit, whose, count, most, until }) => {
    const counted = most === undefined ? "" : `, ${count === undefined ? "more than" : `${count} of`} ${most}`;
    const end = until === undefined ? "until a person ends it" : `until ${until}`;
    return `${LIMITS[limit]}: ${whose}${counted}, ${end}`;
  });
}

/** What would be done on a person's word, for people. Pure. */
export function planLines({ id, steps, permissions, expiresAt, unanswered }: PendingPlan): readonly string[] {
  const value = (each: unknown) => (each === undefined ? "(absent)" : JSON.stringify(each));
  return [
    ...steps.flatMap(({ operation, changes }) =>
      changes.map(({ path, before, after }) => `${operation}: ${path}: ${value(before)} -> ${value(after)}`),
    ),
    `plan ${id}, waits until ${expiresAt}; takes ${permissions.join(", ")}`,
    ...(unanswered > 0 ? [`nobody has answered in time so far, ${unanswered} times asked before`] : []),
  ];
}

/** What people have said, for people. Pure. */
export function sayingLines(sayings: readonly Saying[]): readonly string[] {
  return sayings.map(({ at, action, outcome, by, how, reason, why }) => {
    const because = why === undefined ? "" : ` - ${why}`;
    return `${at} ${action} ${outcome}: by ${by} (${how}): ${reason}${because}`;
  });
}

/** The commands by which a person decides about a finding that waits. Pure. */
export function waysToDecide(id: string): readonly string[] {
  return [
    `cordon approve ${id} --reason "..."   carries out the plan, if it still is the plan`,
    `cordon reject ${id} --reason "..."    lets it be by an exception that ends`,
    `cordon extend ${id} --hours <from now> --reason "..."   gives more time to decide`,
  ];
}
