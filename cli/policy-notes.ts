import type { ResidencyPolicy, Transfer } from "../shared/policy/policy.ts";

const DAY_MS = 86_400_000;
/** So long before its end a rule is told of. */
const SOON_MS = 14 * DAY_MS;

/** What a reader of a policy that is right should know at a time: what in it is over, soon will be, or has no effect. Pure. */
export function policyNotes(policy: ResidencyPolicy, nowMs: number): readonly string[] {
  const ends = [
    ...policy.exceptions.map(({ id, expiresAtMs }) => ({ what: `exception "${id}"`, untilMs: expiresAtMs })),
    ...policy.transfers.flatMap(({ id, validUntilMs }) =>
      validUntilMs === undefined ? [] : [{ what: `transfer "${id}"`, untilMs: validUntilMs }],
    ),
  ];
  return [
    ...ends.flatMap(({ what, untilMs }) => {
      const until = new Date(untilMs).toISOString();
      if (untilMs <= nowMs) return [`${what} ended at ${until}; it can be taken out`];
      return untilMs - nowMs <= SOON_MS ? [`${what} ends at ${until}, in ${days(untilMs - nowMs)}`] : [];
    }),
    ...policy.exceptions.flatMap(({ id, grantedAtMs }) =>
      grantedAtMs > nowMs
        ? [`exception "${id}" begins only at ${new Date(grantedAtMs).toISOString()}: it is granted in advance`]
        : [],
    ),
    ...policy.classifications.flatMap(({ name, tags }) =>
      tags.length === 0 && name !== policy.unclassified ? [`no tag recognises data of class "${name}"`] : [],
    ),
    ...policy.transfers.flatMap((transfer) =>
      isNeedless(transfer, policy) ? [`transfer "${transfer.id}" allows what its data may do anyway`] : [],
    ),
    ...(policy.unclassified === undefined
      ? ["data that nobody has classified waits for a person: no unclassified.treatAs"]
      : []),
    ...(Object.values(policy.controls).some(
      ({ mode, scopes }) => mode === "enforce" || scopes.some((each) => each.mode === "enforce"),
    )
      ? []
      : ["no control may change anything by itself: none is set to enforce"]),
  ];
}

/** Whether a transfer goes nowhere but where all of its data may live. */
function isNeedless({ classifications, to }: Transfer, policy: ResidencyPolicy): boolean {
  const classes = policy.classifications.filter(({ name }) => classifications.includes(name));
  return classes.every(({ anywhere, places }) => anywhere || to.every((place) => places.includes(place)));
}

function days(ms: number): string {
  const count = Math.floor(ms / DAY_MS);
  return count === 0 ? "less than a day" : `${count} day${count === 1 ? "" : "s"}`;
}
