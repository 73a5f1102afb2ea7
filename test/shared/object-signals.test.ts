import { describe, expect, it } from "vitest";
import { meta } from "../../controls/s3-object-carries-its-class/meta.ts";
import { eventsOf } from "../../shared/signals/control-events.ts";
import { parseSignals } from "../../shared/signals/parse-signals.ts";
import { objectRecord } from "../support/events.ts";

/** Which object, and whose, a record of CloudTrail's data events is about. */

const OWN = "111122223333";
const OTHER = "444455556666";
const KEY = "list.txt";

function heard(change: object): string {
  const record = { ...objectRecord("orders", KEY, { name: "CopyObject" }), ...change };
  const [parsed] = parseSignals(record, eventsOf(meta));
  return parsed?.kind === "signal" ? `${parsed.signal.resource.account} ${parsed.signal.resource.name}` : "nothing";
}

const bucket = (name: string, accountId: string) => ({
  type: "AWS::S3::Bucket",
  ARN: `arn:aws:s3:::${name}`,
  accountId,
});
const object = (name: string, accountId?: string) => ({
  type: "AWS::S3::Object",
  ARN: `arn:aws:s3:::${name}`,
  ...(accountId && { accountId }),
});

describe("an object's account is", () => {
  it.each<readonly [string, object, string]>([
    ["its bucket's owner", {}, `${OWN} orders/${KEY}`],
    [
      "its bucket's owner's, whatever else a copy's record lists before it",
      {
        resources: [object("source/a.txt"), bucket("source", OTHER), object(`orders/${KEY}`), bucket("orders", OWN)],
      },
      `${OWN} orders/${KEY}`,
    ],
    [
      "its bucket's owner's, where the record is the caller's",
      { recipientAccountId: OTHER, resources: [object(`orders/${KEY}`), bucket("orders", OWN)] },
      `${OWN} orders/${KEY}`,
    ],
    ["the one whose record it is, where no owner is listed", { resources: [] }, `${OWN} orders/${KEY}`],
    [
      "the one whose record it is, where only another bucket's owner is listed",
      { resources: [bucket("source", OTHER)] },
      `${OWN} orders/${KEY}`,
    ],
    ["nobody's, where two are told", { resources: [object(`orders/${KEY}`, OTHER), bucket("orders", OWN)] }, "nothing"],
    [
      "told by what is listed, where the request is left out",
      { requestParameters: null, resources: [object(`orders/${KEY}`), bucket("orders", OWN)] },
      `${OWN} orders/${KEY}`,
    ],
  ])("%s", (_, change, told) => {
    expect(heard(change)).toBe(told);
  });
});
