import { ServiceError } from "../errors.ts";
import { failure, type Service, type WireResponse } from "../operation.ts";
import { escapeXml } from "../s3/wire.ts";
import { bindControlHandler, type ControlService } from "./control-service.ts";
import { type Input, isRecord } from "./input.ts";

/** A control plane that speaks AWS Query: a form in, XML out. Lists are read (`Tags.member.1.Key`), maps as parameters are not. */
export function createQueryService(service: ControlService, namespace: string): Service {
  return {
    name: service.name,
    throttled: failure("Throttling", "Rate exceeded", 400),
    broken: failure("ServiceFailure", "The request processing has failed because of an unknown error.", 500),
    unknownKey: failure("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
    fail: ({ code, message, status, headers }, requestId) =>
      answer(
        status,
        `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
        headers,
      ),
    parse(request) {
      const {
        Action: name = "",
        Version: _,
        ...parameters
      } = Object.fromEntries(new URLSearchParams(request.body.toString("utf8")));
      const input = readLists(parameters);
      const handler = Object.hasOwn(service.handlers, name) ? service.handlers[name] : undefined;
      if (!handler) {
        throw new ServiceError("InvalidAction", `The sandbox does not implement ${service.name} ${name}`, 400);
      }
      return bindControlHandler(service, name, handler, input, (output, { requestId }) => {
        const result = `<${name}Result>${writeMembers(output)}</${name}Result>`;
        const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
        return answer(200, `<${name}Response xmlns="${namespace}">${result}${metadata}</${name}Response>`, {});
      });
    },
  };
}

/** `Tags.member.1.Key` and `Names.member.1` as lists of records and of texts, in the order of their numbers. */
function readLists(parameters: Readonly<Record<string, string>>): Input {
  const input: Input = {};
  const lists = new Map<string, Map<number, unknown>>();
  for (const [name, value] of Object.entries(parameters)) {
    const [, list, number, member] = /^(\w+)\.member\.(\d+)(?:\.(\w+))?$/.exec(name) ?? [];
    if (list === undefined) {
      input[name] = value;
      continue;
    }
    const elements = lists.get(list) ?? new Map<number, unknown>();
    lists.set(list, elements);
    const element = elements.get(Number(number));
    elements.set(Number(number), member === undefined ? value : { ...(isRecord(element) && element), [member]: value });
  }
  for (const [list, elements] of lists) {
    input[list] = [...elements].sort(([a], [b]) => a - b).map(([, element]) => element);
  }
  return input;
}

function writeMembers(record: Record<string, unknown>): string {
  return Object.entries(record)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}>${writeValue(value)}</${name}>`)
    .join("");
}

function writeValue(value: unknown): string {
  if (value instanceof Map) {
    const entries = [...value].map(([key, each]) => writeMembers({ entry: { key, value: each } }));
    return entries.join("");
  }
  if (Array.isArray(value)) return value.map((element) => `<member>${writeValue(element)}</member>`).join("");
  return isRecord(value) ? writeMembers(value) : escapeXml(String(value));
}

function answer(status: number, body: string, headers: Record<string, string>): WireResponse {
  return { status, headers: { "content-type": "text/xml", ...headers }, body };
}
