import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { sortAwsError, unavailable } from "../aws/aws-errors.ts";
import type { AwsClients } from "../aws/clients.ts";
import { asObject, type Json, parseJson } from "../signals/shapes.ts";
import type { TrailLookup } from "./trail-lookup.ts";

/** CloudTrail's history by the AWS SDK: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html */
export function trailLookupOnAws(clients: AwsClients): TrailLookup {
  return {
    async page(place, { keyId, fromMs, toMs, token }) {
      // Who asks again at once is throttled again: the caller waits.
      const client = await clients.in(place, CloudTrailClient, { maxAttempts: 1 });
      const input = {
        LookupAttributes: [{ AttributeKey: "AccessKeyId" as const, AttributeValue: keyId }],
        StartTime: new Date(fromMs),
        EndTime: new Date(toMs),
        ...(token !== undefined && { NextToken: token }),
      };
      try {
        const { Events = [], NextToken } = await client.send(new LookupEventsCommand(input));
        const records = Events.flatMap(({ CloudTrailEvent = "" }): readonly Json[] => {
          const parsed = parseJson(CloudTrailEvent);
          const record = parsed.ok ? asObject(parsed.value) : undefined;
          return record === undefined ? [] : [record];
        });
        return { kind: "page", records, ...(NextToken !== undefined && { token: NextToken }) };
      } catch (error) {
        const { kind, code } = sortAwsError(error);
        if (/^(Throttl|TooManyRequests|RequestLimitExceeded)/.test(code)) return { kind: "throttled" };
        if (kind === "unavailable") throw unavailable("LookupEvents", error);
        return { kind: "unreadable", reason: `LookupEvents is refused: ${code}` };
      }
    },
  };
}
