import { catalogue } from "../controls/catalogue.ts";
import type { ExpectedRule } from "../shared/resources/account-coverage.ts";
import { forwarder } from "./forwarder.ts";
import type { Json } from "./json.ts";

/** The rules a forwarding stack consists of, by the names they have for a cell of this name: the guard's expectation, from the template's own source. Pure. */
export function forwardingRules(name: string): readonly ExpectedRule[] {
  const { Resources } = forwarder(catalogue).body as { readonly Resources: Readonly<Record<string, Json>> };
  return Object.values(Resources)
    .filter(({ Type }) => Type === "AWS::Events::Rule")
    .map(({ Properties }) => {
      const rule = named(Properties, name) as Json;
      const { State, EventPattern, ScheduleExpression } = rule;
      return { name: String(rule.Name), properties: { State, EventPattern, ScheduleExpression } };
    });
}

/** `Fn::Sub` over the template's parameter `Name` alone; whatever else is in the template is none of a rule's own. */
function named(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((each) => named(each, name));
  if (typeof value !== "object" || value === null) return value;
  const { "Fn::Sub": text } = value as Json;
  if (typeof text === "string") return text.replaceAll("${Name}", name);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, named(each, name)]));
}
