import { isPrivateHost } from "../../ticketing/http.ts";
import { type AdapterDefinition, SECRETS, type Setting, type SettingForm } from "../../ticketing/tracker.ts";
import type { Adapters } from "./compile-tickets.ts";
import { didYouMean, type Problem, unknownName } from "./problems.ts";
import type { RouteDocument } from "./schema-tickets.ts";

/** The role of deliver-tickets reads no others (deploy/roles.ts). */
const OWN_SECRET = new RegExp(
  `^(ssm:/|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\\d{12}:secret:)?${SECRETS}[\\w/+=.@-]+$`,
);

/**
 * What a route has that its adapter does not take, or lacks that it needs. Pure.
 *
 * @param places where the route lies; undefined while that is in doubt
 */
export function checkAdapter(
  route: RouteDocument,
  places: readonly string[] | undefined,
  path: Problem["path"],
  adapters: Adapters,
): Problem[] {
  const definition = adapters[route.adapter];
  if (definition === undefined) {
    const message = unknownName("adapter", route.adapter, Object.keys(adapters));
    return [...checkUrl(route.url, [...path, "url"]), { path: [...path, "adapter"], message }];
  }
  const problems = [
    ...checkUrlUse(route, definition, path),
    ...checkSecret(route, definition, path),
    ...checkSettings(route.settings ?? {}, definition, [...path, "settings"]),
  ];
  return problems.length > 0 || places === undefined ? problems : checkRoute(route, places, definition, path);
}

function checkRoute(
  { id, adapter, url, secret, settings = {} }: RouteDocument,
  places: readonly string[],
  { check }: AdapterDefinition,
  path: Problem["path"],
): Problem[] {
  const given = { ...(url !== undefined && { url }), ...(secret !== undefined && { secret }) };
  return (check?.({ id, adapter, ...given, settings, places }) ?? []).map(({ at, message }) => {
    const within = at === undefined ? [] : at === "url" || at === "secret" ? [at] : ["settings", at];
    return { path: [...path, ...within], message, restsOn: ["jurisdictions"] };
  });
}

function checkUrlUse(
  { url }: RouteDocument,
  { name, url: { use, meaning } }: AdapterDefinition,
  path: Problem["path"],
) {
  const at = [...path, "url"];
  if (url === undefined)
    return use === "required"
      ? [{ path, message: `the adapter ${name} needs a url: found nothing, expected ${meaning}` }]
      : [];
  if (use === "none") return [{ path: at, isKey: true, message: `the adapter ${name} takes no url; expected none` }];
  return checkUrl(url, at);
}

/** Not quoted where there is something like a password in it: mistakes are printed, and kept in logs. */
function checkUrl(url: string | undefined, path: Problem["path"]): Problem[] {
  if (url === undefined) return [];
  const told = (message: string) => [{ path, message }];
  if (!URL.canParse(url)) return told("found no URL, expected an address such as https://tracker.example.com");
  const { protocol, username, password, host, hostname, hash } = new URL(url);
  if (username !== "" || password !== "")
    return told(`found credentials in the address of ${host}; expected them in the secret, and none here`);
  if (protocol !== "https:") return told(`found ${protocol}//${host}, expected https`);
  if (isPrivateHost(hostname)) return told(`found ${host}, which is not on the internet; expected a public address`);
  return hash === ""
    ? []
    : told(`found a fragment (#...) in the address of ${host}; expected none, for none is ever sent`);
}

function checkSecret({ secret }: RouteDocument, { name, secret: members }: AdapterDefinition, path: Problem["path"]) {
  const needed = Object.entries(members).map(([member, meaning]) => `${member} (${meaning})`);
  if (secret === undefined && needed.length > 0)
    return [
      {
        path,
        message: `the adapter ${name} needs a secret: found nothing, expected where a JSON object is kept with ${needed.join(", ")}`,
      },
    ];
  if (secret !== undefined && needed.length === 0)
    return [{ path: [...path, "secret"], isKey: true, message: `the adapter ${name} takes no secret; expected none` }];
  if (secret !== undefined && !OWN_SECRET.test(secret)) {
    const message = `found "${secret.slice(0, 80)}", which Cordon may not read; expected a name that begins with ${SECRETS}, or ssm:/${SECRETS} for a parameter`;
    return [{ path: [...path, "secret"], message }];
  }
  return [];
}

function checkSettings(
  settings: Readonly<Record<string, Setting>>,
  { name, settings: forms }: AdapterDefinition,
  path: Problem["path"],
): Problem[] {
  const known = Object.keys(forms);
  const missing = Object.entries(forms).filter(([key, { isRequired }]) => isRequired && !Object.hasOwn(settings, key));
  return [
    ...Object.entries(settings).flatMap(([key, value]): Problem[] => {
      const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
      if (form !== undefined) return checkSetting(value, form, [...path, key]);
      const expected = didYouMean(key, known) || `, expected ${known.length === 0 ? "none" : known.join(", ")}`;
      return [
        { path: [...path, key], isKey: true, message: `unknown setting "${key}" of the adapter ${name}${expected}` },
      ];
    }),
    ...missing.map(([key, { type, meaning }]) => ({
      path,
      message: `the adapter ${name} needs the setting ${key}: found nothing, expected ${WORDS[type]}: ${meaning}`,
    })),
  ];
}

const WORDS: Readonly<Record<SettingForm["type"], string>> = {
  text: "a text",
  list: "a list of texts",
  map: "a mapping of texts",
};

function checkSetting(
  value: Setting,
  { type, oneOf, meaning, isRequired }: SettingForm,
  path: Problem["path"],
): Problem[] {
  const found = typeof value === "string" ? "text" : Array.isArray(value) ? "list" : "map";
  if (found !== type) return [{ path, message: `found ${WORDS[found]}, expected ${WORDS[type]}: ${meaning}` }];
  const isEmpty = typeof value === "string" ? value.trim() === "" : Object.keys(value).length === 0;
  if (isEmpty && isRequired) return [{ path, message: `found nothing in it, expected ${WORDS[type]}: ${meaning}` }];
  if (oneOf === undefined || typeof value !== "string" || oneOf.includes(value)) return [];
  const expected = oneOf.map((each) => `"${each}"`).join(" or ");
  return [{ path, message: `found "${value.slice(0, 80)}", expected ${expected}${didYouMean(value, oneOf)}` }];
}
