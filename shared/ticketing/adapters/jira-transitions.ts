import { asList, asObject, asText } from "../../signals/shapes.ts";
import { DeliveryError } from "../tracker.ts";

/** Key of a status category: what is to do, in progress, done. */
export type Category = "new" | "indeterminate" | "done";

export interface Wanted {
  /** The better first. */
  readonly categories: readonly Category[];
  /** The name of a status, instead of any of a category. */
  readonly status: string | undefined;
  /** What the transition's screen may be given. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The setting that such fields stand in. */
  readonly fieldsSetting: string;
}

interface Transition {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly category: string;
  /** Those of its screen. */
  readonly fields: readonly { readonly id: string; readonly name: string; readonly isAsked: boolean }[];
}

/**
 * The transition that leads where it should, with those of the fields that its screen has. Pure.
 *
 * @param answer of GET /rest/api/3/issue/{id}/transitions?expand=transitions.fields
 * @throws DeliveryError `never`: there is none, or it asks for fields that the route has no values for
 */
export function chooseTransition(
  answer: unknown,
  wanted: Wanted,
  what: string,
): { readonly id: string; readonly fields: Readonly<Record<string, unknown>> } {
  const all = asList(asObject(answer)?.transitions).flatMap(transitionOf);
  const fitting = all.filter((each) => rank(each, wanted) >= 0).sort((a, b) => rank(a, wanted) - rank(b, wanted));
  const lacking = ({ fields }: Transition) => fields.filter(({ id, isAsked }) => isAsked && !(id in wanted.fields));
  const chosen = fitting.find((each) => lacking(each).length === 0);
  if (chosen !== undefined) {
    const given = chosen.fields.filter(({ id }) => id in wanted.fields).map(({ id }) => [id, wanted.fields[id]]);
    return { id: chosen.id, fields: Object.fromEntries(given) };
  }
  const [first] = fitting;
  if (first !== undefined) {
    const asked = lacking(first).map(({ id, name }) => `${name} (${id})`);
    throw new DeliveryError(
      "never",
      `${what}: the transition "${first.name}" asks for ${asked.join(", ")}: give it in the route's ${wanted.fieldsSetting}`,
    );
  }
  const goal = wanted.status === undefined ? `category ${wanted.categories.join(" or ")}` : `"${wanted.status}"`;
  const there = all.map(({ name, status }) => `"${name}" to "${status}"`);
  throw new DeliveryError(
    "never",
    `${what}: no transition leads to a status of ${goal}; the workflow and the account's rights have ${there.join(", ") || "none at all"}`,
  );
}

/** Below zero where it leads elsewhere. */
function rank({ status, category }: Transition, wanted: Wanted): number {
  if (wanted.status !== undefined) return status.toLowerCase() === wanted.status.toLowerCase() ? 0 : -1;
  return wanted.categories.indexOf(category as Category);
}

function transitionOf(value: unknown): readonly Transition[] {
  const { id, name, to, fields, isAvailable } = asObject(value) ?? {};
  const status = asObject(to);
  const category = asText(asObject(status?.statusCategory)?.key);
  if (asText(id) === undefined || category === undefined || isAvailable === false) return [];
  return [
    {
      id: String(id),
      name: asText(name) ?? String(id),
      status: asText(status?.name) ?? "",
      category,
      fields: Object.entries(asObject(fields) ?? {}).map(([field, of]) => {
        const { required, hasDefaultValue, name: shown } = asObject(of) ?? {};
        return { id: field, name: asText(shown) ?? field, isAsked: required === true && hasDefaultValue !== true };
      }),
    },
  ];
}
